import { silentLog } from "@stipend/platform/log/log";
import { Database } from "@stipend/platform/mysql/database";
import { testEngines } from "@stipend/testing/engines/test-engines";
import { type FreshDatabase, freshDatabase } from "@stipend/testing/fresh-database";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { MonitorEvent } from "../src/domain/events.ts";
import type { RuleBook } from "../src/rules/all.ts";
import { MysqlAlertStore } from "../src/store/alert-store.ts";
import { MysqlObserveStore } from "../src/store/observe-store.ts";
import type { Alert } from "../src/usecases/alerts.ts";
import { detectGaps } from "../src/usecases/detect-gaps.ts";
import { observeEvents } from "../src/usecases/observe-events.ts";
import { forgetObservations, recoverDueAlerts } from "../src/usecases/tidy.ts";
import { change, deliver, minutes, rules as readRules, T0 } from "./builders.ts";

/** What events leave behind; faster than a schema for each test. */
async function empty(owner: Database): Promise<void> {
  for (const table of [
    "accounts",
    "observations",
    "tallies",
    "alerts",
    "alert_changes",
    "stream_progress",
    "daily_totals",
    "outbox",
    "inbox",
  ]) {
    await owner.query(`DELETE FROM ${table}`);
  }
}

/** What these tests are not about. */
const QUIET = {
  unexplained_growth: { enabled: false },
  refund_ring: { enabled: false },
  spending_burst: { enabled: false },
};
const rules = (given: Record<string, Record<string, unknown>> = {}) => readRules({ ...QUIET, ...given });

