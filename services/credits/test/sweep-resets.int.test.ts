import { describe, expect, test } from "vitest";
import type { Membership } from "../src/domain/membership.ts";
import { lockAccounts } from "../src/store/ledger.ts";
import { mysqlLedger } from "../src/store/session.ts";
import { applyMemberships } from "../src/usecases/apply-memberships.ts";
import { sweepResets } from "../src/usecases/sweep-resets.ts";
import { useLedgerDatabase } from "./support/ledger-database.ts";

const ledgerDb = useLedgerDatabase();
const STARTED = new Date("2026-01-10T00:00:00.000Z");
const JANUARY = new Date("2026-01-15T10:00:00.000Z");
const FEBRUARY = new Date("2026-02-01T00:00:00.000Z");

function membership(monthlyCredits = 250): Membership {
  return {
    membershipId: "m",
    status: "active",
    cycle: "monthly",
    terms: {
      tier: "pro",
      monthlyCredits,
      anchor: "calendar",
      firstPeriod: "full",
      rolloverCap: 0,
      onExpiry: "keep",
      rank: 1,
    },
    pendingTerms: null,
    pendingCycle: null,
    startedAt: STARTED,
    currentPeriodStart: STARTED,
    currentPeriodEnd: new Date("2026-02-10T00:00:00.000Z"),
    expiresAt: null,
    cancelAtPeriodEnd: false,
    endedAt: null,
  };
}

async function joins(userId: string, over: { now?: Date; monthlyCredits?: number } = {}): Promise<void> {
  const ports = {
    ledger: mysqlLedger(ledgerDb.db, () => undefined),
    clock: { now: () => over.now ?? JANUARY },
    timeZone: "UTC",
  };
  const state = membership(over.monthlyCredits);
  await applyMemberships(ports, [
    { eventId: `joins-${userId}`, userId, version: 1, membership: state, occurredAt: STARTED },
  ]);
}

/**
 * @param pageMs how long each page seems to keep its locks
 * @param beforeClaim told which claim of the sweep comes, from 1
 */
async function sweep(
  now: Date,
  pageMs = 0,
  beforeClaim = async (_nth: number): Promise<void> => {},
): Promise<{ served: number; skipped: string[]; transactions: number; asked: number[] }> {
  const ledger = mysqlLedger(ledgerDb.db, () => undefined);
  let transactions = 0;
  const skipped: string[] = [];
  const asked: number[] = [];
  let elapsed = 0;
  const ports = {
    ledger: {
      ...ledger,
      write: <T>(name: string, work: Parameters<typeof ledger.write<T>>[1]) => {
        transactions += 1;
        return ledger.write(name, (session) => {
          const claimDue: typeof session.claimDue = async (at, limit, after) => {
            asked.push(limit);
            await beforeClaim(asked.length);
            elapsed += pageMs;
            return session.claimDue(at, limit, after);
          };
          return work({ ...session, claimDue });
        });
      },
    },
    clock: { now: () => now },
    timeZone: "UTC",
    stopwatch: () => elapsed,
    faults: { isTransient: () => false, skipped: (userId: string) => void skipped.push(userId) },
  };
  const served = await sweepResets(ports, AbortSignal.timeout(5_000));
  return { served, skipped, transactions, asked };
}

const balances = async (...userIds: string[]) => {
  const accounts = await mysqlLedger(ledgerDb.db, () => undefined).read("test", (session) =>
    session.accounts(FEBRUARY, userIds),
  );
  return accounts.map(({ balance }) => balance);
};

const servedUntil = async (userId: string) => {
  const rows = await ledgerDb.owner.query<{ served_end: Date | null }>(
    "SELECT served_end FROM profiles WHERE user_id = ?",
    [userId],
  );
  return rows[0]?.served_end?.toISOString();
};

describe("the sweep of the resets", () => {
  test("an account that can't be settled is reported and stops nobody else", async () => {
    for (const userId of ["ann", "broken", "zoe"]) await joins(userId);
    await ledgerDb.owner.query("UPDATE membership_state SET state = '{}' WHERE user_id = 'broken'");
    expect(await sweep(FEBRUARY)).toMatchObject({ served: 2, skipped: ["broken"] });
    expect(await balances("ann", "zoe")).toEqual([250, 250]);
    for (const userId of ["ann", "zoe"]) expect(await servedUntil(userId)).toBe("2026-03-01T00:00:00.000Z");
    expect(await servedUntil("broken")).toBe("2026-02-01T00:00:00.000Z");
    await ledgerDb.owner.query("DELETE FROM membership_state WHERE user_id = 'broken'");
  });

  test("an account whose step the ledger refuses is looked at once a sweep, not for ever", async () => {
    await joins("greedy", { monthlyCredits: 2_000_000_000 });
    const { skipped, transactions } = await sweep(FEBRUARY);
    expect(skipped).toEqual(["greedy"]);
    expect(transactions).toBeLessThan(20);
    await ledgerDb.owner.query("UPDATE profiles SET due_at = NULL WHERE user_id = 'greedy'");
  });

  test("an account in somebody's hands comes in the same sweep once it is free", async () => {
    const users = ["busy", "calm", "quiet"];
    for (const userId of users) await joins(userId);
    const [locked, free] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const hands = ledgerDb.db.transaction(async (tx) => {
      await lockAccounts(tx, FEBRUARY, ["busy"]);
      locked.resolve();
      await free.promise;
    });
    await locked.promise;
    const { served } = await sweep(FEBRUARY, 0, async (nth) => {
      if (nth < 3) return;
      free.resolve();
      await hands;
    });
    expect(served).toBe(3);
    for (const userId of users) expect(await servedUntil(userId)).toBe("2026-03-01T00:00:00.000Z");
  });
});

describe("a page of the sweep", () => {
  const many = Array.from({ length: 600 }, (_, n) => `many-${String(n).padStart(3, "0")}`);

  test("is smaller where the last one kept its locks too long; nobody is left out or served twice", async () => {
    const ports = {
      ledger: mysqlLedger(ledgerDb.db, () => undefined),
      clock: { now: () => JANUARY },
      timeZone: "UTC",
    };
    const told = many.map((userId) => ({
      eventId: `joins-${userId}`,
      userId,
      version: 1,
      membership: membership(),
      occurredAt: STARTED,
    }));
    await applyMemberships(ports, told);
    const { served, asked } = await sweep(FEBRUARY, 400);
    expect(served).toBe(many.length);
    expect(asked[0]).toBe(100);
    expect(asked.at(-1)).toBeLessThan(50);
    const rows = await ledgerDb.owner.query<{ once: number }>(
      `SELECT COUNT(*) AS once FROM (SELECT user_id FROM credit_transactions WHERE user_id LIKE 'many-%' AND type = 'reset'
        GROUP BY user_id HAVING COUNT(*) = 1) counted`,
    );
    expect(Number(rows[0]?.once)).toBe(many.length);
  });
});

describe("a membership that starts a moment after this service's now", () => {
  test("counts from then on: the copy keeps how long it lasts", async () => {
    await joins("skew", { now: new Date(STARTED.getTime() - 5) });
    const rows = await ledgerDb.owner.query<{ active_until: Date | null }>(
      "SELECT active_until FROM membership_state WHERE user_id = 'skew'",
    );
    expect(rows[0]?.active_until).toBeInstanceOf(Date);
    expect(rows[0]?.active_until?.getTime()).toBeGreaterThan(FEBRUARY.getTime());
  });
});
