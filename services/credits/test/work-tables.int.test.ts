import type { Tx } from "@stipend/platform/mysql/tx";
import { expect, test } from "vitest";
import { checkAndResetUserCredits } from "../src/store/allowance.ts";
import { consumeCredits, grantCredits } from "../src/store/ledger.ts";
import { done, NOW, request } from "./support/build.ts";
import { useLedgerDatabase } from "./support/ledger-database.ts";

const ledger = useLedgerDatabase(1);
const LARGE = 1_000;
const NON_MEMBER = { tier: null, monthlyCredits: null, nextResetAt: null, actor: "system", reason: "test" };

test("a large call leaves nothing behind for later ones to walk through", async () => {
  const walked = await ledger.db.transaction(async (tx) => {
    await give(tx, 1);
    await spendOne(tx);
    const before = await walkedBySpending(tx);
    await give(tx, LARGE);
    // Its work tables are cleared by the call after it.
    await spendOne(tx);
    return { before, after: await walkedBySpending(tx) };
  });
  expect(walked.after).toBeLessThan(walked.before + LARGE);
});

test("a connection of the version before, which lacks the newest work tables, works on", async () => {
  await ledger.db.transaction(async (tx) => {
    await give(tx, 1);
    for (const table of ["w_line", "w_grant_change"]) await tx.query(`DROP TEMPORARY TABLE ${table}`);
    await spendOne(tx);
    await tx.query("DROP TEMPORARY TABLE w_line, w_allowance, w_grant_change");
    const [answer] = await checkAndResetUserCredits(tx, NOW, [
      { userId: "worker-0", membershipVersion: null, action: "none", dueAt: null, ...NON_MEMBER },
    ]);
    expect(answer?.outcome).toBe("unchanged");
  });
});

async function give(tx: Tx, accounts: number): Promise<void> {
  const answers = await grantCredits(
    tx,
    NOW,
    Array.from({ length: accounts }, (_, n) => ({
      userId: `worker-${n}`,
      amount: 10,
      kind: "bonus" as const,
      priority: 50,
      ...request(),
    })),
  );
  for (const answer of answers) done(answer);
}

async function spendOne(tx: Tx): Promise<void> {
  const [answer] = await consumeCredits(tx, NOW, [{ userId: "worker-0", amount: 1, ...request() }]);
  done(answer);
}

/** Rows and places of deleted rows that the session walks through, one after the other, for one operation. */
async function walkedBySpending(tx: Tx): Promise<number> {
  const before = await walkedSoFar(tx);
  await spendOne(tx);
  return (await walkedSoFar(tx)) - before;
}

async function walkedSoFar(tx: Tx): Promise<number> {
  const [row] = await tx.query<{ Value: string }>("SHOW SESSION STATUS LIKE 'Handler_read_rnd_next'");
  return Number(row?.Value);
}
