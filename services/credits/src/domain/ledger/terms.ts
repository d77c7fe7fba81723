// The contract of the ledger: what each procedure takes and what it answers, in the words of the domain.
// Pure types, a file a subject; services/credits/src/store has one function a procedure that speaks them,
// services/credits/sql the procedures.
//
// Conventions. Amounts are whole credits (safe integers). Ids of transactions, grants and holds are BIGINT in the
// database and decimal strings here. Every procedure takes an array and answers an array of the same length in the same
// order. Moments are Dates (UTC, milliseconds). Only `ok` and `replayed` change or have changed anything.

export type UserId = string;

/** Decimal string of a BIGINT. */
export type LedgerId = string;

export type AccountStatus = "active" | "frozen";

export type GrantKind = "allowance" | "package" | "bonus" | "purchase" | "refund" | "adjustment";

export type TransactionType =
  | "consume"
  | "refund"
  | "grant"
  | "reset"
  | "expire"
  | "hold"
  | "release"
  | "adjust"
  | "freeze"
  | "unfreeze";

export type HoldStatus = "open" | "captured" | "released" | "expired";
