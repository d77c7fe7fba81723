// ConsumeCredits and RefundCredits.
import type { Keyed, Origin } from "./operation.ts";
import type { Done, Frozen, Insufficient, Invalid, KeyReused, NotFound, Refused, ResetDue } from "./outcomes.ts";
import type { LedgerId, UserId } from "./terms.ts";

export interface ConsumeOperation extends Origin, Keyed {
  readonly userId: UserId;
  /** 1 to 1,000,000. */
  readonly amount: number;
}

export type ConsumeResult = Done | KeyReused | Insufficient | Frozen | ResetDue | Invalid;

export interface RefundOperation extends Origin, Keyed {
  /** A consume row (captures are consume rows). */
  readonly transactionId: LedgerId;
  /** Absent: all that is left of it. */
  readonly amount?: number | undefined;
  /** When given, a transaction of another account answers transaction_not_found. */
  readonly userId?: UserId | undefined;
}

export type RefundResult =
  | Done
  | KeyReused
  | Invalid
  | ResetDue
  | NotFound<"transaction_not_found">
  | Refused<"not_refundable">
  /** All of it was given back before. */
  | Refused<"nothing_to_refund">
  /** More than is left of it. */
  | (Refused<"refund_exceeds_original"> & { readonly refundable: number });
