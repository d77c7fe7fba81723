// What the answers of all procedures have in common.
import type { AccountFigures } from "./account.ts";
import type { LedgerRow } from "./transactions.ts";

/** `ok`: done now. `replayed`: done before under the same key and hash; the row is that first one. */
export interface Done<Extra = unknown> {
  readonly outcome: "ok" | "replayed";
  readonly transaction: LedgerRow;
  /** After this operation; for `replayed`: after the first one (version, balance, held of its row). */
  readonly account: AccountFigures;
  readonly extra: Extra;
}

/** Nothing was changed. `detail` differs by code. */
export interface Refused<Code extends string> {
  readonly outcome: Code;
  /** Absent when the account or the named thing does not exist. */
  readonly account: AccountFigures | null;
}

/** The key was used for another request of this account and operation. */
export type KeyReused = Refused<"idempotency_key_reused">;

/** The procedure found the item itself malformed (amount out of range …): a defect of the caller, never of the account. */
export type Invalid = Refused<"invalid">;

/**
 * The account's due_at has passed. Nothing was done for ANY item of this account in the batch. In the same transaction: loadDue →
 * plan → checkAndResetUserCredits → the item again.
 */
export type ResetDue = Refused<"reset_due">;

export interface Insufficient extends Refused<"insufficient_credits"> {
  readonly required: number;
  readonly available: number;
  readonly shortfall: number;
}

export type Frozen = Refused<"account_frozen">;

export type NotFound<Code extends string> = Refused<Code>;
