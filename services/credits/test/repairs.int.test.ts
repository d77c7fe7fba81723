// Whatever the schema's owner did to an account: one call makes its books agree again, by a row that says so.
import type { Database } from "@stipend/platform/mysql/database";
import { describe, expect, test } from "vitest";
import type { RepairPlan } from "../src/domain/repairs.ts";
import { applyMembership, checkAndResetUserCredits } from "../src/store/allowance.ts";
import { adjustCredits, captureHolds, refundCredits, setAccountStatus } from "../src/store/ledger.ts";
import { explain, getAccounts, listTransactions } from "../src/store/reads.ts";
import { planRepairs, repairAccounts } from "../src/store/repairs.ts";
import { checkCreditsSync, touchAccounts } from "../src/store/upkeep.ts";
import { done, freshUser, give, later, month, NOW, request, reserve, spend } from "./support/build.ts";
import { tamper } from "./support/damage.ts";
import { useLedgerDatabase } from "./support/ledger-database.ts";

const ledger = useLedgerDatabase();

const problemsOf = async (userId: string) => {
  const [check] = await ledger.db.transaction((tx) => checkCreditsSync(tx, { userIds: [userId] }));
  return check?.problems.map(({ code }) => code) ?? [];
};
const planOf = async (userId: string): Promise<RepairPlan | undefined> =>
  (await ledger.db.transaction((tx) => planRepairs(tx, [userId])))[0];
/** What is proposed; of an account with nothing to repair, a proposal that nobody made. */
const proposalOf = async (userId: string) => (await planOf(userId))?.proposal ?? "none";
const repair = async (userId: string, proposal?: string, key = request()) => {
  const chosen = proposal ?? (await proposalOf(userId));
  const [result] = await ledger.db.transaction((tx) =>
    repairAccounts(tx, later(60_000), [{ userId, proposal: chosen, ...key }]),
  );
  return result;
};
const rowsOf = (userId: string) => ledger.db.transaction((tx) => listTransactions(tx, { userId, limit: 100 }));
const accountOf = async (userId: string) => {
  const [account] = await ledger.db.transaction((tx) => getAccounts(tx, NOW, [userId]));
  if (account === undefined) throw new Error("there is an account");
  return account;
};

/** 250 of an allowance and 40 of a bonus; 20 spent, 5 of them given back, 10 frozen and thawed, 30 held. */
async function livelyAccount(userId = freshUser("broken")): Promise<string> {
  await ledger.db.transaction(async (tx) => {
    await applyMembership(tx, NOW, [{ userId, version: 1, state: {}, activeUntil: "open" }]);
    await checkAndResetUserCredits(tx, NOW, [month(userId, NOW, 250)]);
    await give(tx, userId, 40);
    const spent = await spend(tx, userId, 20);
    await refundCredits(tx, NOW, [{ transactionId: spent.id, amount: 5, ...request() }]);
    await reserve(tx, userId, 30, { ttlSeconds: 3_600 });
  });
  return userId;
}

/** The draw of a row, as JSON. */
const draw = (grant: unknown, change: number, reserved = 0, kind = "allowance") =>
  JSON.stringify([{ g: Number(grant), k: kind, c: change, r: reserved }]);

interface Told {
  readonly owner: Database;
  readonly userId: string;
  /** Of the allowance. */
  readonly grantId: string;
  /** Of the consumption of 20. */
  readonly spentId: string;
}

/** A row that no procedure wrote; version 6. */
const forge = (
  { owner, userId }: Told,
  row: { type: string; amount: number; before?: number; held?: number; draws: string; related?: string },
) =>
  owner.query(
    `INSERT INTO credit_transactions (user_id, version, type, amount, balance_before, balance_after, held_change, held_after, status_after, draws, reason,
       actor, operation, related_transaction_id, created_at) VALUES (?, 6, ?, ?, ?, ?, 0, ?, 'active', ?, 'forged', 'nobody', 'forged', ?, '2026-01-10 12:00:00')`,
    [
      userId,
      row.type,
      row.amount,
      row.before ?? 275,
      (row.before ?? 275) + row.amount,
      row.held ?? 30,
      row.draws,
      row.related ?? null,
    ],
  );

