import { describe, expect, test } from "vitest";
import type { GrantOperation } from "../src/domain/ledger/corrections.ts";
import { consumeCredits, grantCredits } from "../src/store/ledger.ts";
import { getAccounts, listTransactions } from "../src/store/reads.ts";
import { checkCreditsSync, touchAccounts } from "../src/store/upkeep.ts";
import { done, freshUser, give, later, NOW, request, spend } from "./support/build.ts";
import { useLedgerDatabase } from "./support/ledger-database.ts";

const ledger = useLedgerDatabase(40);

describe("ConsumeCredits", () => {
  test("draws by priority, then soonest expiry, then age", async () => {
    const userId = freshUser();
    const rows = await ledger.db.transaction(async (tx) => {
      const late = await give(tx, userId, 5, { priority: 50 });
      const never = await give(tx, userId, 5, { priority: 20 });
      const soon = await give(tx, userId, 5, { priority: 20, expiresAt: later(2_000) });
      const sooner = await give(tx, userId, 5, { priority: 20, expiresAt: later(1_000) });
      const younger = await give(tx, userId, 5, { priority: 20 });
      const spent = await spend(tx, userId, 22);
      return { order: [sooner, soon, never, younger, late].map((row) => row.grantId), spent };
    });
    expect(rows.spent.draws.map((draw) => [draw.grantId, draw.change])).toEqual(
      rows.order.map((grantId, index) => [grantId, index === 4 ? -2 : -5]),
    );
  });

  test("judges a batch in order, and what does not fit does not count against smaller ones behind it", async () => {
    const userId = freshUser();
    const answers = await ledger.db.transaction(async (tx) => {
      await give(tx, userId, 10);
      const amounts = [4, 7, 3, 4, 3, 1];
      return await consumeCredits(
        tx,
        NOW,
        amounts.map((amount) => ({ userId, amount, ...request() })),
      );
    });
    expect(answers.map((answer) => answer.outcome)).toEqual([
      "ok",
      "insufficient_credits",
      "ok",
      "insufficient_credits",
      "ok",
      "insufficient_credits",
    ]);
    expect(answers[1]).toMatchObject({ required: 7, available: 6, shortfall: 1 });
    expect(answers[3]).toMatchObject({ required: 4, available: 3, shortfall: 1 });
    expect(answers[5]).toMatchObject({ required: 1, available: 0, shortfall: 1 });
  });

  test("a batch of falling misfits ends and answers each", async () => {
    const userId = freshUser();
    const answers = await ledger.db.transaction(async (tx) => {
      await give(tx, userId, 30);
      const amounts = Array.from({ length: 30 }, (_, index) => [1, 30 - index]).flat();
      return await consumeCredits(
        tx,
        NOW,
        amounts.map((amount) => ({ userId, amount, ...request() })),
      );
    });
    const spent = answers.flatMap((answer) => (answer.outcome === "ok" ? [done(answer).transaction.amount] : []));
    expect(spent.reduce((sum, amount) => sum + amount, 0)).toBe(-30);
  });

  test("one consumption out of 200 grants keeps every draw (MySQL cuts GROUP_CONCAT at 1,024 bytes by default)", async () => {
    const userId = freshUser();
    const row = await ledger.db.transaction(async (tx) => {
      const grant = (): GrantOperation => ({ userId, amount: 3, kind: "bonus", ...request() });
      await grantCredits(tx, NOW, Array.from({ length: 200 }, grant));
      return await spend(tx, userId, 599);
    });
    expect(row.draws).toHaveLength(200);
    expect(row.draws.reduce((sum, draw) => sum + draw.change, 0)).toBe(-599);
    const checks = await ledger.db.transaction((tx) => checkCreditsSync(tx, { userIds: [userId] }));
    expect(checks[0]?.problems).toEqual([]);
  });

  test("accounts are told apart byte for byte, and so are keys", async () => {
    const userId = freshUser("Case");
    const answers = await ledger.db.transaction(async (tx) => {
      await give(tx, userId, 5);
      return await consumeCredits(tx, NOW, [
        { userId: userId.toLowerCase(), amount: 1, ...request("K") },
        { userId, amount: 1, ...request("K") },
        { userId, amount: 1, ...request("k") },
      ]);
    });
    expect(answers.map((answer) => answer.outcome)).toEqual(["insufficient_credits", "ok", "ok"]);
  });

  test.each([
    ["a name too long", "x".repeat(129)],
    ["a blank in the name", "no blanks"],
    ["an empty name", ""],
  ])("%s is invalid and reaches no account", async (_, userId) => {
    const [answer] = await ledger.db.transaction((tx) =>
      consumeCredits(tx, NOW, [{ userId, amount: 1, ...request() }]),
    );
    expect(answer).toMatchObject({ outcome: "invalid", account: null });
  });

  test.each([0, -1, 1_000_001])("an amount of %d is invalid", async (amount) => {
    const userId = freshUser();
    const [answer] = await ledger.db.transaction((tx) => consumeCredits(tx, NOW, [{ userId, amount, ...request() }]));
    expect(answer?.outcome).toBe("invalid");
  });
});

