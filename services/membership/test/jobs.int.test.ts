import { MembershipChange } from "@stipend/proto/events/membership/v1/events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PassedOver } from "../src/usecases/passed-over.ts";
import { cancelMembership } from "../src/usecases/self-service.ts";
import { remindBatch, settleDueBatch } from "../src/usecases/settle-due.ts";
import { at, changes, openRig, put, type Rig, reminders } from "./support.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await openRig({ poolSize: 12 });
});
afterAll(() => rig.close());

const JOIN = at("2026-01-31T10:00:00Z");
const ids = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, n) => `${prefix}-${String(n).padStart(3, "0")}`);

async function drain(run: () => Promise<number>): Promise<number> {
  let sum = 0;
  for (let count = await run(); count > 0; count = await run()) sum += count;
  return sum;
}

async function perUser(sql: string, prefix: string): Promise<Map<string, number>> {
  const rows = await rig.owner.query<{ user_id: string; n: number }>(sql, [`${prefix}-%`]);
  return new Map(rows.map((row) => [row.user_id, Number(row.n)]));
}

describe("renewals and ends", () => {
  it("many instances at once do everything once, in bounded batches", async () => {
    const users = ids("many", 60);
    for (const [n, userId] of users.entries()) {
      await put(rig, { userId, now: JOIN, ...(n % 3 === 0 ? { expiresAt: at("2026-03-02T00:00:00Z") } : {}) });
      if (n % 3 === 1)
        await cancelMembership(rig.deps, { user: { userId }, asker: { actor: userId }, reason: "x", now: JOIN });
    }
    const now = at("2026-05-10T00:00:00Z");
    const sums = await Promise.all(Array.from({ length: 6 }, () => drain(() => settleDueBatch(rig.deps, now, 7))));
    // Rows that another instance has locked are passed over, so one more round may be needed when all have gone home.
    sums.push(await drain(() => settleDueBatch(rig.deps, now, 7)));
    expect(sums.reduce((a, b) => a + b, 0)).toBe(60);
    const statuses = await rig.owner.query<{ status: string; n: number }>(
      "SELECT status, COUNT(*) AS n FROM memberships WHERE user_id LIKE 'many-%' GROUP BY status ORDER BY status",
    );
    expect(statuses.map((row) => [row.status, Number(row.n)])).toEqual([
      ["active", 20],
      ["cancelled", 20],
      ["expired", 20],
    ]);
    // Each: started; the cancelled ones cancel_scheduled and cancelled, the expired ones renewed and expired, the rest renewed.
    const perChange = await rig.owner.query<{ change_kind: string; n: number }>(
      "SELECT change_kind, COUNT(*) AS n FROM membership_history WHERE user_id LIKE 'many-%' GROUP BY change_kind ORDER BY change_kind",
    );
    expect(Object.fromEntries(perChange.map((row) => [row.change_kind, Number(row.n)]))).toEqual({
      started: 60,
      cancel_scheduled: 20,
      cancelled: 20,
      renewed: 40,
      expired: 20,
    });
    const events = await perUser(
      "SELECT subject AS user_id, COUNT(*) AS n FROM outbox WHERE topic = 'membership.v1' AND subject LIKE ? GROUP BY subject",
      "many",
    );
    const history = await perUser(
      "SELECT user_id, COUNT(*) AS n FROM membership_history WHERE user_id LIKE ? GROUP BY user_id",
      "many",
    );
    expect(events).toEqual(history);
  });

  it("is right after months of downtime: one renewal, ends at the agreed moments", async () => {
    await put(rig, { userId: "slept", now: JOIN });
    await put(rig, { userId: "slept-fixed", tier: "premium", expiresAt: at("2026-04-02T00:00:00Z"), now: JOIN });
    await put(rig, { userId: "slept-fixed", tier: "lite", now: at("2026-02-01T00:00:00Z") });
    await drain(() => settleDueBatch(rig.deps, at("2026-08-01T00:00:00Z"), 500));
    const [, renewed] = await changes(rig, "slept");
    expect(renewed).toMatchObject({ change: MembershipChange.RENEWED, actor: "system", version: 2n });
    expect(renewed?.membership?.currentPeriodEnd?.seconds).toBe(BigInt(at("2026-08-31T10:00:00Z").getTime() / 1000));
    const told = await changes(rig, "slept-fixed");
    expect(told.map((event) => event.change)).toEqual([
      MembershipChange.STARTED,
      MembershipChange.DOWNGRADE_SCHEDULED,
      MembershipChange.DOWNGRADED,
      MembershipChange.EXPIRED,
    ]);
    const last = told.at(-1)?.membership;
    expect(last?.terms?.tier).toBe("lite");
    expect(last?.endedAt?.seconds).toBe(BigInt(at("2026-04-02T00:00:00Z").getTime() / 1000));
  });

  it("passes over a member that a request has locked, and comes back", async () => {
    await put(rig, { userId: "busy", now: JOIN });
    const now = at("2026-09-01T00:00:00Z");
    await drain(() => settleDueBatch(rig.deps, at("2026-08-31T10:00:00Z"), 500));
    await put(rig, { userId: "idle", now: at("2026-07-15T00:00:00Z") });
    await rig.deps.store.transaction("hold", async (tx) => {
      await tx.lock(["idle"]);
      expect(await settleDueBatch(rig.deps, at("2026-08-20T00:00:00Z"), 500)).toBe(0);
    });
    expect(await settleDueBatch(rig.deps, at("2026-08-20T00:00:00Z"), 500)).toBe(1);
    expect(await settleDueBatch(rig.deps, now, 0)).toBe(0);
  });
});

