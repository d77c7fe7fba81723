import { timestampDate } from "@bufbuild/protobuf/wkt";
import {
  AllowanceAnchor,
  MembershipChange,
  MembershipCycle,
  MembershipStatus,
} from "@stipend/proto/events/membership/v1/events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { endMembership } from "../src/usecases/end-membership.ts";
import { readOwnMembership } from "../src/usecases/read-membership.ts";
import { cancelMembership, resumeMembership } from "../src/usecases/self-service.ts";
import { adminAsker, at, audits, changes, openRig, outbox, put, type Rig } from "./support.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await openRig();
});
afterAll(() => rig.close());

const NOW = at("2026-01-31T10:00:00.123Z");
const byMember = (userId: string) => ({ user: { userId }, asker: { actor: userId }, reason: "by the member" });

describe("a change of membership", () => {
  it("starts one: rows, history, event and audit event of one transaction", async () => {
    const answer = await put(rig, { userId: "alice", now: NOW });
    expect(answer).toMatchObject({
      ok: true,
      changed: true,
      view: {
        userId: "alice",
        tier: "pro",
        status: "active",
        cycle: "monthly",
        startedAt: "2026-01-31T10:00:00.123Z",
        currentPeriodStart: "2026-01-31T10:00:00.123Z",
        currentPeriodEnd: "2026-02-28T10:00:00.123Z",
        expiresAt: null,
        cancelAtPeriodEnd: false,
        pendingTier: null,
        monthlyCredits: 250,
        version: 1,
      },
    });
    const [event] = await changes(rig, "alice");
    expect(event).toMatchObject({
      userId: "alice",
      version: 1n,
      change: MembershipChange.STARTED,
      actor: "root",
      reason: "paid by invoice",
      membership: {
        status: MembershipStatus.ACTIVE,
        cycle: MembershipCycle.MONTHLY,
        cancelAtPeriodEnd: false,
        terms: { tier: "pro", monthlyCredits: 250n, anchor: AllowanceAnchor.CALENDAR, rank: 20 },
      },
    });
    expect(event?.membership?.pendingTerms).toBeUndefined();
    expect(event?.membership?.expiresAt).toBeUndefined();
    const end = event?.membership?.currentPeriodEnd;
    expect(end === undefined ? undefined : timestampDate(end)).toEqual(at("2026-02-28T10:00:00.123Z"));
    const [audit] = await audits(rig, "alice");
    expect(audit).toMatchObject({
      service: "membership",
      actor: "root",
      roles: ["admin", "user"],
      action: "membership.set",
      target: "alice",
      outcome: "succeeded",
      reason: "paid by invoice",
      ip: "203.0.113.7",
      userAgent: 'curl/8 "quoted" — ünïcode',
      requestId: "req-1",
      traceId: "0af7651916cd43dd8448eb211c80319c",
    });
    expect(JSON.parse(audit?.before ?? "")).toMatchObject({ tier: null, version: 0 });
    expect(JSON.parse(audit?.after ?? "")).toMatchObject({ tier: "pro", version: 1 });
    expect(await outbox(rig, "alice")).toHaveLength(2);
    const history = await rig.owner.query("SELECT * FROM membership_history WHERE user_id = 'alice'");
    expect(history).toMatchObject([{ version: 1, change_kind: "started", actor: "root" }]);
  });

  it("asked for twice changes nothing the second time, but leaves a second audit row", async () => {
    await put(rig, { userId: "twice", now: NOW });
    const again = await put(rig, { userId: "twice", now: at("2026-02-03T00:00:00Z") });
    expect(again).toMatchObject({ ok: true, changed: false, view: { version: 1, startedAt: NOW.toISOString() } });
    expect(await changes(rig, "twice")).toHaveLength(1);
    expect(await audits(rig, "twice")).toHaveLength(2);
  });

  it("with an idempotency key answers the first answer again, and refuses the key for something else", async () => {
    const request = { operation: "membership.set", key: "order-17", hash: "a".repeat(64) };
    const first = await put(rig, { userId: "keyed", now: NOW, request });
    await put(rig, { userId: "keyed", tier: "premium", now: NOW });
    const copy = await put(rig, { userId: "keyed", now: NOW, request, ifMatch: 0 });
    expect(copy).toMatchObject({ ok: true, replayed: true });
    expect(copy.ok && first.ok ? copy.view : undefined).toEqual(first.ok ? first.view : "refused");
    const other = await put(rig, { userId: "keyed", now: NOW, request: { ...request, hash: "b".repeat(64) } });
    expect(other).toMatchObject({ ok: false, code: "idempotency_key_reused" });
    expect(await changes(rig, "keyed")).toHaveLength(2);
  });

  it("upgrades at once and downgrades when the period ends", async () => {
    await put(rig, { userId: "mover", now: NOW });
    const up = await put(rig, { userId: "mover", tier: "premium", now: at("2026-02-10T00:00:00Z") });
    expect(up).toMatchObject({ ok: true, view: { tier: "premium", monthlyCredits: 600, version: 2 } });
    const down = await put(rig, { userId: "mover", tier: "lite", now: at("2026-02-11T00:00:00Z") });
    expect(down).toMatchObject({ ok: true, view: { tier: "premium", pendingTier: "lite", version: 3 } });
    const later = await readOwnMembership(rig.deps, "mover", at("2026-03-01T00:00:00Z"));
    expect(later).toMatchObject({
      tier: "lite",
      pendingTier: null,
      version: 4,
      currentPeriodEnd: "2026-03-31T10:00:00.123Z",
    });
    expect((await changes(rig, "mover")).map((event) => event.change)).toEqual([
      MembershipChange.STARTED,
      MembershipChange.UPGRADED,
      MembershipChange.DOWNGRADE_SCHEDULED,
      MembershipChange.DOWNGRADED,
    ]);
    const pending = (await changes(rig, "mover"))[2]?.membership?.pendingTerms;
    expect(pending).toMatchObject({ tier: "lite", monthlyCredits: 100n, rank: 10 });
  });

  it("cancels at the period's end, is resumed, and cancelled again ends there", async () => {
    await put(rig, { userId: "leaver", now: NOW });
    const now = at("2026-02-01T00:00:00Z");
    expect(await cancelMembership(rig.deps, { ...byMember("leaver"), now })).toMatchObject({
      view: { status: "active", cancelAtPeriodEnd: true, version: 2 },
    });
    expect(await cancelMembership(rig.deps, { ...byMember("leaver"), now })).toMatchObject({ changed: false });
    expect(await resumeMembership(rig.deps, { ...byMember("leaver"), now })).toMatchObject({
      view: { cancelAtPeriodEnd: false, version: 3 },
    });
    expect(await resumeMembership(rig.deps, { ...byMember("leaver"), now })).toMatchObject({ changed: false });
    await cancelMembership(rig.deps, { ...byMember("leaver"), now });
    const late = at("2026-06-01T00:00:00Z");
    const gone = await readOwnMembership(rig.deps, "leaver", late);
    expect(gone).toMatchObject({
      tier: null,
      status: "cancelled",
      lastTier: "pro",
      endedAt: "2026-02-28T10:00:00.123Z",
      version: 5,
    });
    expect(await resumeMembership(rig.deps, { ...byMember("leaver"), now: late })).toMatchObject({
      ok: false,
      code: "transition_not_allowed",
      details: { state: "cancelled", allowed: ["set"] },
    });
    const kinds = (await changes(rig, "leaver")).map((event) => event.change);
    expect(kinds.at(-1)).toBe(MembershipChange.CANCELLED);
  });

  it("ends at once, and joining again starts a new membership while the old one stays", async () => {
    await put(rig, { userId: "back", now: NOW });
    const now = at("2026-02-05T09:00:00Z");
    const ended = await endMembership(rig.deps, { userId: "back", reason: "charge back", asker: adminAsker(), now });
    expect(ended).toMatchObject({
      ok: true,
      view: { tier: null, status: "ended", endedAt: now.toISOString(), version: 2 },
    });
    const again = await put(rig, { userId: "back", tier: "lite", cycle: "yearly", now: at("2026-02-06T00:00:00Z") });
    expect(again).toMatchObject({ view: { tier: "lite", version: 3, currentPeriodEnd: "2027-02-06T00:00:00.000Z" } });
    const rows = await rig.owner.query(
      "SELECT status, is_current, version FROM memberships WHERE user_id = 'back' ORDER BY started_at",
    );
    expect(rows).toEqual([
      { status: "ended", is_current: null, version: 2 },
      { status: "active", is_current: 1, version: 3 },
    ]);
    expect((await audits(rig, "back")).map((audit) => audit.action)).toEqual([
      "membership.set",
      "membership.end",
      "membership.set",
    ]);
  });

  it("refuses what makes no sense and leaves nothing behind", async () => {
    const unknown = await put(rig, { userId: "nobody", tier: "gold", now: NOW });
    expect(unknown).toMatchObject({ ok: false, code: "unknown_tier", details: { tiers: ["lite", "pro", "premium"] } });
    const past = await put(rig, { userId: "nobody", expiresAt: NOW, now: NOW });
    expect(past).toMatchObject({ ok: false, code: "end_date_in_past" });
    expect(await rig.deps.store.findMember("nobody")).toBeUndefined();
    const end = await endMembership(rig.deps, { userId: "nobody", reason: "x", asker: adminAsker(), now: NOW });
    expect(end).toMatchObject({
      ok: false,
      code: "transition_not_allowed",
      details: { state: "none", allowed: ["set"] },
    });
    expect(await outbox(rig, "nobody")).toEqual([]);
  });

  it("sets, moves and removes an agreed end", async () => {
    const expiresAt = at("2026-03-02T00:00:00Z");
    await put(rig, { userId: "fixed", expiresAt, now: NOW });
    const kept = await put(rig, { userId: "fixed", tier: "premium", now: NOW });
    expect(kept).toMatchObject({ view: { expiresAt: expiresAt.toISOString(), tier: "premium" } });
    const free = await put(rig, { userId: "fixed", tier: "premium", expiresAt: null, now: NOW });
    expect(free).toMatchObject({ view: { expiresAt: null, version: 3 } });
    await put(rig, { userId: "fixed", tier: "premium", expiresAt, now: NOW });
    const gone = await readOwnMembership(rig.deps, "fixed", at("2026-03-02T00:00:00.001Z"));
    expect(gone).toMatchObject({ status: "expired", endedAt: expiresAt.toISOString(), version: 6 });
    const kinds = (await changes(rig, "fixed")).map((event) => event.change);
    expect(kinds.slice(-3)).toEqual([MembershipChange.EXTENDED, MembershipChange.RENEWED, MembershipChange.EXPIRED]);
  });

  it("keeps the terms of a member when the tier is edited, until today's are asked for", async () => {
    await put(rig, { userId: "old-terms", tier: "lite", now: NOW });
    const later = { userId: "old-terms", tier: "lite", cycle: "yearly", now: NOW } as const;
    expect(await put(rig, { ...later, terms: "latest" })).toMatchObject({ view: { cycle: "yearly", version: 2 } });
    expect(await put(rig, { ...later, terms: "latest" })).toMatchObject({ changed: false });
  });
});
