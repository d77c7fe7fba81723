import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BroughtMember, bringMembers } from "../src/usecases/bring-members.ts";
import { listUsers } from "../src/usecases/list-users.ts";
import type { MembershipStore } from "../src/usecases/ports.ts";
import { readOwnMembership } from "../src/usecases/read-membership.ts";
import { cancelMembership } from "../src/usecases/self-service.ts";
import { adminAsker, at, audits, changes, openRig, outbox, put, type Rig } from "./support.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await openRig({ timeZone: "Europe/Berlin", poolSize: 12 });
});
afterAll(() => rig.close());

const NOW = at("2026-03-20T10:00:00Z");
const hashes = new Map<string, string>();

function hashOf(value: unknown): string {
  const text = JSON.stringify(value);
  const known = hashes.get(text) ?? String(hashes.size).padStart(64, "0");
  hashes.set(text, known);
  return known;
}

function item(userId: string, membership?: BroughtMember["membership"], more: object = {}): BroughtMember {
  return {
    user: { userId, ...more },
    ...(membership === undefined ? {} : { membership }),
    request: { operation: "users.batch", key: "import:move-in", hash: hashOf([userId, membership, more]) },
    asker: adminAsker(),
  };
}

const bring = (members: readonly BroughtMember[], more: { dryRun?: boolean; now?: Date } = {}, deps = rig.deps) =>
  bringMembers(deps, { members, reason: "moved in", now: NOW, dryRun: false, ...more });

const PRO = { tier: "pro", cycle: "monthly" } as const;

