// Rules that a planted fault could break without any other test noticing (test/mutations): boundaries, and what a batch may hide.
import { describe, expect, test } from "vitest";
import type { AllowanceStep } from "../src/domain/ledger/allowance.ts";
import type { SetPackageOperation } from "../src/domain/ledger/packages.ts";
import { applyMembership, checkAndResetUserCredits, openAccounts } from "../src/store/allowance.ts";
import {
  captureHolds,
  consumeCredits,
  grantCredits,
  holdCredits,
  purchasePackages,
  refundCredits,
  releaseHolds,
} from "../src/store/ledger.ts";
import { setPackages } from "../src/store/packages.ts";
import { getAccounts, listTransactions, usageSeries, yearlyMonths } from "../src/store/reads.ts";
import { checkCreditsSync, setLowBalanceThreshold, touchAccounts } from "../src/store/upkeep.ts";
import { at, done, freshUser, give, later, month, NOW, request, reserve, spend } from "./support/build.ts";
import { useLedgerDatabase } from "./support/ledger-database.ts";

const ledger = useLedgerDatabase();

async function typesOf(userId: string): Promise<string[]> {
  const rows = await ledger.db.transaction((tx) => listTransactions(tx, { userId, limit: 100 }));
  return rows.reverse().map((row) => row.type);
}

async function eventsOf(userId: string): Promise<{ type: string; payload: Record<string, unknown> }[]> {
  const rows = await ledger.owner.query<{ type: string; payload: string | Record<string, unknown> }>(
    "SELECT type, payload FROM outbox_event WHERE subject = ? ORDER BY id, place",
    [userId],
  );
  return rows.map(({ type, payload }) => ({
    type: type.split(".").at(-1) ?? "",
    payload: typeof payload === "string" ? JSON.parse(payload) : payload,
  }));
}

describe("holds", () => {
  test.each([
    [0, "invalid"],
    [1, "ok"],
    [86_400, "ok"],
    [86_401, "invalid"],
  ])("for %d seconds: %s", async (ttlSeconds, outcome) => {
    const userId = freshUser();
    const [answer] = await ledger.db.transaction(async (tx) => {
      await give(tx, userId, 5);
      return await holdCredits(tx, NOW, [{ userId, amount: 1, ttlSeconds, ...request() }]);
    });
    expect(answer?.outcome).toBe(outcome);
  });

  test("consume and hold have keys of their own", async () => {
    const userId = freshUser();
    const outcomes = await ledger.db.transaction(async (tx) => {
      await give(tx, userId, 5);
      return [
        ...(await consumeCredits(tx, NOW, [{ userId, amount: 1, ...request("same") }])),
        ...(await holdCredits(tx, NOW, [{ userId, amount: 1, ttlSeconds: 60, ...request("same") }])),
      ].map((answer) => answer.outcome);
    });
    expect(outcomes).toEqual(["ok", "ok"]);
  });

  test("nobody captures or releases a hold of somebody else", async () => {
    const [userId, stranger] = [freshUser(), freshUser()];
    const outcomes = await ledger.db.transaction(async (tx) => {
      await give(tx, userId, 5);
      const { holdId } = await reserve(tx, userId, 2);
      return [
        ...(await captureHolds(tx, NOW, [{ holdId, userId: stranger, ...request() }])),
        ...(await releaseHolds(tx, NOW, [{ holdId, userId: stranger, ...request() }])),
        ...(await captureHolds(tx, NOW, [{ holdId, userId, ...request() }])),
      ].map((answer) => answer.outcome);
    });
    expect(outcomes).toEqual(["hold_not_found", "hold_not_found", "ok"]);
  });

  test("a capture keeps its hold's metadata unless it brings its own", async () => {
    const userId = freshUser();
    const told = await ledger.db.transaction(async (tx) => {
      await give(tx, userId, 5);
      const [one, two] = [
        await reserve(tx, userId, 1, { metadata: { page: 1 } }),
        await reserve(tx, userId, 1, { metadata: { page: 2 } }),
      ];
      const answers = await captureHolds(tx, NOW, [
        { holdId: one.holdId, ...request() },
        { holdId: two.holdId, metadata: { page: "other" }, ...request() },
      ]);
      return answers.map((answer) => done(answer).transaction.metadata);
    });
    expect(told).toEqual([{ page: 1 }, { page: "other" }]);
  });

  test("of several holds made at once the first to end is freed first, and the later ones in their turn", async () => {
    const userId = freshUser();
    const written = await ledger.db.transaction(async (tx) => {
      await give(tx, userId, 12);
      const holds = [60, 10, 30].map((ttlSeconds) => ({ userId, amount: 3, ttlSeconds, ...request() }));
      await holdCredits(tx, NOW, holds);
      await reserve(tx, userId, 3, { ttlSeconds: 90 });
      const moments = [9_999, 10_000, 29_999, 30_000, 60_000, 90_000];
      const counts: number[] = [];
      for (const ms of moments) counts.push(await touchAccounts(tx, later(ms), [userId]));
      return counts;
    });
    expect(written).toEqual([0, 1, 0, 1, 1, 1]);
  });
});