interface Damage {
  readonly name: string;
  readonly codes: readonly string[];
  readonly restates: boolean;
  /** What the customer has afterwards, if not 275, 30 of them held; and what the row says of the change. */
  readonly balance?: number;
  readonly held?: number;
  readonly amount?: number;
  readonly newGrant?: number;
  readonly plant: (told: Told) => Promise<unknown>;
}

const set = (what: string) => async (told: Told) => await told.owner.query(what, [told.userId]);
const LEDGER_WHOLE = false;
const LEDGER_DAMAGED = true;

const DAMAGES: readonly Damage[] = [
  {
    name: "a balance that was raised by hand",
    codes: ["grants_sum", "ledger_sum", "ledger_last"],
    restates: LEDGER_WHOLE,
    plant: set("UPDATE profiles SET balance = balance + 1000 WHERE user_id = ?"),
  },
  {
    name: "a balance that was lowered by hand",
    codes: ["grants_sum", "ledger_sum", "ledger_last"],
    restates: LEDGER_WHOLE,
    plant: set("UPDATE profiles SET balance = 235 WHERE user_id = ?"),
  },
  {
    name: "held credits forgotten by the account",
    codes: ["reserved_sum", "held_sum", "ledger_last"],
    restates: LEDGER_WHOLE,
    plant: set("UPDATE profiles SET held = 0 WHERE user_id = ?"),
  },
  {
    name: "a status that no row set",
    codes: ["ledger_last"],
    restates: LEDGER_WHOLE,
    plant: set("UPDATE profiles SET status = 'frozen' WHERE user_id = ?"),
  },
  {
    name: "an allowance that is not the sum of its grants",
    codes: ["allowance_sum"],
    restates: LEDGER_WHOLE,
    plant: set("UPDATE profiles SET allowance_remaining = 100 WHERE user_id = ?"),
  },
  {
    name: "a version that was set back",
    codes: ["ledger_gap"],
    restates: LEDGER_WHOLE,
    plant: set("UPDATE profiles SET version = 3 WHERE user_id = ?"),
  },
  {
    name: "a version that no row has",
    codes: ["ledger_gap"],
    restates: LEDGER_DAMAGED,
    plant: set("UPDATE profiles SET version = 9 WHERE user_id = ?"),
  },
  {
    name: "a grant with more than was drawn",
    codes: ["grants_sum", "grant_draws"],
    restates: LEDGER_WHOLE,
    plant: set("UPDATE credit_grants SET remaining = remaining + 7 WHERE user_id = ? AND kind = 'bonus'"),
  },
  {
    name: "credits moved from one grant to another",
    codes: ["grant_draws"],
    restates: LEDGER_WHOLE,
    plant: async ({ owner, userId }) => {
      await owner.query("UPDATE credit_grants SET remaining = remaining + 9 WHERE user_id = ? AND kind = 'bonus'", [
        userId,
      ]);
      await owner.query("UPDATE credit_grants SET remaining = remaining - 9 WHERE user_id = ? AND kind = 'allowance'", [
        userId,
      ]);
    },
  },
  {
    name: "a reserve that no hold keeps",
    codes: ["reserved_sum", "grant_draws"],
    restates: LEDGER_WHOLE,
    plant: set("UPDATE credit_grants SET reserved = reserved + 3 WHERE user_id = ? AND kind = 'bonus'"),
  },
  {
    name: "a grant with credits that is marked as spent",
    codes: ["grants_sum"],
    restates: LEDGER_WHOLE,
    plant: set("UPDATE credit_grants SET state = 'spent' WHERE user_id = ? AND kind = 'bonus'"),
  },
  {
    name: "a grant that no row gave",
    codes: ["grants_sum"],
    restates: LEDGER_WHOLE,
    plant: set(
      `INSERT INTO credit_grants (user_id, origin_version, kind, amount, remaining, priority, created_at)
       VALUES (?, 99, 'bonus', 500, 500, 1, '2026-01-01')`,
    ),
  },
  {
    name: "a grant that is gone",
    codes: ["grants_sum", "grant_draws"],
    restates: LEDGER_DAMAGED,
    newGrant: 40,
    plant: set("DELETE FROM credit_grants WHERE user_id = ? AND kind = 'bonus'"),
  },
  {
    name: "a grant that is gone, with what a hold kept of it",
    codes: ["grants_sum", "reserved_sum", "allowance_sum", "grant_draws"],
    restates: LEDGER_DAMAGED,
    newGrant: 235,
    held: 0,
    plant: set("DELETE FROM credit_grants WHERE user_id = ? AND kind = 'allowance'"),
  },
  {
    name: "a grant that went to somebody else",
    codes: ["grants_sum", "grant_draws"],
    restates: LEDGER_DAMAGED,
    newGrant: 40,
    plant: set("UPDATE credit_grants SET user_id = CONCAT('thief-', user_id) WHERE user_id = ? AND kind = 'bonus'"),
  },
  {
    name: "a hold of another amount",
    codes: ["held_sum"],
    restates: LEDGER_WHOLE,
    plant: set("UPDATE credit_holds SET amount = 31 WHERE user_id = ?"),
  },
  {
    name: "a hold that was ended by hand",
    codes: ["held_sum"],
    restates: LEDGER_WHOLE,
    plant: set("UPDATE credit_holds SET status = 'released' WHERE user_id = ?"),
  },
  {
    name: "a hold that is gone",
    codes: ["held_sum"],
    restates: LEDGER_WHOLE,
    plant: set("DELETE FROM credit_holds WHERE user_id = ?"),
  },
  {
    name: "a hold that no row made",
    codes: ["held_sum"],
    restates: LEDGER_WHOLE,
    plant: set(
      `INSERT INTO credit_holds (user_id, origin_version, amount, expires_at, reason, actor, created_at)
       VALUES (?, 98, 50, '2027-01-01', 'x', 'x', '2026-01-01')`,
    ),
  },
  {
    name: "a row cut out of the ledger",
    codes: ["ledger_sum", "ledger_gap", "ledger_chain", "grant_draws"],
    restates: LEDGER_DAMAGED,
    plant: ({ owner, userId }) =>
      tamper(owner, [["DELETE FROM credit_transactions WHERE user_id = ? AND version = 3", userId]]),
  },
  {
    name: "the newest row cut off, a hold with it",
    codes: ["ledger_gap", "ledger_last", "grant_draws"],
    restates: LEDGER_DAMAGED,
    held: 0,
    plant: ({ owner, userId }) =>
      tamper(owner, [["DELETE FROM credit_transactions WHERE user_id = ? AND version = 5", userId]]),
  },
  {
    name: "the whole ledger gone, the grants still there",
    codes: ["ledger_sum", "ledger_gap", "ledger_last"],
    restates: LEDGER_DAMAGED,
    held: 0,
    plant: ({ owner, userId }) => tamper(owner, [["DELETE FROM credit_transactions WHERE user_id = ?", userId]]),
  },
  {
    name: "ledger and grants gone: there is no record of anything",
    codes: ["grants_sum", "ledger_sum", "ledger_gap", "ledger_last"],
    restates: LEDGER_DAMAGED,
    balance: 0,
    held: 0,
    plant: async ({ owner, userId }) => {
      await tamper(owner, [["DELETE FROM credit_transactions WHERE user_id = ?", userId]]);
      await owner.query("DELETE FROM credit_grants WHERE user_id = ?", [userId]);
    },
  },
  {
    name: "an amount that was edited",
    codes: ["ledger_sum", "ledger_chain"],
    restates: LEDGER_DAMAGED,
    plant: ({ owner, userId }) =>
      tamper(owner, [
        [
          "UPDATE credit_transactions SET amount = amount + 100, balance_after = balance_after + 100 WHERE user_id = ? AND version = 2",
          userId,
        ],
      ]),
  },
  {
    name: "a forged row at the end that moved no grant",
    codes: ["ledger_sum", "ledger_gap", "ledger_last"],
    restates: LEDGER_DAMAGED,
    amount: -500,
    plant: (told) => forge(told, { type: "grant", amount: 500, draws: "[]" }),
  },
  {
    name: "a raised balance of which something was spent before anybody looked",
    codes: ["grants_sum", "ledger_sum", "ledger_chain"],
    restates: LEDGER_DAMAGED,
    balance: 270,
    amount: -1000,
    plant: async ({ owner, userId }) => {
      await owner.query("UPDATE profiles SET balance = balance + 1000 WHERE user_id = ?", [userId]);
      await ledger.db.transaction((tx) => spend(tx, userId, 5));
    },
  },
  {
    name: "a consumption drawn from the grant of another account",
    codes: ["grants_sum", "grant_draws"],
    restates: LEDGER_DAMAGED,
    balance: 265,
    plant: async (told) => {
      const stranger = await ledger.db.transaction((tx) => give(tx, freshUser("stranger"), 100));
      await forge(told, { type: "consume", amount: -10, draws: draw(stranger.grantId, -10, 0, "bonus") });
      await told.owner.query("UPDATE profiles SET balance = 265, version = 6 WHERE user_id = ?", [told.userId]);
    },
  },
  {
    name: "a consumption given back more than once",
    codes: ["over_refunded"],
    restates: LEDGER_DAMAGED,
    balance: 290,
    amount: -5,
    plant: async (told) => {
      const { owner, userId, grantId, spentId } = told;
      await forge(told, { type: "refund", amount: 20, draws: draw(grantId, 20), related: spentId });
      await owner.query("UPDATE credit_grants SET remaining = remaining + 20 WHERE id = ?", [grantId]);
      await owner.query(
        "UPDATE profiles SET balance = 295, version = 6, allowance_remaining = allowance_remaining + 20 WHERE user_id = ?",
        [userId],
      );
    },
  },
];

