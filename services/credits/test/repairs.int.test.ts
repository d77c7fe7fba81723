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
const repair = async (userId: string, proposal?: string, key = request()) => {
  const [result] = await ledger.db.transaction((tx) => repairAccounts(tx, later(60_000), [{ userId, proposal, ...key }]));
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
    plant: set("UPDATE profiles SET allowance_remaining = 1 WHERE user_id = ?"),
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

  test.each(DAMAGES.filter((each) => each.balance !== 0))("afterwards the account goes on: $name", async (damage) => {
    const userId = await damaged(damage);
    done(await repair(userId));
    const { balance } = await accountOf(userId);
    const spent = await ledger.db.transaction((tx) => spend(tx, userId, 12, {}, later(120_000)));
    const back = { transactionId: spent.id, ...request() };
    done((await ledger.db.transaction((tx) => refundCredits(tx, later(121_000), [back])))[0]);
    done((await ledger.db.transaction((tx) => adjustCredits(tx, later(122_000), [{ userId, amount: -1, ...request() }])))[0]);
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