describe("watching, in MySQL", () => {
  let schema: FreshDatabase;
  let db: Database;
  let owner: Database;
  let store: MysqlObserveStore;
  let alerts: MysqlAlertStore;

  beforeAll(async () => {
    schema = await freshDatabase(testEngines().mysqlAdminUrl, "monitor");
    db = new Database({ url: schema.url, log: silentLog(), poolSize: 8, acquireTimeoutMs: 15_000 });
    owner = new Database({ url: schema.ownerUrl, log: silentLog(), poolSize: 2, acquireTimeoutMs: 15_000 });
    store = new MysqlObserveStore(db);
    alerts = new MysqlAlertStore(db);
  }, 30_000);

  beforeEach(async () => {
    await empty(owner);
  });

  afterAll(async () => {
    await db?.stop();
    await owner?.stop();
    await schema?.drop();
  });

  const observe = async (events: readonly MonitorEvent[], book: RuleBook = rules(), now = T0) =>
    await observeEvents(store, book, deliver(events), { now, timeZone: "UTC" });
  const all = async () => [...(await alerts.list({}, null, 100))].reverse();
  const shapes = (found: readonly Alert[]) =>
    found.map(({ fingerprint, status, count, firstSeenAt, lastSeenAt, severity }) => ({
      fingerprint,
      status,
      count,
      firstSeenAt,
      lastSeenAt,
      severity,
    }));
  const published = async () =>
    (await owner.query<{ type: string; payload: string }>("SELECT type, payload FROM outbox ORDER BY id")).map(
      (row) => [
        row.type.split(".").at(-1),
        (JSON.parse(row.payload) as { alert: { fingerprint: string } }).alert.fingerprint,
      ],
    );
  const refunds = (count: number, user = "alice", every = 1, from = 0) =>
    Array.from({ length: count }, (_, i) => change(user, from + i + 1, "refund", 1, minutes((from + i) * every)));

  describe("a large change", () => {
    it("opens one alert for an account, and adds to it", async () => {
      await observe([change("alice", 1, "grant", 10_000), change("alice", 2, "consume", -9_999, minutes(1))]);
      await observe([change("alice", 3, "consume", -12_000, minutes(2)), change("bob", 1, "grant", 500_000)]);
      expect(shapes(await all())).toEqual([
        {
          fingerprint: "large_change:alice",
          status: "open",
          count: 2,
          firstSeenAt: T0,
          lastSeenAt: minutes(2),
          severity: "warning",
        },
        {
          fingerprint: "large_change:bob",
          status: "open",
          count: 1,
          firstSeenAt: T0,
          lastSeenAt: T0,
          severity: "critical",
        },
      ]);
      expect((await all())[0]).toMatchObject({
        family: "transactions",
        userId: "alice",
        evidence: { amount: -12_000 },
      });
      expect(await published()).toEqual([
        ["AlertRaised", "large_change:alice"],
        ["AlertRaised", "large_change:bob"],
      ]);
    });

    it("announces a rise of severity, and only that", async () => {
      await observe([change("alice", 1, "grant", 10_000)]);
      await observe([change("alice", 2, "grant", 10_000)]);
      await observe([change("alice", 3, "grant", 100_000)]);
      expect(shapes(await all())).toMatchObject([{ count: 3, severity: "critical" }]);
      expect(await published()).toEqual([
        ["AlertRaised", "large_change:alice"],
        ["AlertRaised", "large_change:alice"],
      ]);
    });

    it("is one event however often it is delivered, in a batch or later, also to two instances at once", async () => {
      const event = change("alice", 1, "grant", 10_000);
      await observe([event, event]);
      await Promise.all(Array.from({ length: 6 }, () => observe([event])));
      expect(shapes(await all())).toMatchObject([{ count: 1 }]);
    });
  });

  describe("frequent refunds", () => {
    it("tells at the tenth in ten minutes, and not at the ninth", async () => {
      await observe(refunds(9));
      expect(await all()).toEqual([]);
      await observe([change("alice", 10, "refund", 1, minutes(9))]);
      expect(shapes(await all())).toMatchObject([
        { fingerprint: "frequent_refunds:alice", count: 10, lastSeenAt: minutes(9) },
      ]);
    });

    it("knows the edge of the window: the first of ten exactly ten minutes before the last does not count", async () => {
      const ten = [...refunds(9), change("alice", 10, "refund", 1, minutes(10))];
      await observe(ten);
      expect(await all()).toEqual([]);
      await observe([change("alice", 11, "release", 0, minutes(10, new Date(T0.getTime() - 1)))]);
      expect(shapes(await all())).toMatchObject([{ count: 10 }]);
    });

    it("counts by event time: late and out of order changes nothing", async () => {
      const events = refunds(10);
      await observe([...events.slice(5)].reverse());
      await observe([...refunds(9, "bob")]);
      await observe(events.slice(1, 5));
      expect(await all()).toEqual([]);
      await observe(events.slice(0, 1));
      expect(shapes(await all())).toMatchObject([
        { fingerprint: "frequent_refunds:alice", count: 10, firstSeenAt: minutes(9), lastSeenAt: minutes(9) },
      ]);
    });

    it("counts each event once under duplicate delivery", async () => {
      const nine = refunds(9);
      for (let again = 0; again < 4; again++) await observe(nine);
      await Promise.all([observe(nine), observe(nine.slice(3)), observe([...nine].reverse())]);
      expect(await all()).toEqual([]);
      await observe([change("alice", 10, "refund", 1, minutes(9)), ...nine]);
      expect(shapes(await all())).toMatchObject([{ count: 10 }]);
    });

    it("gives the same alerts whatever the batches, as after a restart at any point", async () => {
      const events = [
        ...refunds(14, "alice", 0.5),
        ...refunds(12, "alice", 0.7, 3_000),
        ...refunds(9, "bob"),
        ...refunds(60, "carol", 0.1),
        change("dave", 1, "grant", 20_000),
        change("dave", 2, "grant", 20_000, minutes(5)),
      ].sort((a, b) => a.at.getTime() - b.at.getTime());
      const outcomes: unknown[] = [];
      for (const size of [1, 7, 500]) {
        await empty(owner);
        for (let start = 0; start < events.length; start += size) {
          // A new pool and new stores each time: nothing is left of the process before.
          const pool = new Database({ url: schema.url, log: silentLog(), poolSize: 1, acquireTimeoutMs: 15_000 });
          const batch = deliver(events.slice(start, start + size));
          await observeEvents(new MysqlObserveStore(pool), rules(), batch, { now: T0, timeZone: "UTC" });
          await pool.stop();
        }
        const key = (alert: { fingerprint: string; firstSeenAt: Date }) =>
          `${alert.fingerprint} ${alert.firstSeenAt.toISOString()}`;
        outcomes.push(shapes(await all()).sort((a, b) => key(a).localeCompare(key(b))));
      }
      expect(outcomes[0]).toMatchObject([
        { fingerprint: "frequent_refunds:alice", status: "resolved", count: 14 },
        { fingerprint: "frequent_refunds:alice", status: "open", count: 12 },
        { fingerprint: "frequent_refunds:carol", status: "open", count: 60, severity: "critical" },
        { fingerprint: "large_change:dave", status: "open", count: 2 },
      ]);
      expect(outcomes[1]).toEqual(outcomes[0]);
      expect(outcomes[2]).toEqual(outcomes[0]);
    }, 60_000);

    it("finds the fullest window like a count by hand", async () => {
      let seed = 7;
      const random = (below: number) => {
        seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
        return seed % below;
      };
      const book = rules({ frequent_refunds: { events: 4, windowMinutes: 10, recoverAfterMinutes: 0 } });
      const users = ["a", "b", "c"];
      const events = users.flatMap((user) =>
        Array.from({ length: 40 }, (_, i) =>
          change(user, i + 1, "refund", 1, new Date(T0.getTime() + random(7_200) * 1_000)),
        ),
      );
      events.sort(() => random(3) - 1);
      for (let start = 0; start < events.length; ) {
        const size = 1 + random(9);
        await observe(events.slice(start, start + size), book);
        start += size;
      }
      const byHand = users.map((user) => {
        const times = events.filter((event) => event.userId === user).map((event) => event.at.getTime());
        const full = times
          .map((end) => ({ end, count: times.filter((at) => at > end - 600_000 && at <= end).length }))
          .filter(({ count }) => count >= 4);
        return {
          fingerprint: `frequent_refunds:${user}`,
          count: Math.max(...full.map(({ count }) => count)),
          firstSeenAt: new Date(Math.min(...full.map(({ end }) => end))),
          lastSeenAt: new Date(Math.max(...full.map(({ end }) => end))),
        };
      });
      const found = shapes(await all()).sort((a, b) => a.fingerprint.localeCompare(b.fingerprint));
      expect(found).toMatchObject(byHand);
    });

    it("forgets what no window can reach, and nothing else", async () => {
      await observe(refunds(9));
      const count = async () => (await owner.query<{ n: number }>("SELECT COUNT(*) AS n FROM observations"))[0]?.n;
      await forgetObservations(store, rules(), minutes(7 * 1_440));
      expect(await count()).toBe(9);
      await forgetObservations(store, rules(), minutes(8 * 1_440 + 30));
      expect(await count()).toBe(0);
      // Old events that were counted just now, as after a long absence.
      await observe(refunds(9, "bob"), rules(), minutes(30 * 1_440));
      await forgetObservations(store, rules(), minutes(32 * 1_440));
      expect(await count()).toBe(9);
    });
  });

  describe("a gap in an account's versions", () => {
    const grant = (version: number, at = T0) => change("alice", version, "grant", 1, at);

    it("is told after the grace, once, and is over when the missing ones come", async () => {
      await observe([grant(1), grant(2), grant(5, minutes(1))]);
      expect(await detectGaps(store, rules(), minutes(1.5))).toBe(0);
      await detectGaps(store, rules(), minutes(3));
      await detectGaps(store, rules(), minutes(4));
      expect(await all()).toMatchObject([
        { fingerprint: "event_gap:alice", family: "machinery", count: 2, evidence: { missing: [[3, 4]] } },
      ]);
      await observe([grant(4, minutes(5))]);
      expect(await all()).toMatchObject([{ status: "open" }]);
      await observe([grant(3, minutes(6))], rules(), minutes(6));
      expect(await all()).toMatchObject([{ status: "resolved", resolution: "recovered", resolvedAt: minutes(6) }]);
      expect(await published()).toEqual([
        ["AlertRaised", "event_gap:alice"],
        ["AlertRecovered", "event_gap:alice"],
      ]);
    });

    it("that closes within the grace is never told", async () => {
      await observe([grant(1), grant(3)]);
      await observe([grant(2)]);
      expect(await detectGaps(store, rules(), minutes(60))).toBe(0);
    });
  });

  it("keeps the newest state of each account, whatever the order", async () => {
    await observe([
      change("alice", 2, "grant", 1, T0, { balance: 20, held: 3, status: "frozen" }),
      change("alice", 1, "grant", 1, T0, { balance: 10 }),
    ]);
    const rows = await owner.query("SELECT user_id, version, balance, held, account_status FROM accounts");
    expect(rows).toEqual([{ user_id: "alice", version: 2, balance: 20, held: 3, account_status: "frozen" }]);
  });

  it("ends an alert that has been quiet long enough, at the time it was over", async () => {
    const book = rules({ frequent_refunds: { recoverAfterMinutes: 60 } });
    await observe(refunds(10), book);
    expect(await recoverDueAlerts(store, minutes(68.9))).toBe(0);
    expect(await recoverDueAlerts(store, minutes(69))).toBe(1);
    expect(await recoverDueAlerts(store, minutes(70))).toBe(0);
    expect(await all()).toMatchObject([{ status: "resolved", resolvedAt: minutes(69), resolution: "recovered" }]);
  });

  it("opens an alert again that was ended by time before its later events had been read", async () => {
    const book = rules({ frequent_refunds: { recoverAfterMinutes: 60 } });
    await observe(refunds(10), book);
    expect(await recoverDueAlerts(store, minutes(100_000))).toBe(1);
    await observe([change("alice", 11, "refund", 1, minutes(9.5))], book);
    expect(shapes(await all())).toMatchObject([{ status: "open", count: 11, lastSeenAt: minutes(9.5) }]);
    expect(await recoverDueAlerts(store, minutes(100_000))).toBe(1);
    await observe(refunds(12, "alice", 1, 200), book);
    expect(shapes(await all())).toMatchObject([
      { status: "resolved", lastSeenAt: minutes(9.5) },
      { status: "open", firstSeenAt: minutes(209) },
    ]);
    expect((await published()).map(([type]) => type)).toEqual([
      "AlertRaised",
      "AlertRecovered",
      "AlertRaised",
      "AlertRecovered",
      "AlertRaised",
    ]);
  });

  it("opens and ends an alert within one batch, in order", async () => {
    const expiring: MonitorEvent = {
      type: "membership_expiring",
      id: "x1",
      at: T0,
      traceId: "",
      userId: "alice",
      membershipId: "m1",
      tier: "pro",
      daysLeft: 3,
      endsAt: null,
    };
    const renewed: MonitorEvent = {
      type: "membership_changed",
      id: "x2",
      at: minutes(1),
      traceId: "",
      userId: "alice",
      version: 2,
      change: "renewed",
      status: "active",
      tier: "pro",
      periodEnd: minutes(1_000),
      endsAt: null,
      terms: null,
    };
    await observe([expiring, renewed, { ...expiring, id: "x3", at: minutes(2), daysLeft: 1 }]);
    expect(shapes(await all())).toMatchObject([
      { status: "resolved", severity: "info" },
      { status: "open", severity: "warning" },
    ]);
    expect((await published()).map(([type]) => type)).toEqual(["AlertRaised", "AlertRecovered", "AlertRaised"]);
  });

  it("never deadlocks, whatever order many batches name the same accounts and alerts in", async () => {
    const conflicts: unknown[] = [];
    const log = silentLog();
    log.debug = (...line: unknown[]) => void conflicts.push(line);
    const watched = new Database({ url: schema.url, log, poolSize: 8, acquireTimeoutMs: 15_000 });
    const store = new MysqlObserveStore(watched);
    const users = ["a", "b", "c", "d"];
    const batches = Array.from({ length: 16 }, (_, b) =>
      users.map((_, i) => change(users[(i + b) % 4] ?? "a", b + 1, "refund", 20_000, minutes(b % 5))),
    );
    await Promise.all(
      batches.map((batch) => observeEvents(store, rules(), deliver(batch), { now: T0, timeZone: "UTC" })),
    );
    await watched.stop();
    expect(conflicts).toEqual([]);
    const found = shapes(await all()).sort((a, b) => a.fingerprint.localeCompare(b.fingerprint));
    expect(found.map(({ fingerprint, count }) => [fingerprint, count])).toEqual([
      ...users.map((user) => [`frequent_refunds:${user}`, 16]),
      ...users.map((user) => [`large_change:${user}`, 16]),
    ]);
  });

  describe("changing an alert by hand", () => {
    const by = (reason: string) => ({
      actionId: crypto.randomUUID(),
      actor: "root",
      roles: ["admin"],
      reason,
      ip: "10.0.0.1",
      userAgent: "test",
      requestId: "r1",
      traceId: "",
    });

    it("goes open → acknowledged → resolved, each with its audit event in the same transaction", async () => {
      await observe([change("alice", 1, "grant", 10_000)]);
      const id = (await all())[0]?.id ?? "";
      expect(await alerts.change(id, "acknowledged", by("looking"), minutes(1))).toBe("changed");
      expect(await alerts.change(id, "acknowledged", by("again"), minutes(2))).toBe("unchanged");
      expect(await alerts.change(id, "resolved", by("done"), minutes(3))).toBe("changed");
      expect(await alerts.change(id, "resolved", by("again"), minutes(4))).toBe("alert_resolved");
      expect(await alerts.change(crypto.randomUUID(), "resolved", by("x"), minutes(5))).toBe("not_found");
      expect(await alerts.find(id)).toMatchObject({
        status: "resolved",
        acknowledgedBy: "root",
        resolvedBy: "root",
        resolution: "manual",
        note: "done",
      });
      const audit = await owner.query<{ payload: string }>(
        "SELECT payload FROM outbox WHERE topic = 'admin.v1' ORDER BY id",
      );
      expect(audit.map((row) => JSON.parse(row.payload))).toMatchObject([
        { action: "alert.acknowledge", actor: "root", target: id, reason: "looking", outcome: "succeeded" },
        { action: "alert.resolve", target: id, reason: "done", before: expect.stringContaining("acknowledged") },
      ]);
    });

    it("does nothing when its audit event can't be written", async () => {
      await observe([change("alice", 1, "grant", 10_000)]);
      const id = (await all())[0]?.id ?? "";
      const before = await alerts.find(id);
      await owner.query(`CREATE TRIGGER no_audit BEFORE INSERT ON outbox FOR EACH ROW
        BEGIN IF NEW.topic = 'admin.v1' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'planted fault'; END IF; END`);
      try {
        for (const status of ["acknowledged", "resolved"] as const) {
          await expect(alerts.change(id, status, by("x"), minutes(1))).rejects.toThrow("planted fault");
        }
      } finally {
        await owner.query("DROP TRIGGER no_audit");
      }
      expect(await alerts.find(id)).toEqual(before);
      expect(await owner.query("SELECT id FROM outbox WHERE topic = 'admin.v1'")).toEqual([]);
    });

    it("makes room for a new alert of the same fingerprint", async () => {
      await observe([change("alice", 1, "grant", 10_000)]);
      await alerts.change((await all())[0]?.id ?? "", "resolved", by("done"), minutes(1));
      await observe([change("alice", 2, "grant", 10_000, minutes(2))]);
      expect(shapes(await all()).map(({ status, count }) => [status, count])).toEqual([
        ["resolved", 1],
        ["open", 1],
      ]);
    });

    it("lets exactly one of two admins resolve it", async () => {
      await observe([change("alice", 1, "grant", 10_000)]);
      const id = (await all())[0]?.id ?? "";
      const outcomes = await Promise.all(
        [1, 2, 3].map((n) => alerts.change(id, "resolved", by(String(n)), minutes(1))),
      );
      expect(outcomes.sort()).toEqual(["alert_resolved", "alert_resolved", "changed"]);
    });
  });

  it("leaves the service's user nothing but procedures and views", async () => {
    for (const sql of [
      "SELECT * FROM alerts",
      "UPDATE alert_entries SET status = 'resolved'",
      "DELETE FROM observations",
    ]) {
      await expect(db.query(sql)).rejects.toMatchObject({ errno: 1142 });
    }
  });
});
