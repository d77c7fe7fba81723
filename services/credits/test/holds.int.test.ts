import { expect, test } from "vitest";
import type { Hold } from "../src/domain/ledger/holds.ts";
import {
  adjustCredits,
  captureHolds,
  consumeCredits,
  holdCredits,
  releaseHolds,
  setAccountStatus,
} from "../src/store/ledger.ts";
import { getAccounts, getHold, listTransactions, openHolds } from "../src/store/reads.ts";
import { checkCreditsSync, claimLapsed, touchAccounts } from "../src/store/upkeep.ts";
import { done, freshUser, give, later, NOW, request, reserve } from "./support/build.ts";
import { useLedgerDatabase } from "./support/ledger-database.ts";

const ledger = useLedgerDatabase();

test("a hold reserves credits of named grants; capture of less spends that and frees the rest in one row", async () => {
  const userId = freshUser();
  const { hold, captured } = await ledger.db.transaction(async (tx) => {
    await give(tx, userId, 10);
    const made = await reserve(tx, userId, 6, { feature: "rewrite" });
    const [tooMuch] = await consumeCredits(tx, NOW, [{ userId, amount: 5, ...request() }]);
    expect(tooMuch).toMatchObject({ outcome: "insufficient_credits", available: 4 });
    const [answer] = await captureHolds(tx, NOW, [{ holdId: made.holdId, amount: 4, ...request(), reason: "" }]);
    return { hold: made, captured: done(answer) };
  });
  expect(captured.transaction).toMatchObject({
    type: "consume",
    amount: -4,
    heldChange: -6,
    heldAfter: 0,
    balanceAfter: 6,
    holdId: hold.holdId,
    // Inherited from the hold.
    feature: "rewrite",
    reason: "a test",
  });
  expect(await getHold(ledger.db, NOW, hold.holdId)).toMatchObject({
    status: "captured",
    captured: 4,
    captureTransactionId: captured.transaction.id,
  });
});

test("a hold ends once, and says how it ended", async () => {
  const userId = freshUser();
  const outcomes = await ledger.db.transaction(async (tx) => {
    await give(tx, userId, 10);
    const [one, two, three] = [
      await reserve(tx, userId, 1),
      await reserve(tx, userId, 1),
      await reserve(tx, userId, 1),
    ];
    const released = await releaseHolds(
      tx,
      NOW,
      [one, one].map(({ holdId }) => ({ holdId, ...request() })),
    );
    const captured = await captureHolds(
      tx,
      NOW,
      [one, two, two].map(({ holdId }) => ({ holdId, ...request() })),
    );
    const late = await captureHolds(tx, later(60_000), [
      { holdId: three.holdId, ...request() },
      { holdId: "999999", ...request() },
    ]);
    return [...released, ...captured, ...late].map((answer) => answer.outcome);
  });
  expect(outcomes).toEqual([
    "ok",
    "hold_released",
    "hold_released",
    "ok",
    "hold_captured",
    "hold_expired",
    "hold_not_found",
  ]);
});

test("a lost answer is asked for again: capture and release replay", async () => {
  const userId = freshUser();
  const [first, again, other] = await ledger.db.transaction(async (tx) => {
    await give(tx, userId, 10);
    const { holdId } = await reserve(tx, userId, 5);
    const key = request();
    const ok = await captureHolds(tx, NOW, [{ holdId, ...key }]);
    const copies = await captureHolds(tx, later(90_000), [
      { holdId, ...key },
      { holdId, ...key, requestHash: "another" },
    ]);
    return [ok[0], ...copies];
  });
  expect(first?.outcome).toBe("ok");
  expect(again?.outcome).toBe("replayed");
  expect(done(again).transaction).toEqual(done(first).transaction);
  expect(other?.outcome).toBe("idempotency_key_reused");
});

test("a hold that nobody ends frees itself, on touch and by the sweep", async () => {
  const [touched, swept] = [freshUser(), freshUser()];
  await ledger.db.transaction(async (tx) => {
    for (const userId of [touched, swept]) {
      await give(tx, userId, 5);
      await reserve(tx, userId, 5);
    }
    const [answer] = await consumeCredits(tx, later(60_000), [{ userId: touched, amount: 5, ...request() }]);
    expect(answer?.outcome).toBe("ok");
  });
  expect(await ledger.db.transaction((tx) => openHolds(tx, NOW, swept, 10))).toHaveLength(1);
  const [before, due, written, left] = await ledger.db.transaction(async (tx) => {
    const early = await claimLapsed(tx, later(59_999), 100);
    const claimed = await claimLapsed(tx, later(60_000), 100);
    const userIds = claimed.map(({ userId }) => userId);
    return [early, claimed, await touchAccounts(tx, later(60_000), userIds), await claimLapsed(tx, later(60_000), 100)];
  });
  expect(before).toEqual([]);
  expect(due).toContainEqual({ userId: swept, dueAt: later(60_000) });
  expect(written).toBe(1);
  expect(left).toEqual([]);
  const [account] = await ledger.db.transaction((tx) => getAccounts(tx, NOW, [swept]));
  expect(account).toMatchObject({ balance: 5, held: 0, available: 5 });
});

