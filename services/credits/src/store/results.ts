import type { AccountFigures } from "../domain/ledger/account.ts";
import type { Hold } from "../domain/ledger/holds.ts";
import type { LedgerRow } from "../domain/ledger/transactions.ts";
import { decodeAnsweredRow, decodeFigures, decodeHold, integer, optionalInteger, type Row, text } from "./codec.ts";

/** What every writing procedure answers: ord (from 1), outcome, a_* the account, t_* the ledger row, required and available. */
export function inOrder<Result>(
  operations: readonly unknown[],
  rows: readonly Row[],
  decode: (row: Row) => unknown,
): Result[] {
  if (rows.length !== operations.length) {
    throw new Error(`the procedure answered ${rows.length} rows for ${operations.length} operations`);
  }
  const results: Result[] = [];
  rows.forEach((row, index) => {
    if (integer(row, "ord") !== index + 1) throw new Error("the procedure answered out of order");
    // The procedure's documented answer; its outcomes are the union's tags, proven by the procedure tests.
    results.push(decode(row) as Result);
  });
  return results;
}

export interface DecodedResult {
  readonly outcome: string;
  readonly account: AccountFigures | null;
  readonly transaction?: LedgerRow;
  readonly extra?: unknown;
  readonly required?: number;
  readonly available?: number;
  readonly shortfall?: number;
  readonly refundable?: number;
  readonly hold?: Hold;
}

export function decodeDone(row: Row): DecodedResult {
  const outcome = text(row, "outcome");
  const account = row["a_user_id"] === null ? null : decodeFigures(row, "a_");
  if (outcome === "ok" || outcome === "replayed") {
    return { outcome, account, transaction: decodeAnsweredRow(row), extra: null };
  }
  const refundable = optionalInteger(row, "refundable");
  return refundable === null ? { outcome, account } : { outcome, account, refundable };
}

export function decodeInsufficient(row: Row): DecodedResult {
  const result = decodeDone(row);
  if (result.outcome !== "insufficient_credits") return result;
  const required = integer(row, "required");
  const available = integer(row, "available");
  return { ...result, required, available, shortfall: required - available };
}

export function decodeHoldEnd(now: Date): (row: Row) => DecodedResult {
  return (row) => {
    const result = decodeInsufficient(row);
    if (row["h_id"] === null || row["h_id"] === undefined) return result;
    const hold = decodeHold(row, now, "h_");
    return result.transaction === undefined ? { ...result, hold } : { ...result, extra: { hold } };
  };
}