describe("grants", () => {
  test("one that expires at this very moment is invalid", async () => {
    const userId = freshUser();
    const answers = await ledger.db.transaction((tx) =>
      grantCredits(
        tx,
        NOW,
        [0, 1].map((ms) => ({ userId, amount: 1, kind: "bonus" as const, expiresAt: later(ms), ...request() })),
      ),
    );
    expect(answers.map((answer) => answer.outcome)).toEqual(["invalid", "ok"]);
  });

  test("at the very moment of its expiry a spent grant takes no refund any more", async () => {
    const userId = freshUser();
    const row = await ledger.db.transaction(async (tx) => {
      await give(tx, userId, 5, { expiresAt: later(1_000) });
      const spent = await spend(tx, userId, 5);
      const [answer] = await refundCredits(tx, later(1_000), [{ transactionId: spent.id, ...request() }]);
      return done(answer).transaction;
    });
    expect(row.grantKind).toBe("refund");
  });

  test("the expiry of a spent grant is remembered while others lapse, because a refund opens it again", async () => {
    const userId = freshUser();
    await ledger.db.transaction(async (tx) => {
      await give(tx, userId, 5, { priority: 1, expiresAt: later(10_000) });
      await give(tx, userId, 5, { priority: 2, expiresAt: later(1_000) });
      const spent = await spend(tx, userId, 5);
      await touchAccounts(tx, later(2_000), [userId]);
      await refundCredits(tx, later(3_000), [{ transactionId: spent.id, ...request() }]);
      await touchAccounts(tx, later(10_000), [userId]);
    });
    expect(await typesOf(userId)).toEqual(["grant", "grant", "consume", "expire", "refund", "expire"]);
    // For good, unlike one that was spent.
    const states = await ledger.owner.query("SELECT DISTINCT state FROM credit_grants WHERE user_id = ?", [userId]);
    expect(states).toEqual([{ state: "ended" }]);
  });
});

describe("events", () => {
  test("tell what is available beside what is held, and which hold or consumption they are about", async () => {
    const userId = freshUser();
    const { hold, spent } = await ledger.db.transaction(async (tx) => {
      await give(tx, userId, 10);
      const made = await reserve(tx, userId, 4);
      const consumed = await spend(tx, userId, 1);
      await refundCredits(tx, NOW, [{ transactionId: consumed.id, ...request() }]);
      return { hold: made, spent: consumed };
    });
    const told = (await eventsOf(userId)).map(({ payload }) => {
      const { balance, held, available, transaction } = payload as Record<string, unknown> & {
        transaction: Record<string, unknown>;
      };
      return [balance, held, available, transaction["relatedId"]];
    });
    expect(told).toEqual([
      ["10", "0", "10", ""],
      ["10", "4", "6", hold.holdId],
      ["9", "4", "5", ""],
      ["10", "4", "6", spent.id],
    ]);
  });

  test("a batch that stays below the threshold says LowBalance once", async () => {
    const userId = freshUser();
    await ledger.db.transaction(async (tx) => {
      await setLowBalanceThreshold(tx, NOW, userId, 10);
      await give(tx, userId, 20);
      const amounts = [11, 1, 1];
      await consumeCredits(
        tx,
        NOW,
        amounts.map((amount) => ({ userId, amount, ...request() })),
      );
    });
    const types = (await eventsOf(userId)).map(({ type }) => type);
    expect(types.filter((type) => type === "LowBalance")).toHaveLength(1);
  });
});

