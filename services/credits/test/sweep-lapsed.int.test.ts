import { describe, expect, test } from "vitest";
import { lockAccounts } from "../src/store/ledger.ts";
import { listTransactions } from "../src/store/reads.ts";
import { mysqlLedger } from "../src/store/session.ts";
import type { LedgerSession } from "../src/usecases/ports.ts";
import { sweepLapsed } from "../src/usecases/sweep-lapsed.ts";
import { freshUser, give, later, NOW, reserve } from "./support/build.ts";
import { useLedgerDatabase } from "./support/ledger-database.ts";

const ledgerDb = useLedgerDatabase();
const END = later(60_000);

/** Accounts with a grant of 10 that is over at `end`. */
async function expiring(count: number, end = END): Promise<string[]> {
  const userIds = Array.from({ length: count }, () => freshUser("expiring"));
  await ledgerDb.db.transaction(async (tx) => {
    for (const userId of userIds) await give(tx, userId, 10, { expiresAt: end });
  });
  return userIds;
}

interface Swept {
  readonly served: number;
  readonly skipped: string[];
  readonly errors: unknown[];
  /** How many accounts each claim found. */
  readonly claims: number[];
}

/**
 * @param beforeClaim told which claim comes, from 1
 * @param transient what the sweep is told of every error
 */
async function sweep(beforeClaim = async (_nth: number): Promise<void> => {}, transient = false): Promise<Swept> {
  const ledger = mysqlLedger(ledgerDb.db, () => undefined);
  const [skipped, errors, claims]: [string[], unknown[], number[]] = [[], [], []];
  const claimedBy = (session: LedgerSession): LedgerSession => ({
    ...session,
    async claimLapsed(now, limit, after) {
      await beforeClaim(claims.length + 1);
      const claimed = await session.claimLapsed(now, limit, after);
      claims.push(claimed.length);
      return claimed;
    },
  });
  const served = await sweepLapsed(
    {
      ledger: { ...ledger, write: (name, work) => ledger.write(name, (session) => work(claimedBy(session))) },
      clock: { now: () => END },
      faults: {
        isTransient: () => transient,
        skipped(userId, error) {
          skipped.push(userId);
          errors.push(error);
        },
      },
    },
    AbortSignal.timeout(20_000),
  );
  return { served, skipped, errors, claims };
}

async function lapsesOf(userId: string): Promise<number> {
  const rows = await ledgerDb.db.transaction((tx) => listTransactions(tx, { userId, limit: 20 }));
  return rows.filter(({ type }) => type === "expire").length;
}

/** What the account has is less than its grants say: lapsing them would leave it with less than nothing, which no CHECK lets pass. */
async function breakBooks(userId: string): Promise<() => Promise<void>> {
  const say = async (balance: number) =>
    void (await ledgerDb.owner.query("UPDATE profiles SET balance = ? WHERE user_id = ?", [balance, userId]));
  await say(5);
  return () => say(10);
}

describe("the sweep of what has run out", () => {
  test("goes page by page; each account lapses once, and an end at the very moment counts", async () => {
    const userIds = await expiring(320);
    const held = freshUser("held");
    await ledgerDb.db.transaction(async (tx) => {
      await give(tx, held, 5);
      await reserve(tx, held, 5);
    });
    const late = await expiring(1, later(1, END));
    const { served, skipped, claims } = await sweep();
    expect({ served, skipped }).toEqual({ served: 321, skipped: [] });
    // Behind the last one each time, and once more from the first, for those who were in somebody's hands.
    expect(claims).toEqual([150, 150, 21, 0, 0]);
    for (const userId of [userIds[0], userIds[149], userIds[150], userIds[319]]) {
      expect(await lapsesOf(userId ?? "")).toBe(1);
    }
    expect(await lapsesOf(late[0] ?? "")).toBe(0);
    const [row] = await ledgerDb.owner.query<{ once: number; balance: number }>(
      `SELECT COUNT(*) AS once, SUM(balance) AS balance FROM profiles WHERE user_id LIKE 'expiring-%' AND version = 2`,
    );
    expect([Number(row?.once), Number(row?.balance)]).toEqual([320, 0]);
    expect((await sweep()).claims).toEqual([0]);
  });

  test("an account that can't be lapsed is told and stops nobody else; the next sweep tries it again", async () => {
    const [first = "", broken = "", last = ""] = await expiring(3);
    const mend = await breakBooks(broken);
    const { served, skipped, errors, claims } = await sweep();
    expect({ served, skipped }).toEqual({ served: 2, skipped: [broken] });
    expect(String(errors[0])).toMatch(/profiles_balance|credit_transactions_sound/i);
    expect(claims).toEqual([3, 0, 1, 0]);
    for (const userId of [first, last]) expect(await lapsesOf(userId)).toBe(1);
    expect(await lapsesOf(broken)).toBe(0);
    await mend();
    expect(await sweep()).toMatchObject({ served: 1, skipped: [] });
    expect(await lapsesOf(broken)).toBe(1);
  });

  test("a database that is away is no account's fault: the sweep ends and tells it", async () => {
    const [broken = ""] = await expiring(1);
    const mend = await breakBooks(broken);
    await expect(sweep(undefined, true)).rejects.toThrow(/profiles_balance|credit_transactions_sound/i);
    await mend();
    expect(await sweep()).toMatchObject({ served: 1, skipped: [] });
  });

  test("an account in somebody's hands is passed over, and comes in the same sweep once it is free", async () => {
    const [busy = "", ...others] = await expiring(3);
    const [locked, free] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const hands = ledgerDb.db.transaction(async (tx) => {
      await lockAccounts(tx, NOW, [busy]);
      locked.resolve();
      await free.promise;
    });
    await locked.promise;
    const { served, claims } = await sweep(async (nth) => {
      if (nth < 3) return;
      free.resolve();
      await hands;
    });
    expect(claims).toEqual([2, 0, 1, 0, 0]);
    expect(served).toBe(3);
    for (const userId of [busy, ...others]) expect(await lapsesOf(userId)).toBe(1);
  });
});
