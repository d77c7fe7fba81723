import { expect, test } from "vitest";
import type { DueAccount } from "../src/domain/ledger/allowance.ts";
import { applyMembership, settleAccounts } from "../src/store/allowance.ts";
import { getAccounts } from "../src/store/reads.ts";
import { mysqlLedger } from "../src/store/session.ts";
import type { Ledger, LedgerSession } from "../src/usecases/ports.ts";
import { at, freshUser, give, month, NOW, request } from "./support/build.ts";
import { useLedgerDatabase } from "./support/ledger-database.ts";

// One connection, so that what one transaction leaves on it is there for the next.
const one = useLedgerDatabase(1);
const FEB = at("2026-02-01T00:00:00.000Z");

function ledger(): Ledger {
  return mysqlLedger(one.db, () => undefined);
}

/** A member with 100 credits of January. */
async function member(userId = freshUser("claimed")): Promise<string> {
  await one.db.transaction(async (tx) => {
    await applyMembership(tx, NOW, [{ userId, version: 1, state: { tier: "pro" }, activeUntil: "open" }]);
    await settleAccounts(tx, NOW, [month(userId, NOW, 100)]);
  });
  return userId;
}

const write = <T>(work: (session: LedgerSession) => Promise<T>): Promise<T> => ledger().write("test", work);

async function balanceOf(userId: string): Promise<number | undefined> {
  const [account] = await one.db.transaction((tx) => getAccounts(tx, FEB, [userId]));
  return account?.balance;
}

/** Spends 30 from elsewhere, as another instance would. */
async function spentElsewhere(userId: string): Promise<void> {
  await one.owner.transaction((tx) =>
    tx.call("ConsumeCredits", NOW, [{ userId, amount: 30, ...request(), requestHash: "h" }]),
  );
}

test("what was claimed is settled in the same transaction", async () => {
  const userId = await member();
  const outcomes = await write(async (session) => {
    expect((await session.claimDue(FEB, 10, null)).map((state) => state.userId)).toEqual([userId]);
    return session.settle(FEB, [month(userId, FEB, 250)]);
  });
  expect(outcomes).toEqual([{ outcome: "reset" }]);
  expect(await balanceOf(userId)).toBe(250);
});

test("each claim goes on behind the one before, in the order of moments and names", async () => {
  const day = (n: number) => at(`2026-01-${n}T00:00:00.507Z`);
  const due: readonly (readonly [name: string, dueAt: Date])[] = [
    ["d", day(11)],
    ["b", day(12)],
    ["c", day(12)],
    ["a", day(13)],
    ["e", day(13)],
  ];
  for (const [name, dueAt] of due) {
    await member(`order-${name}`);
    await one.owner.query("UPDATE profiles SET due_at = ? WHERE user_id = ?", [dueAt, `order-${name}`]);
  }
  const pages: string[][] = [];
  // Behind none, behind b and behind a.
  const ends: readonly (DueAccount | null)[] = [
    null,
    { dueAt: day(12), userId: "order-b" },
    { dueAt: day(13), userId: "order-a" },
  ];
  for (const after of ends) {
    const page = await write((session) => session.claimDue(day(14), 2, after));
    pages.push(page.map(({ userId }) => userId.replace("order-", "")));
  }
  expect(pages).toEqual([["b", "d"], ["a", "c"], ["e"]]);
  await one.owner.query("UPDATE profiles SET due_at = NULL WHERE user_id LIKE 'order-%'");
});

test("what a transaction before claimed and gave up is read again", async () => {
  const userId = await member();
  const givenUp = new Error("given up");
  await expect(
    write(async (session) => {
      await session.loadDue(FEB, [userId]);
      throw givenUp;
    }),
  ).rejects.toBe(givenUp);
  await spentElsewhere(userId);
  await write((session) => session.settle(FEB, [month(userId, FEB, 250, { rolloverCap: 1_000 })]));
  expect(await balanceOf(userId)).toBe(320);
});

test("an operation between the claim and the settling counts", async () => {
  const userId = await member();
  await write(async (session) => {
    await session.loadDue(NOW, [userId]);
    await session.consume(NOW, [{ userId, amount: 30, ...request() }]);
    await session.settle(FEB, [month(userId, FEB, 250, { rolloverCap: 1_000 })]);
  });
  expect(await balanceOf(userId)).toBe(320);
});

test("an account that the last claim does not hold is locked and read like any other", async () => {
  const [first, second] = [await member(), await member()];
  const outcomes = await write(async (session) => {
    await session.loadDue(FEB, [first]);
    await session.loadDue(FEB, [second]);
    return session.settle(FEB, [month(first, FEB, 250), month(second, FEB, 250)]);
  });
  expect(outcomes).toEqual([{ outcome: "reset" }, { outcome: "reset" }]);
});

test("settling twice after one claim books once and reads the second time", async () => {
  const userId = await member();
  await write(async (session) => {
    await session.loadDue(FEB, [userId]);
    await session.settle(FEB, [month(userId, FEB, 250)]);
    expect(await session.settle(FEB, [month(userId, FEB, 300)])).toEqual([{ outcome: "topped_up" }]);
  });
  await one.db.transaction((tx) => give(tx, userId, 1));
  expect(await balanceOf(userId)).toBe(301);
});