describe("memberships", () => {
  const over = { tier: null, monthlyCredits: null, nextResetAt: null, dueAt: null };

  async function member(userId: string, activeUntil: Date | "open", ...steps: AllowanceStep[]): Promise<void> {
    await ledger.db.transaction(async (tx) => {
      await applyMembership(tx, NOW, [{ userId, version: 1, state: {}, activeUntil }]);
      for (const step of steps) await checkAndResetUserCredits(tx, NOW, [step]);
    });
  }

  test("an event that comes again in a call of its own changes nothing and makes nobody due", async () => {
    const userId = freshUser();
    await member(userId, "open", month(userId, NOW, 100));
    const again = { userId, version: 1, state: {}, activeUntil: "open" as const };
    const [answer] = await ledger.db.transaction((tx) => applyMembership(tx, later(1_000), [again]));
    expect(answer).toMatchObject({ outcome: "ignored", dueAt: at("2026-02-01T00:00:00.000Z") });
  });

  test.each([0, 7])(
    "an allowance brought from elsewhere counts as one, the %i that last beside it do not",
    async (lasts) => {
      const userId = freshUser();
      const period = { start: at("2026-01-01T00:00:00.000Z"), end: at("2026-02-01T00:00:00.000Z") };
      await ledger.db.transaction(async (tx) => {
        const parts = [
          { userId, part: "balance" as const, amount: lasts, ...request("b"), siblingKey: "a" },
          { userId, part: "allowance" as const, amount: 40, ...request("a"), siblingKey: "b", period, quota: 100 },
        ];
        for (const { outcome } of await openAccounts(tx, NOW, lasts > 0 ? parts : parts.slice(1))) {
          expect(outcome).toBe("ok");
        }
      });
      const [profile] = await ledger.owner.query(
        "SELECT balance, allowance_remaining, served_given FROM profiles WHERE user_id = ?",
        [userId],
      );
      expect(profile).toEqual({ balance: 40 + lasts, allowance_remaining: 40, served_given: 100 });
    },
  );

  test("an allowance that holds keep to the last credit is forfeited when they end", async () => {
    const userId = freshUser();
    await member(userId, "open", month(userId, NOW, 100));
    const { holdId } = await ledger.db.transaction(async (tx) => {
      const hold = await reserve(tx, userId, 100);
      const [forfeit] = await checkAndResetUserCredits(tx, NOW, [
        month(userId, NOW, 0, { action: "forfeit", ...over }),
      ]);
      expect(forfeit?.outcome).toBe("unchanged");
      return hold;
    });
    expect(await ledger.owner.query("SELECT state FROM credit_grants WHERE user_id = ?", [userId])).toEqual([
      { state: "ending" },
    ]);
    await ledger.db.transaction((tx) => releaseHolds(tx, NOW, [{ holdId, ...request() }]));
    expect(await typesOf(userId)).toEqual(["grant", "hold", "release", "expire"]);
  });

  test("a month of a yearly membership that was given keeps its worth after a downgrade", async () => {
    const userId = freshUser();
    const planned = (amount: number) =>
      month(userId, NOW, amount, {
        schedule: [0, 1].map((index) => ({
          month: index + 1,
          periodStart: new Date(Date.UTC(2026, index, 1)),
          periodEnd: new Date(Date.UTC(2026, index + 1, 1)),
          amount,
        })),
      });
    await member(userId, "open", planned(100), planned(40));
    const months = (await yearlyMonths(ledger.db, userId)).reverse();
    expect(months.map((row) => [row.status, row.amount])).toEqual([
      ["given", 100],
      ["scheduled", 40],
    ]);
  });

  test("a membership buys until the moment of its end, and a package expires after its days", async () => {
    const limited: SetPackageOperation = {
      code: "limited",
      name: "Thirty days",
      credits: 5,
      priceMinor: 1,
      currency: "EUR",
      validDays: 30,
      priority: 50,
      requiresMembership: true,
      active: true,
      actor: "root",
    };
    const [ends, lasts] = [freshUser(), freshUser()];
    for (const [userId, end] of [
      [ends, NOW],
      [lasts, later(1)],
    ] as const)
      await member(userId, end, month(userId, NOW, 0, { action: "none", ...over }));
    const answers = await ledger.db.transaction(async (tx) => {
      await setPackages(tx, NOW, [limited]);
      return await purchasePackages(
        tx,
        NOW,
        [ends, lasts].map((userId) => ({ userId, code: "limited", paymentReference: `edge-${userId}`, ...request() })),
      );
    });
    expect(answers.map((answer) => answer.outcome)).toEqual(["membership_required", "ok"]);
    const [account] = await ledger.db.transaction((tx) => getAccounts(tx, NOW, [lasts]));
    expect(account?.grants.map((grant) => grant.expiresAt)).toEqual([later(30 * 86_400_000)]);
  });
});

