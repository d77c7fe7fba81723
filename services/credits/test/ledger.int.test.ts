// What must hold of the ledger itself: nobody edits it, every row has its event, differences are found, the past is told.
import { fromJson } from "@bufbuild/protobuf";
import { type CreditsChanged, CreditsChangedSchema, LowBalanceSchema } from "@stipend/proto/events/credits/v1/events";
import { describe, expect, test } from "vitest";
import { applyMembership, checkAndResetUserCredits } from "../src/store/allowance.ts";
import { adjustCredits, refundCredits, setAccountStatus } from "../src/store/ledger.ts";
import { explain, listTransactions, streamTransactions, usageSeries } from "../src/store/reads.ts";
import { checkCreditsSync, rejectUsage, setLowBalanceThreshold } from "../src/store/upkeep.ts";
import { at, freshUser, give, later, month, NOW, request, reserve, spend } from "./support/build.ts";
import { useLedgerDatabase } from "./support/ledger-database.ts";

const ledger = useLedgerDatabase();

interface OutboxRow {
  readonly type: string;
  readonly payload: unknown;
}

async function outboxOf(userId: string): Promise<{ type: string; payload: never }[]> {
  const rows = await ledger.owner.query<OutboxRow>(
    "SELECT type, payload FROM outbox_event WHERE subject = ? ORDER BY id, place",
    [userId],
  );
  return rows.map(({ type, payload }) => ({
    type: type.split(".").at(-1) ?? "",
    payload: (typeof payload === "string" ? JSON.parse(payload) : payload) as never,
  }));
}

describe("append-only", () => {
  test.each([
    "UPDATE credit_transactions SET amount = amount + 1",
    "DELETE FROM credit_transactions",
    "INSERT INTO credit_transactions (user_id) VALUES ('x')",
    "SELECT * FROM profiles",
    "UPDATE profiles SET balance = 1000000",
    "UPDATE credit_transaction_list SET amount = 1",
    "DELETE FROM credit_hold_list",
    "TRUNCATE TABLE credit_transactions",
    "DROP TRIGGER credit_transactions_no_update",
  ])("the service's own user is refused: %s", async (statement) => {
    await expect(ledger.db.query(statement)).rejects.toThrow(/denied|not updatable/i);
  });

  test.each(["UPDATE credit_transactions SET reason = 'x'", "DELETE FROM credit_transactions"])(
    "the owner is refused by the trigger: %s",
    async (statement) => {
      await ledger.db.transaction((tx) => give(tx, freshUser(), 1));
      await expect(ledger.owner.query(statement)).rejects.toThrow(/append-only/);
    },
  );
});