async function damaged({ plant }: Damage): Promise<string> {
  const userId = await livelyAccount();
  expect(await problemsOf(userId)).toEqual([]);
  expect(await planOf(userId)).toBeUndefined();
  const rows = await rowsOf(userId);
  const at = (version: number) => rows.find((row) => row.version === version);
  await plant({
    owner: ledger.owner,
    userId,
    grantId: at(1)?.grantId ?? "",
    spentId: at(3)?.id ?? "",
  });
  return userId;
}

const named = (name: string): Damage => {
  const damage = DAMAGES.find((each) => each.name === name);
  if (damage === undefined) throw new Error(`no damage called ${name}`);
  return damage;
};

describe("what the schema's owner did to an account", () => {
  test.each(DAMAGES)("$name", async (damage) => {
    const { codes, restates, balance = 275, held = 30, amount = 0, newGrant = 0 } = damage;
    const userId = await damaged(damage);
    const before = await rowsOf(userId);

    expect(await problemsOf(userId)).toEqual(expect.arrayContaining([...codes]));
    const plan = await planOf(userId);
    expect(plan).toMatchObject({ restates, newGrant, after: { balance, held, status: "active" } });
    // Looking changes nothing.
    expect(await planOf(userId)).toEqual(plan);
    expect(await rowsOf(userId)).toEqual(before);

    const { transaction } = done(await repair(userId, plan?.proposal));
    expect(await problemsOf(userId)).toEqual([]);
    expect(await planOf(userId)).toBeUndefined();
    expect(transaction).toMatchObject({
      type: "adjust",
      operation: restates ? "restate" : "repair",
      amount,
      balanceAfter: balance,
      heldAfter: held,
      statusAfter: "active",
      actor: "tester",
      reason: "a test",
      metadata: { repair: { proposal: plan?.proposal, restates, found: plan?.found, after: plan?.after } },
    });
    // What was there is there still, word for word.
    expect((await rowsOf(userId)).slice(1)).toEqual(before);
    expect(await accountOf(userId)).toMatchObject({ balance, held, version: transaction.version });
    // The past is told from the ledger alone, and ends with the same.
    const told = await ledger.db.transaction((tx) => explain(tx, userId, later(3_600_000)));
    expect(told).toMatchObject({ balance, held, version: transaction.version });
    expect(told?.grants.reduce((sum, grant) => sum + grant.remaining, 0)).toBe(balance);
  });

  test("an allowance that a reset filled anew has not lapsed with the month before: marked as ended it may be spent again", async () => {
    const userId = await livelyAccount();
    const nextMonth = new Date(Date.UTC(2026, 1, 1));
    await ledger.db.transaction(async (tx) => {
      await touchAccounts(tx, nextMonth, [userId]);
      await checkAndResetUserCredits(tx, nextMonth, [month(userId, nextMonth, 250)]);
    });
    const [reset] = await rowsOf(userId);
    expect(reset?.draws.map(({ grantId, change }) => [grantId === reset.grantId, change])).toEqual([
      [true, -235],
      [true, 250],
    ]);
    await ledger.owner.query("UPDATE credit_grants SET state = 'ended' WHERE id = ?", [reset?.grantId]);
    expect(await problemsOf(userId)).toEqual(["grants_sum"]);
    done(await repair(userId));
    expect(await problemsOf(userId)).toEqual([]);
    expect((await accountOf(userId)).grants).toMatchObject([{ id: reset?.grantId, remaining: 250 }, { remaining: 40 }]);
    await ledger.db.transaction((tx) => spend(tx, userId, 290, {}, nextMonth));
  });

  test.each(DAMAGES.filter((each) => each.balance !== 0))("afterwards the account goes on: $name", async (damage) => {
    const userId = await damaged(damage);
    done(await repair(userId));
    const { balance } = await accountOf(userId);
    const spent = await ledger.db.transaction((tx) => spend(tx, userId, 12, {}, later(120_000)));
    const back = { transactionId: spent.id, ...request() };
    done((await ledger.db.transaction((tx) => refundCredits(tx, later(121_000), [back])))[0]);
    done(
      (
        await ledger.db.transaction((tx) => adjustCredits(tx, later(122_000), [{ userId, amount: -1, ...request() }]))
      )[0],
    );
    // Past the end of its holds, with a reset: nothing is left that the ledger refuses to book.
    const nextMonth = new Date(Date.UTC(2026, 1, 1));
    await ledger.db.transaction(async (tx) => {
      await touchAccounts(tx, nextMonth, [userId]);
      await checkAndResetUserCredits(tx, nextMonth, [month(userId, nextMonth, 250)]);
    });
    expect(await accountOf(userId)).toMatchObject({ held: 0 });
    expect(balance).toBeGreaterThan(0);
    expect(await problemsOf(userId)).toEqual([]);
    expect(await planOf(userId)).toBeUndefined();
  });
});