describe("a member that can't be settled", () => {
  it("holds up nobody: the others are settled, it is told of, left alone, and tried again a minute later", async () => {
    // In a batch with others, and longer due than they are.
    await put(rig, { userId: "stuck-000", now: at("2026-01-01T00:00:00Z") });
    for (const userId of ids("free", 5)) await put(rig, { userId, now: JOIN });
    await rig.owner.query(
      "CREATE TRIGGER stuck BEFORE UPDATE ON memberships FOR EACH ROW BEGIN IF NEW.user_id = 'stuck-000' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'stuck'; END IF; END",
    );
    const failures: string[] = [];
    let elapsed = 0;
    const passedOver = new PassedOver({
      onFailure: (userId, error) => failures.push(`${userId}: ${String(error)}`),
      elapsedMs: () => elapsed,
    });
    const now = at("2026-03-01T00:00:00Z");
    const run = () => drain(() => settleDueBatch(rig.deps, now, 2, passedOver));
    await run();
    const renewed = await perUser(
      "SELECT user_id, COUNT(*) AS n FROM membership_history WHERE change_kind = 'renewed' AND user_id LIKE ? GROUP BY user_id",
      "free",
    );
    expect([...renewed.keys()].sort()).toEqual(ids("free", 5));
    expect(failures).toEqual([expect.stringMatching(/^stuck-000: .*stuck/)]);
    expect(await run()).toBe(0);
    expect(failures).toHaveLength(1);

    await rig.owner.query("DROP TRIGGER stuck");
    elapsed = 60_001;
    expect(await run()).toBe(1);
    expect((await rig.deps.store.findMember("stuck-000"))?.version).toBe(2);
  });
});

describe("reminders before an end", () => {
  const DAYS = [7, 3, 1];
  const remind = (now: string) => drain(() => remindBatch(rig.deps, DAYS, at(now), 500));

  it("7, 3 and 1 days before, once each, whoever runs and however often", async () => {
    await put(rig, { userId: "reminded", expiresAt: at("2026-02-20T00:00:00Z"), now: JOIN });
    await remind("2026-02-12T23:59:59Z");
    expect(await reminders(rig, "reminded")).toEqual([]);
    await Promise.all(Array.from({ length: 4 }, () => remind("2026-02-13T00:00:00Z")));
    await remind("2026-02-16T23:00:00Z");
    await Promise.all(Array.from({ length: 4 }, () => remind("2026-02-17T00:00:00Z")));
    await remind("2026-02-19T00:00:00Z");
    const told = await reminders(rig, "reminded");
    expect(told.map((reminder) => reminder.daysLeft)).toEqual([7, 3, 1]);
    expect(told[0]).toMatchObject({ userId: "reminded", tier: "pro" });
    expect(told[0]?.endsAt?.seconds).toBe(BigInt(at("2026-02-20T00:00:00Z").getTime() / 1000));
  });

  it("after a downtime only the nearest; a new end has its own; none for what renews or was just agreed", async () => {
    await put(rig, { userId: "late", expiresAt: at("2026-02-20T00:00:00Z"), now: JOIN });
    await put(rig, { userId: "renewing", now: JOIN });
    await put(rig, { userId: "short", expiresAt: at("2026-02-18T12:00:00Z"), now: at("2026-02-16T12:00:00Z") });
    await remind("2026-02-17T12:00:00Z");
    expect((await reminders(rig, "late")).map((reminder) => reminder.daysLeft)).toEqual([3]);
    expect((await reminders(rig, "short")).map((reminder) => reminder.daysLeft)).toEqual([1]);
    expect(await reminders(rig, "renewing")).toEqual([]);
    await put(rig, { userId: "late", expiresAt: at("2026-03-20T00:00:00Z"), now: at("2026-02-17T13:00:00Z") });
    await remind("2026-03-17T00:00:00Z");
    expect((await reminders(rig, "late")).map((reminder) => reminder.daysLeft)).toEqual([3, 3]);
  });

  it("a cancelled membership is reminded of its period's end, a resumed one no more", async () => {
    const member = { user: { userId: "quits" }, asker: { actor: "quits" }, reason: "x" };
    await put(rig, { userId: "quits", now: JOIN });
    await cancelMembership(rig.deps, { ...member, now: at("2026-02-02T00:00:00Z") });
    await remind("2026-02-21T10:00:00Z");
    expect((await reminders(rig, "quits")).map((reminder) => reminder.daysLeft)).toEqual([7]);
  });
});