describe("CheckCreditsSync", () => {
  const row = "user_id, version, type, amount, balance_before, balance_after, held_change, held_after, status_after";
  const rest = "draws, reason, actor, operation, related_transaction_id, created_at";
  test.each([
    ["allowance_sum", "UPDATE profiles SET allowance_remaining = allowance_remaining + 1 WHERE user_id = ?"],
    [
      "ledger_chain",
      `INSERT INTO credit_transactions (${row}, ${rest})
       SELECT user_id, version + 1, 'adjust', 0, balance_after + 5, balance_after + 5, 0, held_after, 'active', '[]', 'x', 'x', 'x', NULL, created_at
         FROM credit_transactions WHERE user_id = ? AND type = 'consume'`,
    ],
    [
      "over_refunded",
      `INSERT INTO credit_transactions (${row}, ${rest})
       SELECT user_id, version + 1, 'refund', 3, balance_after, balance_after + 3, 0, held_after, 'active', '[]', 'x', 'x', 'x', id, created_at
         FROM credit_transactions WHERE user_id = ? AND type = 'consume'`,
    ],
  ])("finds %s", async (code, damage) => {
    const userId = freshUser();
    await ledger.db.transaction(async (tx) => {
      await give(tx, userId, 10);
      await spend(tx, userId, 2);
    });
    await ledger.owner.query(damage, [userId]);
    const [check] = await ledger.db.transaction((tx) => checkCreditsSync(tx, { userIds: [userId] }));
    expect(check?.problems.map((problem) => problem.code)).toContain(code);
  });
});

test("usage falls into the right bucket where buckets begin at half past the hour, as in Kolkata", async () => {
  const userId = freshUser();
  const edges = ["2026-01-09T18:30:00Z", "2026-01-10T18:30:00Z", "2026-01-11T18:30:00Z"].map(at);
  const rows = await ledger.db.transaction(async (tx) => {
    await give(tx, userId, 10, {}, at("2026-01-09T00:00:00Z"));
    await spend(tx, userId, 1, {}, at("2026-01-10T18:29:59.999Z"));
    await spend(tx, userId, 2, {}, at("2026-01-10T18:30:00.000Z"));
    return await usageSeries(tx, userId, edges);
  });
  expect(rows.map((row) => [row.bucket, row.consumed])).toEqual([
    [0, 1],
    [1, 2],
  ]);
});

test("no account with a malformed id can be written, not even by the schema's owner", async () => {
  const insert = (userId: string) =>
    ledger.owner.query("INSERT INTO profiles (user_id, created_at, last_at) VALUES (?, ?, ?)", [userId, NOW, NOW]);
  await expect(insert("no blanks")).rejects.toMatchObject({ sqlState: "45000" });
  await expect(insert("")).rejects.toMatchObject({ sqlState: "45000" });
  await expect(insert(freshUser())).resolves.toBeDefined();
});
