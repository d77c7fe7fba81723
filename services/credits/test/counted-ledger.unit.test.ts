import { expect, test } from "vitest";
import { countedLedger } from "../src/store/counted-ledger.ts";
import type { Ledger, LedgerSession } from "../src/usecases/ports.ts";

/** Answers each call with the next outcomes; a transaction runs its work as often as told and commits the last run. */
function ledgerOf(answers: readonly (readonly string[])[], runs = 1, commits = true) {
  let nth = 0;
  const answer = () => Promise.resolve((answers[nth++] ?? []).map((outcome) => ({ outcome })));
  const session = { consume: answer, capture: answer, settle: answer } as unknown as LedgerSession;
  const inner: Ledger = {
    async write(_name, work) {
      for (let run = 1; run < runs; run += 1) await work(session);
      const result = await work(session);
      if (!commits) throw new Error("the COMMIT failed");
      return result;
    },
    read: () => Promise.reject(new Error("not used")),
  };
  const counted: [string, string, number][] = [];
  const ledger = countedLedger(inner, (operation, outcome, count) => counted.push([operation, outcome, count]));
  return { ledger, counted };
}

const consume = (session: LedgerSession) => session.consume(new Date(0), []);

test("operations are counted by name and outcome, and answered as before", async () => {
  const { ledger, counted } = ledgerOf([["ok", "replayed", "ok", "insufficient_credits"], ["hold_ended"]]);
  const answered = await ledger.write("test", async (session) => {
    const first = await consume(session);
    return [...first, ...(await session.capture(new Date(0), []))].map(({ outcome }) => outcome);
  });
  expect(answered).toEqual(["ok", "replayed", "ok", "insufficient_credits", "hold_ended"]);
  expect(counted).toEqual([
    ["consume", "ok", 2],
    ["consume", "replayed", 1],
    ["consume", "insufficient_credits", 1],
    ["capture", "hold_ended", 1],
  ]);
});

test("an operation that waits for its reset counts once, by how it ended", async () => {
  const { ledger, counted } = ledgerOf([["reset_due"], ["reset"], ["ok"]]);
  await ledger.write("test", async (session) => {
    await consume(session);
    await session.settle(new Date(0), []);
    await consume(session);
  });
  expect(counted).toEqual([
    ["reset", "reset", 1],
    ["consume", "ok", 1],
  ]);
});

test("a run that a deadlock rolled back is not counted", async () => {
  const { ledger, counted } = ledgerOf([["ok"], ["insufficient_credits"]], 2);
  await ledger.write("test", consume);
  expect(counted).toEqual([["consume", "insufficient_credits", 1]]);
});

test("nothing is counted of a transaction that did not commit", async () => {
  const { ledger, counted } = ledgerOf([["ok"]], 1, false);
  await expect(ledger.write("test", consume)).rejects.toThrow("COMMIT");
  expect(counted).toEqual([]);
});