describe("events", () => {
  test("each row writes one CreditsChanged that says the state after it, versions without gaps", async () => {
    const userId = freshUser();
    await ledger.db.transaction(async (tx) => {
      await applyMembership(tx, NOW, [{ userId, version: 1, state: {}, activeUntil: "open" }]);
      await checkAndResetUserCredits(tx, NOW, [month(userId, NOW, 250)]);
      const spent = await spend(tx, userId, 3, {
        reason: 'a "quoted" «reason»',
        feature: "rewrite",
        traceparent: "00-aa-bb-01",
      });
      await refundCredits(tx, NOW, [{ transactionId: spent.id, amount: 1, ...request() }]);
      await reserve(tx, userId, 5);
      await setAccountStatus(tx, NOW, [{ userId, action: "freeze", ...request() }]);
    });
    const rows = await ledger.db.transaction((tx) => listTransactions(tx, { userId, limit: 100 }));
    const events = (await outboxOf(userId)).filter(({ type }) => type === "CreditsChanged");
    const decoded: CreditsChanged[] = events.map(({ payload }) => fromJson(CreditsChangedSchema, payload));
    expect(decoded.map((event) => Number(event.version))).toEqual([1, 2, 3, 4, 5]);
    const told = decoded.map((event) => [
      event.transaction?.id,
      event.transaction?.type,
      Number(event.transaction?.amount),
      Number(event.balance),
      Number(event.held),
      event.transaction?.reason,
    ]);
    expect(told).toEqual(
      rows.reverse().map((row) => [row.id, row.type, row.amount, row.balanceAfter, row.heldAfter, row.reason]),
    );
    expect(decoded.map((event) => Number(event.allowance?.remaining))).toEqual([250, 247, 248, 248, 248]);
    expect(decoded[1]?.transaction).toMatchObject({ feature: "rewrite", reason: 'a "quoted" «reason»', grantKind: "" });
    const [outbox] = await ledger.owner.query<{ traceparent: string }>(
      "SELECT traceparent FROM outbox_event WHERE subject = ? AND traceparent IS NOT NULL",
      [userId],
    );
    expect(outbox?.traceparent).toBe("00-aa-bb-01");
  });

  test("LowBalance when the threshold is crossed downward, LowBalanceRecovered upward, once each", async () => {
    const userId = freshUser();
    await ledger.db.transaction(async (tx) => {
      await setLowBalanceThreshold(tx, NOW, userId, 10);
      await give(tx, userId, 30);
      await spend(tx, userId, 20);
      await spend(tx, userId, 1);
      await spend(tx, userId, 1);
      await give(tx, userId, 1);
      await give(tx, userId, 1);
      await reserve(tx, userId, 1);
    });
    const events = await outboxOf(userId);
    expect(events.map(({ type }) => type).filter((type) => type !== "CreditsChanged")).toEqual([
      "LowBalance",
      "LowBalanceRecovered",
      "LowBalance",
    ]);
    const low = events.find(({ type }) => type === "LowBalance");
    if (low === undefined) throw new Error("no LowBalance");
    const event = fromJson(LowBalanceSchema, low.payload);
    expect([event.available, event.threshold, event.version].map(Number)).toEqual([9, 10, 3]);
  });

  test("an admin's operation leaves an audit event in the transaction of the change, with before and after", async () => {
    const userId = freshUser();
    const audit = (id: string) => ({
      id,
      actor: "root",
      roles: ["admin"],
      action: "credits.adjust",
      reason: "Grüße",
      ip: "10.0.0.1",
    });
    await ledger.db.transaction(async (tx) => {
      await give(tx, userId, 30);
      await adjustCredits(tx, NOW, [{ userId, amount: -5, ...request("once"), audit: audit("a1") }]);
      await adjustCredits(tx, NOW, [{ userId, amount: -5, ...request("once"), audit: audit("a2") }]);
    });
    const audits = (await outboxOf(userId)).filter(({ type }) => type === "AdminActionRecorded");
    expect(audits).toHaveLength(1);
    const told: { before: string; after: string } = audits[0]?.payload ?? { before: "{}", after: "{}" };
    expect(told).toMatchObject({
      id: "a1",
      actor: "root",
      target: userId,
      reason: "Grüße",
      ip: "10.0.0.1",
      service: "credits",
    });
    expect(JSON.parse(told.before)).toMatchObject({ balance: 30, version: 1 });
    expect(JSON.parse(told.after)).toMatchObject({ amount: -5, balance: 25, version: 2 });
  });

  test("use that can't be charged is answered by UsageRejected", async () => {
    const userId = freshUser();
    const rejected = {
      usageId: "u1",
      userId,
      feature: "ocr",
      amount: 5,
      code: "insufficient_credits",
      detail: "2 missing",
    };
    await ledger.db.transaction((tx) => rejectUsage(tx, NOW, [rejected]));
    expect((await outboxOf(userId)).map(({ type }) => type)).toEqual(["UsageRejected"]);
  });
});

/** An entry of -5 with one draw, as no procedure would write it. */
const posted = (userId: string, change: number, grantId: string) =>
  ledger.owner.transaction(async (tx) => {
    await tx.call("LockAccounts", NOW, [userId]);
    await tx.query(
      "INSERT INTO w_entry (seq, user_id, type, amount, operation, own_key) VALUES (1, ?, 'adjust', ?, 'adjust', UUID())",
      [userId, -5],
    );
    await tx.query(
      "INSERT INTO w_draw (seq, place, grant_id, kind, change_by, reserve) VALUES (1, 1, ?, 'bonus', ?, 0)",
      [grantId, change],
    );
    await tx.call("LedgerBook", NOW);
  });

