// Generated histories against the real procedures, with the model beside them. STIPEND_HISTORIES=n plays n of them (default 2,000);
// STIPEND_SEED=n repeats a failing run.
import fc from "fast-check";
import { expect, test } from "vitest";
import { histories } from "./model/histories.ts";
import { play } from "./model/runner.ts";
import { useLedgerDatabase } from "./support/ledger-database.ts";

const TOTAL = Number(process.env["STIPEND_HISTORIES"] ?? 2_000);
const ACCOUNTS = 100;
const STEPS = 14;
const seed = Number(process.env["STIPEND_SEED"] ?? Date.now() % 2_147_483_647);

const ledger = useLedgerDatabase();

test(`${TOTAL} histories come out as the model says, and every invariant holds after every step (seed ${seed})`, {
  timeout: 60_000 + TOTAL * 200,
}, async () => {
  let run = 0;
  const property = fc.asyncProperty(histories(ACCOUNTS, STEPS), async (generated) => {
    run += 1;
    await play(ledger.db, `h${run}`, generated);
  });
  // The story in the error names what went wrong better than a shrunken batch would; shrinking a hundred accounts takes too long.
  const details = await fc.check(property, { seed, numRuns: Math.ceil(TOTAL / ACCOUNTS), endOnFailure: true });
  if (details.failed) throw new Error(`STIPEND_SEED=${seed} failed in run ${run}`, { cause: details.errorInstance });
  expect(run * ACCOUNTS).toBeGreaterThanOrEqual(TOTAL);
  await everyRowHasItsEvent();
});

async function everyRowHasItsEvent(): Promise<void> {
  const [ledgerRows] = await ledger.owner.query<{ n: number }>("SELECT COUNT(*) AS n FROM credit_transactions");
  const [counts] = await ledger.owner.query(
    `SELECT COUNT(*) AS events, COUNT(DISTINCT event_id) AS ids, COUNT(DISTINCT JSON_VALUE(payload, '$.transaction.id')) AS told
       FROM outbox_event WHERE type = 'stipend.credits.v1.CreditsChanged'`,
  );
  expect(counts).toEqual({ events: ledgerRows?.n, ids: ledgerRows?.n, told: ledgerRows?.n });
}
