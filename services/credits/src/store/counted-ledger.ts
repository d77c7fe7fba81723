import type { Ledger, LedgerSession } from "../usecases/ports.ts";

/** Procedures whose answers say what became of each operation, by the name that metrics give them. */
const OPERATIONS = {
  consume: "consume",
  refund: "refund",
  grant: "grant",
  adjust: "adjust",
  setStatus: "status",
  hold: "hold",
  capture: "capture",
  release: "release",
  purchase: "purchase",
  repair: "repair",
  propose: "propose",
  decide: "decide",
  checkAndReset: "reset",
  settle: "reset",
  openAccounts: "open",
} as const satisfies Partial<Record<keyof LedgerSession, string>>;

type Method = keyof typeof OPERATIONS;

export type CountOutcome = (operation: (typeof OPERATIONS)[Method], outcome: string, count: number) => void;

/** One run of a transaction's work; a run that is rolled back is forgotten. */
type Seen = Map<string, { readonly method: Method; readonly outcome: string; count: number }>;

/**
 * Tells after each COMMIT what it brought, whoever asked for it: the API, events or a sweep. A transaction that fails
 * or is run again tells nothing of what was rolled back.
 */
export function countedLedger(ledger: Ledger, count: CountOutcome): Ledger {
  return {
    read: (name, work) => ledger.read(name, work),
    async write(name, work) {
      let seen: Seen = new Map();
      const result = await ledger.write(name, (session) => {
        seen = new Map();
        return work(watched(session, seen));
      });
      for (const each of seen.values()) count(OPERATIONS[each.method], each.outcome, each.count);
      return result;
    },
  };
}

function watched(session: LedgerSession, seen: Seen): LedgerSession {
  const own = Object.fromEntries(
    (Object.keys(OPERATIONS) as Method[]).map((method) => [
      method,
      async (now: Date, operations: readonly never[]) => {
        const results = await session[method](now, operations);
        for (const { outcome } of results) note(seen, method, outcome);
        return results;
      },
    ]),
  );
  return { ...session, ...own };
}

function note(seen: Seen, method: Method, outcome: string): void {
  // Not an end: the operation is judged again in the same transaction, once the month that fell due is given.
  if (outcome === "reset_due") return;
  const key = `${method} ${outcome}`;
  const known = seen.get(key);
  if (known === undefined) seen.set(key, { method, outcome, count: 1 });
  else known.count += 1;
}
