// The rows of the ledger and what one may ask of them: every procedure answers them, ListTransactions lists them.
import type { AccountStatus, GrantKind, LedgerId, TransactionType, UserId } from "./terms.ts";

/** What one ledger row did to one grant. `change` is signed: consume −, refund +. `reserved` likewise, for holds. */
export interface Draw {
  readonly grantId: LedgerId;
  readonly kind: GrantKind;
  readonly change: number;
  readonly reserved: number;
}

/** One row of credit_transactions. */
export interface LedgerRow {
  readonly id: LedgerId;
  readonly userId: UserId;
  readonly version: number;
  readonly type: TransactionType;
  /** Signed change of the balance. */
  readonly amount: number;
  readonly balanceBefore: number;
  readonly balanceAfter: number;
  /** Signed change of what is held. */
  readonly heldChange: number;
  readonly heldAfter: number;
  readonly statusAfter: AccountStatus;
  readonly draws: readonly Draw[];
  readonly reason: string;
  readonly feature: string | null;
  readonly metadata: Readonly<Record<string, unknown>> | null;
  readonly actor: string;
  /** The transaction a refund gives back. */
  readonly relatedTransactionId: LedgerId | null;
  /** The hold of a hold, capture, release. */
  readonly holdId: LedgerId | null;
  /** The grant made by a grant, purchase, refund, adjust or reset row. */
  readonly grantId: LedgerId | null;
  readonly grantKind: GrantKind | null;
  readonly operation: string;
  readonly requestKey: string | null;
  readonly periodStart: Date | null;
  readonly traceparent: string | null;
  readonly createdAt: Date;
}

export interface TransactionFilter {
  readonly userId: UserId;
  readonly types?: readonly TransactionType[] | undefined;
  /** Inclusive. */
  readonly from?: Date | undefined;
  /** Exclusive. */
  readonly to?: Date | undefined;
  /** Rows with a version below this one; the cursor. */
  readonly beforeVersion?: number | undefined;
  /** 1 to 101: one more than a page tells whether there is a next one. */
  readonly limit: number;
}