test("reserved credits of an expired grant lapse only when their hold ends", async () => {
  const userId = freshUser();
  const rows = await ledger.db.transaction(async (tx) => {
    await give(tx, userId, 10, { expiresAt: later(1_000) });
    const kept = await reserve(tx, userId, 4);
    const spent = await reserve(tx, userId, 3);
    // 3 of the 10 are free and lapse now.
    await holdCredits(tx, later(2_000), [{ userId, amount: 1, ttlSeconds: 60, ...request() }]);
    await captureHolds(tx, later(3_000), [{ holdId: spent.holdId, amount: 2, ...request() }]);
    await releaseHolds(tx, later(4_000), [{ holdId: kept.holdId, ...request() }]);
    return await listTransactions(tx, { userId, limit: 20 });
  });
  expect(rows.reverse().map((row) => [row.type, row.amount, row.heldChange, row.balanceAfter])).toEqual([
    ["grant", 10, 0, 10],
    ["hold", 0, 4, 10],
    ["hold", 0, 3, 10],
    ["expire", -3, 0, 7],
    ["consume", -2, -3, 5],
    ["expire", -1, 0, 4],
    ["release", 0, -4, 4],
    ["expire", -4, 0, 0],
  ]);
});

test("an adjustment takes at most what is available, and never what is held", async () => {
  const userId = freshUser();
  const [taken, nothing, given] = await ledger.db.transaction(async (tx) => {
    await give(tx, userId, 10);
    await reserve(tx, userId, 4);
    return await adjustCredits(
      tx,
      NOW,
      [-100, -1, 3].map((amount) => ({ userId, amount, ...request() })),
    );
  });
  expect(done(taken).transaction).toMatchObject({ amount: -6, balanceAfter: 4 });
  expect(nothing).toMatchObject({ outcome: "insufficient_credits", required: 1, available: 0 });
  expect(done(given).transaction).toMatchObject({ amount: 3, grantKind: "adjustment" });
  const checks = await ledger.db.transaction((tx) => checkCreditsSync(tx, { userIds: [userId] }));
  expect(checks[0]?.problems).toEqual([]);
});

test("a frozen account refuses consume and hold but still captures and releases", async () => {
  const userId = freshUser();
  const outcomes = await ledger.db.transaction(async (tx) => {
    await give(tx, userId, 10);
    const [one, two] = [await reserve(tx, userId, 1), await reserve(tx, userId, 1)];
    const frozen = await setAccountStatus(
      tx,
      NOW,
      ["freeze", "freeze"].map(() => ({ userId, action: "freeze" as const, ...request() })),
    );
    return [
      ...frozen,
      ...(await consumeCredits(tx, NOW, [{ userId, amount: 1, ...request() }])),
      ...(await holdCredits(tx, NOW, [{ userId, amount: 1, ttlSeconds: 5, ...request() }])),
      ...(await captureHolds(tx, NOW, [{ holdId: one.holdId, ...request() }])),
      ...(await releaseHolds(tx, NOW, [{ holdId: two.holdId, ...request() }])),
      ...(await setAccountStatus(tx, NOW, [{ userId, action: "unfreeze", ...request() }])),
      ...(await setAccountStatus(tx, NOW, [{ userId, action: "unfreeze", ...request() }])),
    ].map((answer) => answer.outcome);
  });
  expect(outcomes).toEqual([
    "ok",
    "account_already_frozen",
    "account_frozen",
    "account_frozen",
    "ok",
    "ok",
    "ok",
    "account_not_frozen",
  ]);
});

test("1,200 holds that ran out together are freed by one touch, in passes, and none of them can be captured", async () => {
  const userId = freshUser();
  const ids: string[] = [];
  for (let page = 0; page < 2; page += 1) {
    await ledger.db.transaction(async (tx) => {
      await give(tx, userId, 600);
      const operation = () => ({ userId, amount: 1, ttlSeconds: 60, ...request() });
      const answers = await holdCredits(tx, NOW, Array.from({ length: 600 }, operation));
      for (const answer of answers) ids.push(done<{ hold: Hold }>(answer).extra.hold.holdId);
    });
  }
  const newest = ids.at(-1) ?? "";
  const afterwards = later(60_000);
  const [capture] = await ledger.db.transaction((tx) =>
    captureHolds(tx, afterwards, [{ holdId: newest, ...request() }]),
  );
  expect(capture?.outcome).toBe("hold_expired");
  const held = async () => (await ledger.db.transaction((tx) => getAccounts(tx, afterwards, [userId])))[0]?.held;
  expect(await held()).toBe(0);
  const checks = await ledger.db.transaction((tx) => checkCreditsSync(tx, { userIds: [userId] }));
  expect(checks[0]?.problems).toEqual([]);
});
