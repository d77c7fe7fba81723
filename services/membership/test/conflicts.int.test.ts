import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { testEngines } from "@stipend/testing/engines/test-engines";
import { type Connection, createConnection } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { endMembership } from "../src/usecases/end-membership.ts";
import type { MembershipStore } from "../src/usecases/ports.ts";
import { setTier } from "../src/usecases/set-tier.ts";
import { adminAsker, at, audits, changes, openRig, outbox, put, type Rig } from "./support.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await openRig({ poolSize: 20 });
});
afterAll(() => rig.close());

const NOW = at("2026-01-31T10:00:00Z");

describe("two admins at once", () => {
  it("who both saw the same version: one wins, the other is told the version of now", async () => {
    await put(rig, { userId: "fought", now: NOW });
    const answers = await Promise.all([
      put(rig, { userId: "fought", tier: "premium", now: NOW, ifMatch: 1 }),
      endMembership(rig.deps, { userId: "fought", reason: "x", asker: adminAsker("eve"), now: NOW, ifMatch: 1 }),
    ]);
    const [won, lost] = answers[0].ok ? answers : [answers[1], answers[0]];
    expect(won).toMatchObject({ ok: true, view: { version: 2 } });
    expect(lost).toMatchObject({ ok: false, code: "version_conflict", details: { currentVersion: 2 } });
    expect(await changes(rig, "fought")).toHaveLength(2);
    expect(await audits(rig, "fought")).toHaveLength(2);
  });

  it("20 copies of one PUT start one membership", async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => put(rig, { userId: "stormed", now: NOW })));
    expect(answers.filter((answer) => answer.ok && answer.changed)).toHaveLength(1);
    expect(new Set(answers.map((answer) => (answer.ok ? answer.view.membershipId : answer.code))).size).toBe(1);
    expect(await changes(rig, "stormed")).toHaveLength(1);
  });

  it("20 copies with one idempotency key are one change and one audit row", async () => {
    const request = { operation: "membership.set", key: "k", hash: "c".repeat(64) };
    const copies = Array.from({ length: 20 }, () => put(rig, { userId: "keyed-storm", now: NOW, request }));
    const answers = await Promise.all(copies);
    expect(answers.filter((answer) => answer.ok && answer.replayed)).toHaveLength(19);
    expect(await audits(rig, "keyed-storm")).toHaveLength(1);
  });

  it("an end that waited for the lock while the membership began ends it after its beginning", async () => {
    await put(rig, { userId: "overtaken", now: NOW });
    const asked = new Date(NOW.getTime() - 5);
    const answer = await endMembership(rig.deps, { userId: "overtaken", reason: "x", asker: adminAsker(), now: asked });
    const endedAt = "2026-01-31T10:00:00.001Z";
    expect(answer).toMatchObject({ ok: true, changed: true, view: { startedAt: NOW.toISOString(), endedAt } });
    const [, ended] = await changes(rig, "overtaken");
    expect(ended?.membership?.endedAt).toEqual(timestampFromDate(at(endedAt)));
    expect((await rig.deps.store.findMember("overtaken"))?.membership?.endedAt).toEqual(at(endedAt));
  });

  it("changes of many members cross each other without loss", async () => {
    const users = Array.from({ length: 10 }, (_, n) => `crowd-${n}`);
    const tiers = ["lite", "pro", "premium"];
    const rounds = Array.from({ length: 6 }, (_, round) =>
      users.map((userId) => put(rig, { userId, tier: tiers[round % 3] ?? "pro", now: NOW })),
    );
    await Promise.all(rounds.flat());
    for (const userId of users) {
      const versions = (await changes(rig, userId)).map((event) => Number(event.version));
      expect(versions).toEqual(versions.map((_, index) => index + 1));
      const member = await rig.deps.store.findMember(userId);
      expect(member?.version).toBe(versions.length);
    }
  });

  it("write the same tier: the second judges on what the first left, or is told", async () => {
    const write = (monthlyCredits: number, ifMatch?: number) =>
      setTier(rig.deps, {
        tier: { tier: "team", monthlyCredits },
        reason: "new offer",
        asker: {
          ...adminAsker(),
          admin: { id: crypto.randomUUID(), roles: [], ip: "", userAgent: "", requestId: "", traceId: "" },
        },
        now: NOW,
        ...(ifMatch === undefined ? {} : { ifMatch }),
      });
    const both = await Promise.all([write(1_000), write(2_000)]);
    expect(both.map((answer) => answer.ok)).toEqual([true, true]);
    expect(both.map((answer) => (answer.ok ? answer.tier.version : 0)).sort()).toEqual([1, 2]);
    expect(await write(3_000, 1)).toMatchObject({
      ok: false,
      code: "version_conflict",
      details: { currentVersion: 2 },
    });
    expect((await audits(rig, "team")).map((audit) => audit.action)).toEqual(["tier.set", "tier.set"]);
    expect(await put(rig, { userId: "teamed", tier: "team", now: NOW })).toMatchObject({
      ok: true,
      view: { tier: "team" },
    });
  });
});

