import { describe, expect, test } from "vitest";
import type { Explanation } from "../src/domain/ledger/account.ts";
import type { AllowanceStep } from "../src/domain/ledger/allowance.ts";
import type { LedgerRow } from "../src/domain/ledger/transactions.ts";
import {
  applyMembership,
  checkAndResetUserCredits,
  claimAccounts,
  claimDue,
  settleAccounts,
} from "../src/store/allowance.ts";
import { adjustCredits, captureHolds, consumeCredits, refundCredits, releaseHolds } from "../src/store/ledger.ts";
import { explain, getAccounts, listTransactions, yearlyMonths } from "../src/store/reads.ts";
import { checkCreditsSync, setLowBalanceThreshold } from "../src/store/upkeep.ts";
import { at, done, freshUser, give, month, request, reserve, spend } from "./support/build.ts";
import { useLedgerDatabase } from "./support/ledger-database.ts";

const ledger = useLedgerDatabase();
const JAN = at("2026-01-10T12:00:00.000Z");
const FEB = at("2026-02-01T00:00:00.000Z");

async function member(userId: string, version = 1): Promise<void> {
  await ledger.db.transaction((tx) =>
    applyMembership(tx, JAN, [{ userId, version, state: { tier: "pro" }, activeUntil: "open" }]),
  );
}

async function step(now: Date, planned: AllowanceStep): Promise<string> {
  const [answer] = await ledger.db.transaction((tx) => checkAndResetUserCredits(tx, now, [planned]));
  return answer?.outcome ?? "none";
}

async function rowsOf(userId: string): Promise<LedgerRow[]> {
  return (await ledger.db.transaction((tx) => listTransactions(tx, { userId, limit: 100 }))).reverse();
}

/** Events beside CreditsChanged. */
async function signalsOf(userId: string): Promise<string[]> {
  const rows = await ledger.owner.query<{ type: string }>(
    "SELECT type FROM outbox_event WHERE subject = ? AND type <> 'stipend.credits.v1.CreditsChanged' ORDER BY id, place",
    [userId],
  );
  return rows.map(({ type }) => type.replace("stipend.credits.v1.", ""));
}

describe("the membership copy", () => {
  test("keeps the highest version, whatever order and number they arrive in, and answers what is current", async () => {
    const userId = freshUser();
    const event = (version: number) => ({ userId, version, state: { n: version }, activeUntil: "open" as const });
    const answers = await ledger.db.transaction(async (tx) => [
      await applyMembership(tx, JAN, [event(2)]),
      await applyMembership(tx, JAN, [event(1), event(2), event(4), event(3), event(4)]),
    ]);
    expect(answers.map((rows) => rows.map((row) => row.outcome))).toEqual([
      ["applied"],
      ["ignored", "ignored", "applied", "ignored", "ignored"],
    ]);
    expect(answers[1]?.map((row) => [row.membershipVersion, row.state])).toEqual(Array(5).fill([4, { n: 4 }]));
  });

  test("an event that nobody planned for makes the account due: it is made up for when touched", async () => {
    const userId = freshUser();
    await member(userId);
    const [answer] = await ledger.db.transaction((tx) =>
      consumeCredits(tx, JAN, [{ userId, amount: 1, ...request() }]),
    );
    expect(answer?.outcome).toBe("reset_due");
    await step(JAN, month(userId, JAN, 250));
    const [again] = await ledger.db.transaction((tx) => consumeCredits(tx, JAN, [{ userId, amount: 1, ...request() }]));
    expect(again?.outcome).toBe("ok");
  });
});

