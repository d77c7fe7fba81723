import type { AccountFigures } from "../../src/domain/ledger/account.ts";
import type { Ledger, LedgerSession } from "../../src/usecases/ports.ts";

/** A ledger without a database, for what a use case asks and in which order; what it is told, the test says. */
export function plainLedger(session: Partial<LedgerSession>): Ledger {
  const run: Ledger["write"] = (_name, work) => work(session as LedgerSession);
  return { write: run, read: run };
}

export function figuresOf(userId: string): AccountFigures {
  return { userId, version: 1, balance: 0, held: 0, available: 0, status: "active" };
}