describe("members who come from another system", () => {
  it("keep their join day: the period that holds now is counted from it", async () => {
    const answers = await bring([
      item("jan-31", { ...PRO, startedAt: at("2026-01-30T23:00:00Z") }, { email: "jan@x.example", name: "Jan Uary" }),
      item("yearly", { tier: "premium", cycle: "yearly", startedAt: at("2024-06-15T08:00:00Z") }),
      item("fixed", { ...PRO, startedAt: at("2025-01-01T00:00:00Z"), expiresAt: at("2026-03-22T00:00:00Z") }),
      item("fresh", PRO),
    ]);
    expect(answers.map((answer) => "ok" in answer && answer.ok && answer.changed)).toEqual([true, true, true, true]);
    expect(await readOwnMembership(rig.deps, "jan-31", NOW)).toMatchObject({
      startedAt: "2026-01-30T23:00:00.000Z",
      currentPeriodStart: "2026-02-27T23:00:00.000Z",
      // 31 March is summer time in Berlin.
      currentPeriodEnd: "2026-03-30T22:00:00.000Z",
      version: 1,
    });
    expect(await readOwnMembership(rig.deps, "yearly", NOW)).toMatchObject({
      currentPeriodStart: "2025-06-15T08:00:00.000Z",
      currentPeriodEnd: "2026-06-15T08:00:00.000Z",
    });
    expect(await readOwnMembership(rig.deps, "fixed", at("2026-03-22T00:00:00Z"))).toMatchObject({ status: "expired" });
    expect(await readOwnMembership(rig.deps, "fresh", NOW)).toMatchObject({ startedAt: NOW.toISOString() });
    expect(await changes(rig, "jan-31")).toHaveLength(1);
    expect(await audits(rig, "jan-31")).toMatchObject([
      { action: "membership.set", reason: "moved in", actor: "root" },
    ]);
    const found = await listUsers(rig.deps, { query: "uary", limit: 10 });
    expect(found.users.map((user) => [user.userId, user.email])).toEqual([["jan-31", "jan@x.example"]]);
  });

  it("somebody without a membership is named, once", async () => {
    const person = item("guest", undefined, { name: "Gu Est" });
    expect(await bring([person])).toMatchObject([{ ok: true, changed: false, view: { status: "none", version: 0 } }]);
    expect(await bring([person])).toMatchObject([{ ok: true, replayed: true }]);
    expect(await audits(rig, "guest")).toMatchObject([{ action: "user.set" }]);
    expect(await changes(rig, "guest")).toEqual([]);
  });

  it("the same again changes nothing, whatever became of them since; other values are refused", async () => {
    const mover = item("mover", { ...PRO, startedAt: at("2025-12-05T00:00:00Z") });
    await bring([mover]);
    await put(rig, { userId: "mover", tier: "premium", now: NOW });
    const before = await outbox(rig, "mover");
    expect(await bring([mover])).toMatchObject([{ ok: true, replayed: true, changed: false, view: { tier: "pro" } }]);
    expect(await outbox(rig, "mover")).toEqual(before);
    expect(await readOwnMembership(rig.deps, "mover", NOW)).toMatchObject({ tier: "premium", version: 2 });
    const other = item("mover", { tier: "lite", cycle: "monthly" });
    expect(await bring([other])).toMatchObject([{ ok: false, code: "idempotency_key_reused" }]);
  });

  it("one that is refused fails no other", async () => {
    await put(rig, { userId: "there", now: NOW });
    const answers = await bring([
      item("ok-1", PRO),
      item("gold", { tier: "gold", cycle: "monthly" }),
      item("past", { ...PRO, expiresAt: NOW }),
      item("early", { ...PRO, startedAt: at("2026-03-20T10:00:00.001Z") }),
      item("there", { ...PRO, startedAt: at("2026-01-01T00:00:00Z") }),
      item("ok-2", PRO),
    ]);
    expect(answers.map((answer) => ("ok" in answer ? (answer.ok ? "ok" : answer.code) : "failed"))).toEqual([
      "ok",
      "unknown_tier",
      "end_date_in_past",
      "start_date_in_future",
      "membership_exists",
      "ok",
    ]);
    for (const userId of ["gold", "past", "early"]) expect(await rig.deps.store.findMember(userId)).toBeUndefined();
    expect(await changes(rig, "there")).toHaveLength(1);
    expect(await changes(rig, "ok-2")).toHaveLength(1);
  });

  it("who left has a past already: no join day, but a new membership from now on", async () => {
    await put(rig, { userId: "left", now: at("2026-01-01T00:00:00Z") });
    await cancelMembership(rig.deps, {
      user: { userId: "left" },
      asker: { actor: "left" },
      reason: "x",
      now: at("2026-01-02T00:00:00Z"),
    });
    const back = { ...PRO, startedAt: at("2026-01-01T00:00:00Z") };
    expect(await bring([item("left", back)])).toMatchObject([{ ok: false, code: "membership_exists" }]);
    const answer = await bring([item("left", PRO)]);
    expect(answer).toMatchObject([{ ok: true, changed: true, view: { startedAt: NOW.toISOString(), version: 4 } }]);
  });

  it("a dry run answers the same and keeps nothing, not even the user", async () => {
    const items = [item("dry", PRO), item("dry-2", { tier: "gold", cycle: "monthly" }), item("mover-2", undefined)];
    expect(await bring(items, { dryRun: true })).toMatchObject([
      { ok: true, changed: true, view: { tier: "pro", version: 1 } },
      { ok: false, code: "unknown_tier" },
      { ok: true, changed: false },
    ]);
    for (const { user } of items) expect(await rig.deps.store.findMember(user.userId)).toBeUndefined();
    // One who is due is judged as of now, and not renewed by being looked at.
    await put(rig, { userId: "dry-due", now: at("2026-01-01T00:00:00Z") });
    const up = item("dry-due", { tier: "premium", cycle: "monthly" });
    expect(await bring([up], { dryRun: true })).toMatchObject([{ ok: true, view: { tier: "premium", version: 3 } }]);
    expect(await changes(rig, "dry-due")).toHaveLength(1);
    expect(await bring([up])).toMatchObject([{ ok: true, view: { tier: "premium", version: 3 } }]);
  });

  it("copies of a batch at once, in any order, are one change each and never deadlock for good", async () => {
    const members = Array.from({ length: 40 }, (_, n) => item(`crowd-${n}`, PRO, { name: `Crowd ${n}` }));
    const answers = await Promise.all([bring(members), bring(members.toReversed()), bring(members.slice(10, 30))]);
    expect(answers.flat().filter((answer) => "ok" in answer && answer.ok && answer.changed)).toHaveLength(40);
    for (const { user } of members) expect(await changes(rig, user.userId)).toHaveLength(1);
  });

  it("one that the database refuses fails alone", async () => {
    const { store } = rig.deps;
    const picky: MembershipStore = {
      ...storeOf(store),
      transaction: (name, work) =>
        store.transaction(name, (tx) => {
          const apply = tx.apply.bind(tx);
          tx.apply = async (step, all, now) => {
            if (all.some(({ userId }) => userId === "poison-3")) throw new Error("a constraint says no");
            await apply(step, all, now);
          };
          return work(tx);
        }),
    };
    const members = Array.from({ length: 7 }, (_, n) => item(`poison-${n}`, PRO));
    const answers = await bring(members, {}, { ...rig.deps, store: picky });
    expect(answers.map((answer) => "ok" in answer && answer.ok)).toEqual([true, true, true, false, true, true, true]);
    expect(answers[3]).toMatchObject({ failure: { message: "a constraint says no" } });
    expect(await changes(rig, "poison-3")).toEqual([]);
    expect(await bring(members)).toMatchObject(members.map((_, n) => ({ ok: true, replayed: n !== 3 })));
  });
});

function storeOf(store: MembershipStore): MembershipStore {
  return {
    transaction: (name, work) => store.transaction(name, work),
    findMember: (userId) => store.findMember(userId),
    findUser: (userId) => store.findUser(userId),
    tiers: () => store.tiers(),
    listUsers: (query) => store.listUsers(query),
    checkUsers: (userIds) => store.checkUsers(userIds),
    history: (query) => store.history(query),
    revocationsAfter: (after, limit) => store.revocationsAfter(after, limit),
    revocationsBefore: (query) => store.revocationsBefore(query),
  };
}