describe("the posting refuses", () => {
  test.each([
    ["a draw from the grant of another account", "another's", -5],
    ["a draw from a grant that is not there", "nobody's", -5],
    ["an entry that is not the sum of its draws", "own", -4],
  ])("%s", async (_, whose, change) => {
    const [userId, other] = [freshUser("own"), freshUser("stranger")];
    const grants = await ledger.db.transaction(async (tx) => [await give(tx, userId, 9), await give(tx, other, 9)]);
    const [own = "", foreign = ""] = grants.map(({ grantId }) => grantId ?? "");
    // A CHECK refuses a sum that is wrong: MySQL says 3819, MariaDB 4025. 1644: the procedure says so itself.
    const refusals = whose === "own" ? [3819, 4025] : [1644];
    const refusal = { errno: expect.toSatisfy((errno) => refusals.includes(errno)) };
    const grantId = { own, "another's": foreign, "nobody's": "999999999999" }[whose] ?? "";
    await expect(posted(userId, change, grantId)).rejects.toMatchObject(refusal);
    await posted(userId, -5, own);
    const checks = await ledger.db.transaction((tx) => checkCreditsSync(tx, { userIds: [userId, other] }));
    expect(checks.map(({ balance, problems }) => [balance, problems])).toEqual([
      [4, []],
      [9, []],
    ]);
  });
});

describe("CheckCreditsSync", () => {
  const damages: [string, string][] = [
    ["grants_sum", "UPDATE credit_grants SET remaining = remaining - 1 WHERE user_id = ? AND remaining > 1"],
    ["grant_draws", "UPDATE credit_grants SET remaining = remaining - 1 WHERE user_id = ? AND remaining > 1"],
    ["ledger_sum", "UPDATE profiles SET balance = balance + 1 WHERE user_id = ?"],
    ["ledger_last", "UPDATE profiles SET balance = balance + 1 WHERE user_id = ?"],
    ["held_sum", "UPDATE credit_holds SET amount = amount + 1 WHERE user_id = ?"],
    ["reserved_sum", "UPDATE credit_grants SET reserved = reserved + 1 WHERE user_id = ?"],
    ["ledger_gap", "UPDATE profiles SET version = version + 1 WHERE user_id = ?"],
  ];
  test.each(damages)("finds %s after: %s", async (code, damage) => {
    const userId = freshUser();
    await ledger.db.transaction(async (tx) => {
      await give(tx, userId, 10);
      await reserve(tx, userId, 2);
    });
    await ledger.owner.query(damage, [userId]);
    const [check] = await ledger.db.transaction((tx) => checkCreditsSync(tx, { userIds: [userId] }));
    expect(check?.problems.map((problem) => problem.code)).toContain(code);
  });

  test("finds grants that changed hands, though every sum is right", async () => {
    const [one, two] = [freshUser("one"), freshUser("two")];
    const grants = await ledger.db.transaction(async (tx) => [await give(tx, one, 7), await give(tx, two, 7)]);
    for (const [owner, grant] of [
      ["nobody", grants[0]],
      [one, grants[1]],
      [two, grants[0]],
    ] as const) {
      await ledger.owner.query("UPDATE credit_grants SET user_id = ? WHERE id = ?", [owner, grant?.grantId]);
    }
    const checks = await ledger.db.transaction((tx) => checkCreditsSync(tx, { userIds: [one, two] }));
    expect(checks.map(({ problems }) => problems)).toEqual([
      [{ code: "grant_draws", expected: 0, actual: 1 }],
      [{ code: "grant_draws", expected: 0, actual: 1 }],
    ]);
  });

  test("walks a range in byte order", async () => {
    const users = ["B-range", "a-range", "C-range"];
    await ledger.db.transaction(async (tx) => {
      for (const userId of users) await give(tx, userId, 1);
    });
    const page = await ledger.db.transaction((tx) => checkCreditsSync(tx, { afterUserId: "B-range", limit: 1 }));
    expect(page.map(({ userId, problems }) => [userId, problems])).toEqual([["C-range", []]]);
  });
});

