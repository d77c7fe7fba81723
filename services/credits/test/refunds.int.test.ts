import { expect, test } from "vitest";
import { refundCredits, setAccountStatus } from "../src/store/ledger.ts";
import { listTransactions } from "../src/store/reads.ts";
import { checkCreditsSync } from "../src/store/upkeep.ts";
import { done, freshUser, give, later, NOW, request, reserve, spend } from "./support/build.ts";
import { useLedgerDatabase } from "./support/ledger-database.ts";

const ledger = useLedgerDatabase();

test("parts go back to the grants they came from, the last drawn first, and once in total", async () => {
  const userId = freshUser();
  const { first, second, answers } = await ledger.db.transaction(async (tx) => {
    const one = await give(tx, userId, 5, { priority: 10 });
    const two = await give(tx, userId, 5, { priority: 20 });
    const spent = await spend(tx, userId, 8);
    const back = (amount?: number) => ({ transactionId: spent.id, amount, ...request() });
    return {
      first: one.grantId,
      second: two.grantId,
      answers: await refundCredits(tx, NOW, [back(2), back(9), back(4), back(), back()]),
    };
  });
  expect(answers.map((answer) => answer.outcome)).toEqual([
    "ok",
    "refund_exceeds_original",
    "ok",
    "ok",
    "nothing_to_refund",
  ]);
  expect(answers[1]).toMatchObject({ refundable: 6 });
  const draws = [0, 2, 3].map((index) =>
    done(answers[index]).transaction.draws.map((draw) => [draw.grantId, draw.change]),
  );
  expect(draws).toEqual([
    [[second, 2]],
    [
      [second, 1],
      [first, 3],
    ],
    [[first, 2]],
  ]);
});

test("a grant that has ended takes nothing: a refund grant does, without an expiry", async () => {
  const userId = freshUser();
  const row = await ledger.db.transaction(async (tx) => {
    await give(tx, userId, 5, { expiresAt: later(1_000), priority: 10 });
    await give(tx, userId, 5);
    const spent = await spend(tx, userId, 7);
    const [answer] = await refundCredits(tx, later(2_000), [{ transactionId: spent.id, ...request() }]);
    return done(answer).transaction;
  });
  expect(row.draws.map((draw) => [draw.kind, draw.change])).toEqual([
    ["bonus", 2],
    ["refund", 5],
  ]);
  expect(row).toMatchObject({ type: "refund", amount: 7, balanceAfter: 10, grantKind: "refund" });
});

test("a spent grant with an expiry opens again and still expires", async () => {
  const userId = freshUser();
  const rows = await ledger.db.transaction(async (tx) => {
    await give(tx, userId, 5, { expiresAt: later(10_000) });
    const spent = await spend(tx, userId, 5);
    await refundCredits(tx, later(5_000), [{ transactionId: spent.id, ...request() }]);
    await give(tx, userId, 1, {}, later(11_000));
    return await listTransactions(tx, { userId, limit: 10 });
  });
  expect(rows.map((row) => row.type)).toEqual(["grant", "expire", "refund", "consume", "grant"]);
});

test("only consumptions of the named account can be refunded; a frozen account is refunded", async () => {
  const userId = freshUser();
  const outcomes = await ledger.db.transaction(async (tx) => {
    const granted = await give(tx, userId, 5);
    const spent = await spend(tx, userId, 2);
    await setAccountStatus(tx, NOW, [{ userId, action: "freeze", ...request() }]);
    return await refundCredits(tx, NOW, [
      { transactionId: granted.id, ...request() },
      { transactionId: "999999999", ...request() },
      { transactionId: spent.id, userId: freshUser(), ...request() },
      { transactionId: spent.id, userId, ...request() },
    ]);
  });
  expect(outcomes.map((answer) => answer.outcome)).toEqual([
    "not_refundable",
    "transaction_not_found",
    "transaction_not_found",
    "ok",
  ]);
});

test("a hold that ends in the same call lends nothing to a refund, even of a consumption with the same number", async () => {
  const refunded = freshUser("refunded");
  const holder = freshUser("holder");
  const { spent, other } = await ledger.db.transaction(async (tx) => {
    await give(tx, refunded, 20);
    // The hold draws from two grants: the later of its draws would be the first to be given back.
    await give(tx, holder, 3, { priority: 10 });
    await give(tx, holder, 20, { priority: 20 });
    return { spent: await spend(tx, refunded, 10), other: await spend(tx, holder, 1) };
  });
  await ledger.owner.query(`ALTER TABLE credit_holds AUTO_INCREMENT = ${Number(spent.id)}`);
  const { held, answers } = await ledger.db.transaction(async (tx) => {
    const { holdId } = await reserve(tx, holder, 3, { ttlSeconds: 1 });
    const back = [spent, other].map(({ id }) => ({ transactionId: id, ...request() }));
    return { held: holdId, answers: await refundCredits(tx, later(2_000), back) };
  });
  expect(held).toBe(spent.id);
  expect(answers.map((answer) => done(answer).transaction.draws.map(({ change }) => change))).toEqual([[10], [1]]);
  const checks = await ledger.db.transaction((tx) => checkCreditsSync(tx, { userIds: [refunded, holder] }));
  expect(checks.map(({ problems }) => problems)).toEqual([[], []]);
});

test("what came from a grant that is somebody else's by now comes back in a new one", async () => {
  const [refunded, thief] = [freshUser("refunded"), freshUser("thief")];
  const { grantId, spent } = await ledger.db.transaction(async (tx) => {
    const { grantId } = await give(tx, refunded, 10);
    return { grantId, spent: await spend(tx, refunded, 10) };
  });
  await ledger.owner.query("UPDATE credit_grants SET user_id = ? WHERE id = ?", [thief, grantId]);
  const [back] = await ledger.db.transaction((tx) =>
    refundCredits(tx, NOW, [{ transactionId: spent.id, ...request() }]),
  );
  const { draws } = done(back).transaction;
  expect(draws).toMatchObject([{ kind: "refund", change: 10 }]);
  expect(draws[0]?.grantId).not.toBe(grantId);
  expect(await ledger.owner.query("SELECT remaining FROM credit_grants WHERE id = ?", [grantId])).toMatchObject([
    { remaining: 0 },
  ]);
});