describe("CheckAndResetUserCredits", () => {
  test("gives a period once, however often it is asked, and at once from 20 connections", async () => {
    const userId = freshUser();
    await member(userId);
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => step(JAN, month(userId, JAN, 250))));
    expect(outcomes.filter((outcome) => outcome === "first")).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === "unchanged")).toHaveLength(19);
    expect((await rowsOf(userId)).map((row) => [row.type, row.amount, row.grantKind])).toEqual([
      ["grant", 250, "allowance"],
    ]);
  });

  test("a reset is one row: what was left lapses, the quota is there again, packages stay", async () => {
    const userId = freshUser();
    await member(userId);
    await step(JAN, month(userId, JAN, 250));
    await ledger.db.transaction(async (tx) => {
      await give(tx, userId, 40, { kind: "package" }, JAN);
      await spend(tx, userId, 100, {}, JAN);
    });
    expect(await step(FEB, month(userId, FEB, 250))).toBe("reset");
    const last = (await rowsOf(userId)).at(-1);
    expect(last).toMatchObject({ type: "reset", amount: 100, balanceAfter: 290, periodStart: FEB });
    expect(last?.draws.map((draw) => draw.change)).toEqual([-150, 250]);
  });

  test("a reset ends the allowances of the month before but the last, which becomes the new one", async () => {
    const userId = freshUser();
    await member(userId);
    await step(JAN, month(userId, JAN, 100));
    await ledger.db.transaction((tx) => spend(tx, userId, 100, {}, JAN));
    for (const quota of [250, 300]) expect(await step(JAN, month(userId, JAN, quota))).toBe("topped_up");
    expect(await step(FEB, month(userId, FEB, 80))).toBe("reset");
    const last = (await rowsOf(userId)).at(-1);
    expect(last).toMatchObject({ amount: -120, balanceAfter: 80 });
    expect(last?.draws.map((draw) => [draw.change, draw.grantId === last.grantId])).toEqual([
      [-150, false],
      [-50, true],
      [80, true],
    ]);
    const states = await ledger.owner.query("SELECT amount, state FROM credit_grants WHERE user_id = ? ORDER BY id", [
      userId,
    ]);
    expect(states).toEqual([
      { amount: 100, state: "ended" },
      { amount: 150, state: "ended" },
      { amount: 80, state: "open" },
    ]);
  });

  test("a reset fills the allowance's grant anew: the youngest of its priority from then on, and the past stays as it was", async () => {
    const userId = freshUser();
    await member(userId);
    await step(JAN, month(userId, JAN, 100));
    const spent = await ledger.db.transaction(async (tx) => {
      await give(tx, userId, 5, { priority: 10 }, JAN);
      return await spend(tx, userId, 40, {}, JAN);
    });
    expect(await step(FEB, month(userId, FEB, 80))).toBe("reset");
    const march = at("2026-03-01T00:00:00.000Z");
    const [first, bonus] = await rowsOf(userId);
    const told = await ledger.db.transaction(async (tx) => ({
      account: (await getAccounts(tx, FEB, [userId]))[0],
      before: await explain(tx, userId, JAN),
      since: await explain(tx, userId, FEB),
      next: await spend(tx, userId, 15, {}, FEB),
    }));
    expect(told.account?.grants).toMatchObject([
      { id: bonus?.grantId, amount: 5, remaining: 5 },
      { id: first?.grantId, amount: 80, remaining: 80, createdAt: FEB },
    ]);
    const made = (explanation: Explanation | null) => explanation?.grants.map(({ id, remaining }) => [id, remaining]);
    expect(made(told.before)).toEqual([
      [first?.grantId, 60],
      [bonus?.grantId, 5],
    ]);
    expect(made(told.since)).toEqual([
      [bonus?.grantId, 5],
      [first?.grantId, 80],
    ]);
    expect(told.next.draws.map(({ grantId, change }) => [grantId, change])).toEqual([
      [bonus?.grantId, -5],
      [first?.grantId, -10],
    ]);

    // What this month spent comes back to it; what the month before spent does not, though it was the same grant.
    const [late, own] = await ledger.db.transaction((tx) =>
      refundCredits(tx, FEB, [
        { transactionId: spent.id, ...request() },
        { transactionId: told.next.id, ...request() },
      ]),
    );
    expect(done(late).transaction).toMatchObject({ amount: 40, grantKind: "refund" });
    expect(done(own).transaction).toMatchObject({ amount: 15, grantKind: null });
    await step(march, month(userId, march, 80));
    expect((await rowsOf(userId)).at(-1)).toMatchObject({ type: "reset", amount: 0, balanceAfter: 125 });
    const checks = await ledger.db.transaction((tx) => checkCreditsSync(tx, { userIds: [userId] }));
    expect(checks[0]?.problems).toEqual([]);
  });

  test("an allowance of which a hold keeps a part ends with the reset; one that is free beside it becomes the new one", async () => {
    const userId = freshUser();
    await member(userId);
    await step(JAN, month(userId, JAN, 100));
    await step(JAN, month(userId, JAN, 150));
    await ledger.db.transaction((tx) => reserve(tx, userId, 1, { ttlSeconds: 86_400 }, at("2026-01-31T23:00:00.000Z")));
    expect(await step(FEB, month(userId, FEB, 150))).toBe("reset");
    const grants = await ledger.owner.query(
      "SELECT amount, remaining, reserved, state FROM credit_grants WHERE user_id = ? ORDER BY id",
      [userId],
    );
    expect(grants).toEqual([
      { amount: 100, remaining: 1, reserved: 1, state: "ending" },
      { amount: 150, remaining: 150, reserved: 0, state: "open" },
    ]);
  });

  test("a reset says that the balance is low, or no longer, by what is free after it and by the tier that begins", async () => {
    const [held, left] = [freshUser("held"), freshUser("left")];
    await member(held);
    await member(left);
    await step(JAN, month(held, JAN, 250));
    await step(JAN, month(left, JAN, 100));
    await ledger.db.transaction(async (tx) => {
      await setLowBalanceThreshold(tx, JAN, held, 150);
      await reserve(tx, held, 250, { ttlSeconds: 86_400 }, at("2026-01-31T12:00:00.000Z"));
      await give(tx, left, 5, {}, JAN);
    });
    // 350 of which 250 are held: 100 are free, still below 150.
    await step(FEB, month(held, FEB, 100));
    // 5 are left, below a tenth of the 100 a month that there are no more.
    await step(FEB, month(left, FEB, 0, { action: "forfeit", period: undefined, tier: null, monthlyCredits: null }));
    expect(await signalsOf(held)).toEqual(["LowBalance"]);
    expect(await signalsOf(left)).toEqual([]);
  });

  test("a reset that changes nothing is still one row", async () => {
    const userId = freshUser();
    await member(userId);
    await step(JAN, month(userId, JAN, 250));
    expect(await step(FEB, month(userId, FEB, 250))).toBe("reset");
    expect((await rowsOf(userId)).map((row) => [row.type, row.amount])).toEqual([
      ["grant", 250],
      ["reset", 0],
    ]);
  });

  test("up to the rollover cap what is left moves over, and again only up to the cap", async () => {
    const userId = freshUser();
    await member(userId);
    await step(JAN, month(userId, JAN, 100));
    await step(FEB, month(userId, FEB, 100, { rolloverCap: 30 }));
    const march = at("2026-03-05T00:00:00.000Z");
    await step(march, month(userId, march, 100, { rolloverCap: 30 }));
    expect((await rowsOf(userId)).map((row) => [row.type, row.amount, row.balanceAfter])).toEqual([
      ["grant", 100, 100],
      ["reset", 30, 130],
      ["reset", 0, 130],
    ]);
  });

  test("slept-through months count for the rollover only: one reset for three months", async () => {
    const userId = freshUser();
    await member(userId);
    await step(JAN, month(userId, JAN, 100));
    const may = at("2026-05-02T00:00:00.000Z");
    expect(await step(may, month(userId, may, 100, { rolloverCap: 150, missedCredits: 300 }))).toBe("reset");
    expect(await step(may, month(userId, may, 100, { rolloverCap: 150, missedCredits: 300 }))).toBe("unchanged");
    expect((await rowsOf(userId)).map((row) => row.balanceAfter)).toEqual([100, 250]);
  });

  test("upgrades, downgrades, leaving and coming back never give more than the highest quota of the period", async () => {
    const userId = freshUser();
    await member(userId);
    const outcomes: string[] = [];
    for (const quota of [100, 250, 100, 250, 600, 600]) outcomes.push(await step(JAN, month(userId, JAN, quota)));
    await step(
      JAN,
      month(userId, JAN, 0, { action: "none", tier: null, monthlyCredits: null, nextResetAt: null, dueAt: null }),
    );
    outcomes.push(await step(JAN, month(userId, JAN, 600)));
    expect(outcomes).toEqual(["first", "topped_up", "unchanged", "unchanged", "topped_up", "unchanged", "unchanged"]);
    expect((await rowsOf(userId)).map((row) => row.amount)).toEqual([100, 150, 350]);
  });

  test("another anchor inside a served period carries what was given over", async () => {
    const userId = freshUser();
    await member(userId);
    await step(JAN, month(userId, JAN, 250));
    const anniversary = { start: JAN, end: at("2026-02-10T12:00:00.000Z") };
    expect(await step(JAN, month(userId, JAN, 250, { period: anniversary }))).toBe("unchanged");
    expect(await step(FEB, month(userId, FEB, 250, { period: anniversary }))).toBe("unchanged");
    const next = { start: anniversary.end, end: at("2026-03-10T12:00:00.000Z") };
    expect(await step(anniversary.end, month(userId, FEB, 250, { period: next }))).toBe("reset");
  });

  test("a plan made from an older copy is stale, a period that has not begun is not current, a late one changes nothing", async () => {
    const userId = freshUser();
    await member(userId, 3);
    expect(await step(JAN, month(userId, JAN, 250))).toBe("stale");
    expect(await step(JAN, month(userId, FEB, 250, { membershipVersion: 3 }))).toBe("not_current");
    expect(await step(FEB, month(userId, FEB, 250, { membershipVersion: 3 }))).toBe("first");
    expect(await step(FEB, month(userId, JAN, 600, { membershipVersion: 3 }))).toBe("unchanged");
    expect(await rowsOf(userId)).toHaveLength(1);
  });

  test("what a hold keeps of the old allowance lapses when the hold ends, unless it is captured", async () => {
    const userId = freshUser();
    await member(userId);
    await step(JAN, month(userId, JAN, 100));
    await ledger.db.transaction(async (tx) => {
      const [kept, freed] = [
        await reserve(tx, userId, 30, { ttlSeconds: 86_400 }, at("2026-01-31T23:00:00.000Z")),
        await reserve(tx, userId, 20, { ttlSeconds: 86_400 }, at("2026-01-31T23:00:00.000Z")),
      ];
      await checkAndResetUserCredits(tx, FEB, [month(userId, FEB, 100)]);
      await captureHolds(tx, FEB, [{ holdId: kept.holdId, amount: 25, ...request() }]);
      await releaseHolds(tx, FEB, [{ holdId: freed.holdId, ...request() }]);
    });
    const rows = await rowsOf(userId);
    expect(rows.map((row) => [row.type, row.amount, row.balanceAfter])).toEqual([
      ["grant", 100, 100],
      ["hold", 0, 100],
      ["hold", 0, 100],
      ["reset", 50, 150],
      ["consume", -25, 125],
      ["expire", -5, 120],
      ["release", 0, 120],
      ["expire", -20, 100],
    ]);
    // They kept the only grant there was.
    expect(rows[3]?.grantId).not.toBe(rows[0]?.grantId);
    const checks = await ledger.db.transaction((tx) => checkCreditsSync(tx, { userIds: [userId] }));
    expect(checks[0]?.problems).toEqual([]);
  });

  test.each([100, 99])("a refund of %d spent in January, made after the reset, outlives February", async (spent) => {
    const userId = freshUser();
    await member(userId);
    await step(JAN, month(userId, JAN, 100));
    const row = await ledger.db.transaction((tx) => spend(tx, userId, spent, {}, JAN));
    await step(FEB, month(userId, FEB, 100));
    const [refund] = await ledger.db.transaction((tx) =>
      refundCredits(tx, FEB, [{ transactionId: row.id, amount: 40, ...request() }]),
    );
    expect(done(refund).transaction).toMatchObject({ amount: 40, grantKind: "refund" });
    const march = at("2026-03-01T00:00:00.000Z");
    await step(march, month(userId, march, 100, { rolloverCap: 0 }));
    const [account] = await ledger.db.transaction((tx) => getAccounts(tx, march, [userId]));
    expect(account).toMatchObject({ balance: 140, allowance: { remaining: 100 } });
  });

  test("a spent allowance ends with a forfeit too", async () => {
    const userId = freshUser();
    await member(userId);
    await step(JAN, month(userId, JAN, 100));
    const row = await ledger.db.transaction((tx) => spend(tx, userId, 100, {}, JAN));
    const over = { tier: null, monthlyCredits: null, nextResetAt: null, dueAt: null };
    expect(await step(JAN, month(userId, JAN, 0, { action: "forfeit", ...over }))).toBe("unchanged");
    const [refund] = await ledger.db.transaction((tx) =>
      refundCredits(tx, JAN, [{ transactionId: row.id, ...request() }]),
    );
    expect(done(refund).transaction.grantKind).toBe("refund");
  });

  test("an adjustment on an account that is due waits for the reset: it would be void a second later", async () => {
    const userId = freshUser();
    await member(userId);
    await step(JAN, month(userId, JAN, 100));
    const key = request();
    const adjust = () => ledger.db.transaction((tx) => adjustCredits(tx, FEB, [{ userId, amount: -30, ...key }]));
    expect((await adjust())[0]?.outcome).toBe("reset_due");
    await step(FEB, month(userId, FEB, 100));
    expect(done((await adjust())[0]).account.balance).toBe(70);
    expect((await adjust())[0]?.outcome).toBe("replayed");
  });

  test("forfeit lapses the allowance and leaves packages; keep leaves all", async () => {
    const [forfeits, keeps] = [freshUser(), freshUser()];
    for (const userId of [forfeits, keeps]) {
      await member(userId);
      await step(JAN, month(userId, JAN, 100));
      await ledger.db.transaction((tx) => give(tx, userId, 7, { kind: "package" }, JAN));
    }
    const over = { tier: null, monthlyCredits: null, nextResetAt: null, dueAt: null };
    expect(await step(JAN, month(forfeits, JAN, 0, { action: "forfeit", ...over }))).toBe("forfeited");
    expect(await step(JAN, month(keeps, JAN, 0, { action: "none", ...over }))).toBe("unchanged");
    const accounts = await ledger.db.transaction((tx) => getAccounts(tx, JAN, [forfeits, keeps]));
    expect(accounts.map(({ balance, allowance }) => [balance, allowance])).toEqual([
      [7, null],
      [107, null],
    ]);
  });

  test("an admin's reset sets a served period to the quota again, once for its key", async () => {
    const userId = freshUser();
    await member(userId);
    await step(JAN, month(userId, JAN, 100));
    await ledger.db.transaction((tx) => spend(tx, userId, 60, {}, JAN));
    const forced = month(userId, JAN, 100, { action: "force", requestKey: "admin-reset", requestHash: "h" });
    expect(await step(JAN, forced)).toBe("reset");
    expect(await step(JAN, forced)).toBe("replayed");
    expect(await step(JAN, { ...forced, requestHash: "other" })).toBe("idempotency_key_reused");
    expect((await rowsOf(userId)).map((row) => row.balanceAfter)).toEqual([100, 40, 100]);
  });

  test("the audit of an admin's reset says what it made of the account", async () => {
    const userId = freshUser();
    await member(userId);
    await step(JAN, month(userId, JAN, 100));
    await ledger.db.transaction((tx) => spend(tx, userId, 60, {}, JAN));
    const audit = { id: "r1", actor: "root", roles: ["admin"], action: "credits.reset", reason: "a test" };
    await step(JAN, month(userId, JAN, 100, { action: "force", requestKey: "k", requestHash: "h", audit }));
    const [told] = await ledger.owner.query<{ was: string; became: string }>(
      `SELECT JSON_UNQUOTE(JSON_EXTRACT(payload, '$.before')) AS was, JSON_UNQUOTE(JSON_EXTRACT(payload, '$.after')) AS became
         FROM outbox WHERE subject = ? AND topic = 'admin.v1'`,
      [userId],
    );
    expect(JSON.parse(told?.was ?? "{}")).toMatchObject({ balance: 40, version: 2 });
    expect(JSON.parse(told?.became ?? "{}")).toMatchObject({ amount: 60, balance: 100, version: 3, outcome: "reset" });
  });

  test("a spent allowance that holds credits, which is damage, keeps them for who looks for it", async () => {
    const userId = freshUser();
    await member(userId);
    await step(JAN, month(userId, JAN, 100));
    await ledger.db.transaction((tx) => spend(tx, userId, 100, {}, JAN));
    await ledger.owner.query("UPDATE credit_grants SET remaining = 7 WHERE user_id = ?", [userId]);
    await step(FEB, month(userId, FEB, 100));
    const grants = await ledger.owner.query(
      "SELECT remaining, state FROM credit_grants WHERE user_id = ? ORDER BY id",
      [userId],
    );
    expect(grants).toEqual([
      { remaining: 7, state: "ended" },
      { remaining: 100, state: "open" },
    ]);
  });

  test("a yearly membership's twelve months are scheduled, given one by one, skipped when slept through, cancelled when over", async () => {
    const userId = freshUser();
    await member(userId);
    const schedule = Array.from({ length: 12 }, (_, index) => ({
      month: index + 1,
      periodStart: new Date(Date.UTC(2026, index, 1)),
      periodEnd: new Date(Date.UTC(2026, index + 1, 1)),
      amount: 100,
    }));
    const april = at("2026-04-03T00:00:00.000Z");
    await step(JAN, month(userId, JAN, 100, { schedule }));
    await step(april, month(userId, april, 100, { schedule }));
    await step(april, month(userId, april, 250, { schedule: schedule.map((row) => ({ ...row, amount: 250 })) }));
    const before = (await yearlyMonths(ledger.db, userId)).reverse();
    await step(april, month(userId, april, 0, { action: "none", cancelSchedule: true, dueAt: null }));
    const after = (await yearlyMonths(ledger.db, userId)).reverse();
    expect(before.slice(0, 5).map((row) => [row.month, row.status, row.amount, row.givenAmount])).toEqual([
      [1, "given", 250, 100],
      [2, "skipped", 100, null],
      [3, "skipped", 100, null],
      [4, "given", 250, 250],
      [5, "scheduled", 250, null],
    ]);
    expect(after.map((row) => row.status)).toEqual([
      "given",
      "skipped",
      "skipped",
      "given",
      ...Array(8).fill("cancelled"),
    ]);
  });

  test("a year that ends before any of its months was given is cancelled", async () => {
    const userId = freshUser();
    await member(userId);
    const february = { periodStart: FEB, periodEnd: at("2026-03-01T00:00:00.000Z") };
    const schedule = [{ month: 1, ...february, amount: 100 }];
    await step(JAN, month(userId, JAN, 0, { action: "none", schedule }));
    await step(JAN, month(userId, JAN, 0, { action: "none", cancelSchedule: true, dueAt: null }));
    expect((await yearlyMonths(ledger.db, userId)).map(({ status }) => status)).toEqual(["cancelled"]);
  });

  test("what the month before gave says nothing about this one: down with the month, up inside it", async () => {
    const userId = freshUser();
    await member(userId);
    await step(JAN, month(userId, JAN, 250));
    expect(await step(FEB, month(userId, FEB, 100))).toBe("reset");
    expect(await step(FEB, month(userId, FEB, 250))).toBe("topped_up");
    expect((await rowsOf(userId)).map((row) => [row.type, row.amount, row.balanceAfter])).toEqual([
      ["grant", 250, 250],
      ["reset", -150, 100],
      ["grant", 150, 250],
    ]);
  });

  test("of two steps for one account in a call the first counts; those of others are not touched by it", async () => {
    const [userId, other] = [freshUser(), freshUser()];
    for (const each of [userId, other]) await member(each);
    const answers = await ledger.db.transaction((tx) =>
      checkAndResetUserCredits(tx, JAN, [month(userId, JAN, 100), month(other, JAN, 250), month(userId, JAN, 250)]),
    );
    expect(answers.map(({ outcome }) => outcome)).toEqual(["first", "first", "invalid"]);
    expect((await rowsOf(userId)).map((row) => row.amount)).toEqual([100]);
  });

  test("accounts that get the same step are answered each in its place, and a schedule goes to its account alone", async () => {
    const users = Array.from({ length: 5 }, () => freshUser("shared"));
    for (const userId of users) await member(userId);
    const [a, b, yearly, richer, c] = users as [string, string, string, string, string];
    const schedule = [{ month: 1, periodStart: at("2026-01-01T00:00:00.000Z"), periodEnd: FEB, amount: 100 }];
    const answers = await ledger.db.transaction((tx) =>
      settleAccounts(tx, JAN, [
        month(a, JAN, 100),
        month(b, JAN, 100, { membershipVersion: 9 }),
        month(yearly, JAN, 100, { schedule }),
        month(richer, JAN, 250),
        month(c, JAN, 100),
      ]),
    );
    expect(answers.map(({ outcome }) => outcome)).toEqual(["first", "stale", "first", "first", "first"]);
    const accounts = await ledger.db.transaction((tx) => getAccounts(tx, JAN, users));
    expect(accounts.map(({ balance }) => balance)).toEqual([100, 0, 100, 250, 100]);
    const months = await Promise.all(users.map((userId) => yearlyMonths(ledger.db, userId)));
    expect(months.map((of) => of.length)).toEqual([0, 0, 1, 0, 0]);
  });

  test("steps that differ in one moment alone are not the same step", async () => {
    const users = Array.from({ length: 5 }, () => freshUser("moment"));
    for (const userId of users) await member(userId);
    const [a, b, c, d, e] = users as [string, string, string, string, string];
    const plain = month(a, JAN, 100);
    const start = plain.period?.start ?? JAN;
    const end = plain.period?.end ?? FEB;
    const other = at("2026-01-20T00:00:00.000Z");
    const steps = [
      plain,
      month(b, JAN, 100, { period: { start: at("2026-01-05T00:00:00.000Z"), end } }),
      month(c, JAN, 100, { period: { start, end: other } }),
      month(d, JAN, 100, { dueAt: other }),
      month(e, JAN, 100, { nextResetAt: other }),
    ];
    await ledger.db.transaction((tx) => settleAccounts(tx, JAN, steps));
    const states = await ledger.db.transaction((tx) => claimAccounts(tx, JAN, users));
    const shown = await ledger.db.transaction((tx) => getAccounts(tx, JAN, users));
    for (const step of steps) {
      const state = states.find(({ userId }) => userId === step.userId);
      expect([state?.servedStart, state?.servedEnd, state?.dueAt]).toEqual([
        step.period?.start,
        step.period?.end,
        step.dueAt,
      ]);
      const account = shown.find(({ userId }) => userId === step.userId);
      expect(account?.allowance?.nextResetAt).toEqual(step.nextResetAt);
    }
  });

  test("due accounts are claimed in pages, and two sweeps do not take the same", async () => {
    const users = Array.from({ length: 5 }, () => freshUser("due"));
    for (const userId of users) await member(userId);
    const taken = await ledger.db.transaction(async (one) => {
      const first = await claimDue(one, JAN, 3);
      const second = await ledger.db.transaction((two) => claimDue(two, JAN, 1_000));
      return { first: first.map((row) => row.userId), second: second.map((row) => row.userId) };
    });
    expect(taken.first).toHaveLength(3);
    expect(taken.second.filter((userId) => taken.first.includes(userId))).toEqual([]);
    const states = await ledger.db.transaction((tx) => claimAccounts(tx, JAN, users));
    expect(states.map(({ userId, membershipVersion }) => [userId, membershipVersion])).toEqual(
      [...users].sort().map((userId) => [userId, 1]),
    );
  });
});