describe("idempotency", () => {
  test("the same request replays the first answer, another under the key is refused, and a refusal is judged again", async () => {
    const userId = freshUser();
    const key = request("same");
    const [first, second, other] = await ledger.db.transaction(async (tx) => {
      const refused = await consumeCredits(tx, NOW, [{ userId, amount: 2, ...key }]);
      expect(refused[0]?.outcome).toBe("insufficient_credits");
      await give(tx, userId, 10);
      const ok = await consumeCredits(tx, NOW, [{ userId, amount: 2, ...key }]);
      await spend(tx, userId, 1);
      const again = await consumeCredits(tx, later(5_000), [{ userId, amount: 2, ...key }]);
      const reused = await consumeCredits(tx, NOW, [{ userId, amount: 2, ...key, requestHash: "another" }]);
      return [ok[0], again[0], reused[0]];
    });
    expect(first?.outcome).toBe("ok");
    expect(second?.outcome).toBe("replayed");
    expect(done(second).transaction).toEqual(done(first).transaction);
    expect(done(second).account).toEqual(done(first).account);
    expect(other?.outcome).toBe("idempotency_key_reused");
  });

  test("two accounts may use the same key", async () => {
    const [one, two] = [freshUser(), freshUser()];
    const answers = await ledger.db.transaction(async (tx) => {
      await give(tx, one, 5);
      await give(tx, two, 5);
      return await consumeCredits(
        tx,
        NOW,
        [one, two].map((userId) => ({ userId, amount: 1, ...request("shared") })),
      );
    });
    expect(answers.map((answer) => answer.outcome)).toEqual(["ok", "ok"]);
  });

  test("100 concurrent copies of one request make one row", async () => {
    const userId = freshUser();
    await ledger.db.transaction((tx) => give(tx, userId, 1_000));
    const operation = { userId, amount: 7, ...request("copies") };
    const copies = Array.from({ length: 100 }, () =>
      ledger.db.transaction((tx) => consumeCredits(tx, NOW, [operation])),
    );
    const outcomes = (await Promise.all(copies)).map(([answer]) => answer);
    expect(outcomes.filter((answer) => answer?.outcome === "ok")).toHaveLength(1);
    expect(outcomes.filter((answer) => answer?.outcome === "replayed")).toHaveLength(99);
    expect(new Set(outcomes.map((answer) => done(answer).transaction.id)).size).toBe(1);
    const [account] = await ledger.db.transaction((tx) => getAccounts(tx, NOW, [userId]));
    expect(account).toMatchObject({ balance: 993, version: 2 });
  });

  test("concurrent batches over the same accounts in opposite order all succeed and nothing is lost", async () => {
    const users = Array.from({ length: 20 }, () => freshUser());
    const batch = (order: string[]) =>
      ledger.db.transaction((tx) =>
        consumeCredits(
          tx,
          NOW,
          order.map((userId) => ({ userId, amount: 1, ...request() })),
        ),
      );
    await ledger.db.transaction(async (tx) => {
      await grantCredits(
        tx,
        NOW,
        users.map((userId) => ({ userId, amount: 30, kind: "bonus", ...request() })),
      );
    });
    const batches = Array.from({ length: 40 }, (_, index) => batch(index % 2 === 0 ? users : [...users].reverse()));
    const answers = (await Promise.all(batches)).flat();
    expect(answers.filter((answer) => answer.outcome === "ok")).toHaveLength(600);
    const checks = await ledger.db.transaction((tx) => checkCreditsSync(tx, { userIds: users }));
    expect(checks.map(({ balance, problems }) => [balance, problems])).toEqual(users.map(() => [0, []]));
  });
});

describe("expiry", () => {
  test("an expired grant lapses on touch, with its own row, before the consumption", async () => {
    const userId = freshUser();
    const rows = await ledger.db.transaction(async (tx) => {
      await give(tx, userId, 5, { expiresAt: later(1_000) });
      await give(tx, userId, 5);
      const [refused] = await consumeCredits(tx, later(1_000), [{ userId, amount: 6, ...request() }]);
      expect(refused).toMatchObject({ outcome: "insufficient_credits", available: 5 });
      return await listTransactions(tx, { userId, limit: 10 });
    });
    expect(rows.map((row) => [row.type, row.amount, row.balanceAfter])).toEqual([
      ["expire", -5, 5],
      ["grant", 5, 10],
      ["grant", 5, 5],
    ]);
  });

  test("a millisecond before its expiry a grant is still spent", async () => {
    const userId = freshUser();
    const row = await ledger.db.transaction(async (tx) => {
      await give(tx, userId, 5, { expiresAt: later(1_000) });
      return await spend(tx, userId, 5, {}, later(999));
    });
    expect(row.balanceAfter).toBe(0);
  });

  test("touching twice lapses once", async () => {
    const userId = freshUser();
    const written = await ledger.db.transaction(async (tx) => {
      await give(tx, userId, 5, { expiresAt: later(1_000) });
      return [await touchAccounts(tx, later(2_000), [userId]), await touchAccounts(tx, later(2_000), [userId])];
    });
    expect(written).toEqual([1, 0]);
  });
});