describe("a repair", () => {
  test("done twice is done once: the second finds nothing, and the same request again gets the first answer", async () => {
    const userId = await damaged(named("a grant with more than was drawn"));
    const key = request();
    const first = done(await repair(userId, undefined, key));
    expect(await repair(userId)).toMatchObject({ outcome: "nothing_to_repair" });
    expect(await repair(userId, undefined, key)).toMatchObject({
      outcome: "replayed",
      transaction: { id: first.transaction.id },
    });
    expect(await repair(userId, undefined, { ...key, requestHash: "another" })).toMatchObject({
      outcome: "idempotency_key_reused",
    });
    expect((await rowsOf(userId)).filter(({ operation }) => operation === "repair")).toHaveLength(1);
  });

  test("of a sound account is refused, whatever it is called", async () => {
    const userId = await livelyAccount();
    expect(await repair(userId)).toMatchObject({ outcome: "nothing_to_repair" });
    expect(await repair(userId, "some-proposal")).toMatchObject({ outcome: "nothing_to_repair" });
    expect((await rowsOf(userId))[0]?.version).toBe(5);
  });

  test("goes by its proposal while the account moves on, and not once something else differs", async () => {
    const userId = await damaged(named("an allowance that is not the sum of its grants"));
    const plan = await planOf(userId);
    await ledger.db.transaction((tx) => spend(tx, userId, 3));
    const moved = await planOf(userId);
    expect(moved).toMatchObject({ proposal: plan?.proposal, version: 6, after: { balance: 272 } });

    await ledger.owner.query("UPDATE profiles SET held = 0 WHERE user_id = ?", [userId]);
    expect(await repair(userId, plan?.proposal)).toMatchObject({ outcome: "proposal_outdated" });
    expect(await problemsOf(userId)).not.toEqual([]);
    done(await repair(userId, (await planOf(userId))?.proposal));
    expect(await problemsOf(userId)).toEqual([]);
  });

  test("of a frozen account leaves it frozen", async () => {
    const userId = await livelyAccount();
    await ledger.db.transaction((tx) => setAccountStatus(tx, NOW, [{ userId, action: "freeze", ...request() }]));
    await ledger.owner.query("UPDATE profiles SET status = 'active', balance = 9999 WHERE user_id = ?", [userId]);
    done(await repair(userId));
    expect(await accountOf(userId)).toMatchObject({ status: "frozen", balance: 275, held: 30 });
  });

  test("leaves what a hold keeps, so that it can still be captured", async () => {
    const userId = await livelyAccount();
    await ledger.owner.query("UPDATE credit_grants SET reserved = 0 WHERE user_id = ?", [userId]);
    await ledger.owner.query("UPDATE credit_holds SET status = 'expired' WHERE user_id = ?", [userId]);
    done(await repair(userId));
    const [hold] = await ledger.owner.query<{ id: number }>("SELECT id FROM credit_holds WHERE user_id = ?", [userId]);
    const capture = { holdId: String(hold?.id), amount: 20, ...request() };
    done((await ledger.db.transaction((tx) => captureHolds(tx, later(61_000), [capture])))[0]);
    expect(await accountOf(userId)).toMatchObject({ balance: 255, held: 0 });
    expect(await problemsOf(userId)).toEqual([]);
  });

  test("brings back a hold that still ends by itself, though the account had forgotten that anything ends", async () => {
    const userId = await livelyAccount();
    await ledger.owner.query("UPDATE credit_holds SET status = 'released' WHERE user_id = ?", [userId]);
    await ledger.owner.query("UPDATE profiles SET lapse_at = NULL WHERE user_id = ?", [userId]);
    done(await repair(userId));
    expect(await accountOf(userId)).toMatchObject({ held: 30 });
    await ledger.db.transaction((tx) => touchAccounts(tx, later(2 * 3_600_000), [userId]));
    expect(await accountOf(userId)).toMatchObject({ held: 0, balance: 275 });
    expect(await problemsOf(userId)).toEqual([]);
  });

  test("settles draws from another's grant that add up to nothing, which the check finds all the same", async () => {
    const userId = await livelyAccount();
    const stranger = await ledger.db.transaction((tx) => give(tx, freshUser("stranger"), 100));
    const there = { g: Number(stranger.grantId), k: "bonus", c: -10, r: 0 };
    const told = { owner: ledger.owner, userId, grantId: "", spentId: "" };
    await forge(told, { type: "adjust", amount: 0, draws: JSON.stringify([there, { ...there, c: 10 }]) });
    await ledger.owner.query("UPDATE profiles SET version = 6 WHERE user_id = ?", [userId]);
    expect(await problemsOf(userId)).toEqual(["grant_draws"]);
    expect(done(await repair(userId)).transaction).toMatchObject({
      operation: "restate",
      amount: 0,
      balanceAfter: 275,
    });
    expect(await problemsOf(userId)).toEqual([]);
  });

  test("takes no more back than is there and not held", async () => {
    const userId = await damaged(named("a consumption given back more than once"));
    const { available } = await accountOf(userId);
    await ledger.db.transaction((tx) => spend(tx, userId, available - 2));
    expect(await planOf(userId)).toMatchObject({ after: { balance: 30, held: 30 } });
    expect(done(await repair(userId)).transaction).toMatchObject({ amount: -2, balanceAfter: 30, heldAfter: 30 });
    expect(await problemsOf(userId)).toEqual([]);
  });

  test("never goes below zero, though the rows do", async () => {
    const userId = await livelyAccount();
    const told = { owner: ledger.owner, userId, grantId: "", spentId: "" };
    const grantId = String((await rowsOf(userId)).at(-1)?.grantId);
    await forge(told, { type: "consume", amount: -900, before: 1_000, draws: draw(grantId, -900) });
    await ledger.owner.query(
      "UPDATE profiles SET balance = 100, allowance_remaining = 0, version = 6 WHERE user_id = ?",
      [userId],
    );
    expect(done(await repair(userId)).transaction).toMatchObject({ balanceAfter: 0, heldAfter: 0, amount: -100 });
    expect(await accountOf(userId)).toMatchObject({ balance: 0, held: 0 });
    expect(await problemsOf(userId)).toEqual([]);
  });

  test("can be made again when the damage comes back, on top of the first", async () => {
    const userId = await damaged(named("a row cut out of the ledger"));
    done(await repair(userId));
    await ledger.db.transaction((tx) => spend(tx, userId, 5, {}, later(70_000)));
    await tamper(ledger.owner, [["DELETE FROM credit_transactions WHERE user_id = ? AND version = 7", userId]]);
    await ledger.db.transaction((tx) => give(tx, userId, 1, {}, later(80_000)));
    expect(await problemsOf(userId)).toContain("ledger_gap");
    expect(done(await repair(userId)).transaction).toMatchObject({ operation: "restate", balanceAfter: 271 });
    expect(await problemsOf(userId)).toEqual([]);
  });

  test("and spending at once: nothing is lost, nothing counts twice, the books agree", async () => {
    const userId = await damaged(named("an allowance that is not the sum of its grants"));
    const repairs = Array.from({ length: 4 }, () => repair(userId));
    const spends = Array.from({ length: 30 }, () => ledger.db.transaction((tx) => spend(tx, userId, 2)));
    const outcomes = (await Promise.all(repairs)).map((result) => result?.outcome);
    await Promise.all(spends);
    expect(outcomes.sort()).toEqual(["nothing_to_repair", "nothing_to_repair", "nothing_to_repair", "ok"]);
    expect(await accountOf(userId)).toMatchObject({ balance: 215, held: 30, version: 36 });
    expect(await problemsOf(userId)).toEqual([]);
  });

  test("of many accounts in one call mends each, and a sound one among them not at all", async () => {
    const users: string[] = [];
    for (const damage of DAMAGES.slice(0, 12)) users.push(await damaged(damage));
    users.push(await livelyAccount());
    const operations = await Promise.all(
      users.map(async (userId) => ({ userId, proposal: await proposalOf(userId), ...request() })),
    );
    const results = await ledger.db.transaction((tx) => repairAccounts(tx, NOW, operations));
    expect(results.map(({ outcome }) => outcome)).toEqual([...Array(12).fill("ok"), "nothing_to_repair"]);
    for (const userId of users) expect(await problemsOf(userId)).toEqual([]);
  });

  test("without naming what was proposed is refused: who must agree to it was judged by that", async () => {
    const userId = await damaged(named("a version that no row has"));
    const [nameless] = await ledger.db.transaction((tx) =>
      repairAccounts(tx, NOW, [{ userId, proposal: null as unknown as string, ...request() }]),
    );
    expect(nameless).toMatchObject({ outcome: "invalid" });
    expect(await problemsOf(userId)).not.toEqual([]);
  });

  test("that dies before its commit has done nothing", async () => {
    const userId = await damaged(named("a grant that is gone, with what a hold kept of it"));
    const before = [await problemsOf(userId), await planOf(userId), await rowsOf(userId)];
    const proposal = await proposalOf(userId);
    const dying = ledger.db.transaction(async (tx) => {
      done((await repairAccounts(tx, NOW, [{ userId, proposal, ...request() }]))[0]);
      const [own] = await tx.query<{ id: number }>("SELECT CONNECTION_ID() AS id");
      await tx.query(`KILL ${own?.id}`);
      await tx.query("SELECT 1");
    });
    await expect(dying).rejects.toThrow();
    expect([await problemsOf(userId), await planOf(userId), await rowsOf(userId)]).toEqual(before);
  });

  test("publishes the state it leaves, at a version above every one that was told", async () => {
    const userId = await damaged(named("a version that no row has"));
    const { transaction } = done(await repair(userId));
    expect(transaction.version).toBe(10);
    const rows = await ledger.owner.query<{ payload: unknown }>(
      "SELECT payload FROM outbox_event WHERE subject = ? AND type LIKE '%CreditsChanged' ORDER BY id DESC, place DESC LIMIT 1",
      [userId],
    );
    const event = typeof rows[0]?.payload === "string" ? JSON.parse(rows[0].payload) : rows[0]?.payload;
    expect(event).toMatchObject({
      version: "10",
      balance: "275",
      held: "30",
      status: "ACCOUNT_STATUS_ACTIVE",
      transaction: { type: "adjust", amount: "0", balanceBefore: "275" },
    });
  });
});
