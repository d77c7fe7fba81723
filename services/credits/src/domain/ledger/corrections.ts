// What admins do by hand: GrantCredits, AdjustCredits, SetAccountStatus.
import type { Keyed, Origin } from "./operation.ts";
import type { Done, Insufficient, Invalid, KeyReused, Refused, ResetDue } from "./outcomes.ts";
import type { GrantKind, UserId } from "./terms.ts";

export interface GrantOperation extends Origin, Keyed {
  readonly userId: UserId;
  /** 1 to 1,000,000,000. */
  readonly amount: number;
  readonly kind: Exclude<GrantKind, "allowance">;
  /** 0 to 1000, lower is drawn first. Absent: the kind's default (allowance 10, everything else 50). */
  readonly priority?: number | undefined;
  /** Must lie after `now`; absent = never. */
  readonly expiresAt?: Date | undefined;
}

export type GrantResult = Done | KeyReused | Invalid;

/** A signed correction. Positive: an `adjustment` grant. Negative: takes at most what is available (the row says how much). */
export interface AdjustOperation extends Origin, Keyed {
  readonly userId: UserId;
  /** Signed, not 0. */
  readonly amount: number;
}

export type AdjustResult =
  | Done
  | KeyReused
  | Invalid
  | ResetDue
  /** Negative and nothing at all is available. */
  | Insufficient;

export interface StatusOperation extends Origin, Keyed {
  readonly userId: UserId;
  readonly action: "freeze" | "unfreeze";
}

export type StatusResult =
  | Done
  | KeyReused
  | Invalid
  | Refused<"account_already_frozen">
  | Refused<"account_not_frozen">;