describe("a change whose connection is killed right before its commit", () => {
  it("leaves nothing: no user, no membership, no history, no event, no audit row", async () => {
    const { mysqlAdminUrl } = testEngines();
    const admin = await createConnection(mysqlAdminUrl);
    const { store } = rig.deps;
    const killing: MembershipStore = {
      transaction: (name, work) =>
        store.transaction(name, async (tx) => {
          const result = await work(tx);
          await killWriters(admin, new URL(rig.schema.url).username);
          return result;
        }),
      findMember: (userId) => store.findMember(userId),
      findUser: (userId) => store.findUser(userId),
      tiers: () => store.tiers(),
      listUsers: (query) => store.listUsers(query),
      checkUsers: (userIds) => store.checkUsers(userIds),
      history: (query) => store.history(query),
      revocationsAfter: (after, limit) => store.revocationsAfter(after, limit),
      revocationsBefore: (query) => store.revocationsBefore(query),
    };
    const doomed = put({ ...rig, deps: { ...rig.deps, store: killing } }, { userId: "ghost", now: NOW });
    await expect(doomed).rejects.toMatchObject({
      code: expect.stringMatching(/^(database_unavailable|outcome_unknown)$/),
    });
    await admin.end();
    expect(await store.findUser("ghost")).toBeUndefined();
    expect(await outbox(rig, "ghost")).toEqual([]);
    expect(await rig.owner.query("SELECT * FROM membership_history WHERE user_id = 'ghost'")).toEqual([]);
    expect(await put(rig, { userId: "ghost", now: NOW })).toMatchObject({ ok: true, view: { version: 1 } });
  });
});

/** Ends the connections of this user that have written something and not committed. */
async function killWriters(admin: Connection, user: string): Promise<void> {
  const [rows] = await admin.query(
    `SELECT p.id FROM information_schema.processlist p
       JOIN information_schema.innodb_trx t ON t.trx_mysql_thread_id = p.id
      WHERE p.user = ? AND t.trx_rows_modified > 0`,
    [user],
  );
  const ids = (rows as { id: number }[]).map((row) => row.id);
  expect(ids).toHaveLength(1);
  for (const id of ids) await admin.query(`KILL ${id}`);
}

describe("the service's own MySQL user", () => {
  it("cannot touch a table, and nobody can rewrite history", async () => {
    await put(rig, { userId: "written", now: NOW });
    for (const sql of [
      "SELECT * FROM memberships",
      "UPDATE memberships SET tier = 'premium'",
      "DELETE FROM membership_history",
      "INSERT INTO users (user_id, first_seen_at) VALUES ('x', NOW())",
    ]) {
      await expect(rig.db.query(sql)).rejects.toThrow(/denied/);
    }
    await expect(rig.owner.query("UPDATE membership_history SET actor = 'x'")).rejects.toThrow(/append-only/);
    await expect(rig.owner.query("DELETE FROM membership_history")).rejects.toThrow(/append-only/);
  });
});

it("a new tier beside one at the very top has a rank that the contract knows", async () => {
  const write = (tier: string, rank?: number) =>
    setTier(rig.deps, {
      tier: { tier, monthlyCredits: 1, ...(rank === undefined ? {} : { rank }) },
      reason: "new offer",
      asker: {
        ...adminAsker(),
        admin: { id: crypto.randomUUID(), roles: [], ip: "", userAgent: "", requestId: "", traceId: "" },
      },
      now: NOW,
    });
  await write("top", 1_000_000);
  expect(await write("beside")).toMatchObject({ ok: true, tier: { rank: 1_000_000 } });
});