describe("reading the past", () => {
  test("explain tells what the balance was made of at any moment", async () => {
    const userId = freshUser();
    await ledger.db.transaction(async (tx) => {
      await give(tx, userId, 10);
      await give(tx, userId, 5, { priority: 1 }, later(1_000));
      await spend(tx, userId, 7, {}, later(2_000));
      await reserve(tx, userId, 3, {}, later(3_000));
    });
    const told = await ledger.db.transaction(async (tx) => {
      const moments = [-1, 0, 1_500, 2_000, 9_000];
      const answers = [];
      for (const ms of moments) answers.push(await explain(tx, userId, later(ms)));
      return answers;
    });
    expect(
      told.map((moment) => [
        moment?.version,
        moment?.balance,
        moment?.held,
        moment?.grants.map((grant) => grant.remaining),
      ]),
    ).toEqual([
      [0, 0, 0, []],
      [1, 10, 0, [10]],
      [2, 15, 0, [5, 10]],
      [3, 8, 0, [8]],
      [4, 8, 3, [8]],
    ]);
    expect(await ledger.db.transaction((tx) => explain(tx, "nobody-at-all", NOW))).toBeNull();
  });

  test("the clock of an account never goes back", async () => {
    const userId = freshUser();
    const row = await ledger.db.transaction(async (tx) => {
      await give(tx, userId, 10, {}, later(60_000));
      return await spend(tx, userId, 1, {}, NOW);
    });
    expect(row.createdAt).toEqual(later(60_000));
  });

  test("pages stay right while rows are added, and filters hold", async () => {
    const userId = freshUser();
    await ledger.db.transaction(async (tx) => {
      await give(tx, userId, 100);
      for (let index = 0; index < 5; index += 1) await spend(tx, userId, 1, {}, later(index * 1_000));
    });
    const pages = await ledger.db.transaction(async (tx) => {
      const first = await listTransactions(tx, { userId, limit: 2 });
      await spend(tx, userId, 1, {}, later(9_000));
      const second = await listTransactions(tx, { userId, limit: 2, beforeVersion: first.at(-1)?.version });
      const some = await listTransactions(tx, {
        userId,
        limit: 100,
        types: ["consume"],
        from: later(1_000),
        to: later(3_000),
      });
      return [first, second, some].map((rows) => rows.map((row) => row.version));
    });
    expect(pages).toEqual([
      [6, 5],
      [4, 3],
      [4, 3],
    ]);
    const streamed: number[] = [];
    for await (const row of streamTransactions(ledger.db, { userId, types: ["grant", "consume"], to: later(1_000) }))
      streamed.push(row.version);
    expect(streamed).toEqual([1, 2]);
  });

  test("usage by buckets and features counts each row in exactly one bucket", async () => {
    const userId = freshUser();
    // The hour that a clock in Berlin repeats: edges in UTC know no such trouble.
    const edges = ["2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z", "2026-10-25T03:00:00Z"].map(
      at,
    );
    await ledger.db.transaction(async (tx) => {
      await give(tx, userId, 100, {}, at("2026-10-24T00:00:00Z"));
      await spend(tx, userId, 1, { feature: "a" }, at("2026-10-24T23:59:59.999Z"));
      await spend(tx, userId, 2, { feature: "a" }, at("2026-10-25T00:00:00.000Z"));
      await spend(tx, userId, 4, { feature: "a" }, at("2026-10-25T00:59:59.999Z"));
      const spent = await spend(tx, userId, 8, {}, at("2026-10-25T01:00:00.000Z"));
      await refundCredits(tx, at("2026-10-25T02:59:59.999Z"), [{ transactionId: spent.id, ...request() }]);
      await spend(tx, userId, 16, { feature: "b" }, at("2026-10-25T03:00:00.000Z"));
    });
    const rows = await ledger.db.transaction((tx) => usageSeries(tx, userId, edges));
    expect(rows.map((row) => [row.bucket, row.feature, row.consumed, row.refunded, row.operations])).toEqual([
      [0, "a", 6, 0, 2],
      [1, null, 8, 0, 1],
      [2, null, 0, 8, 0],
    ]);
  });
});
