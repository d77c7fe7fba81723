// ApplyMembership, ClaimAccounts and CheckAndResetUserCredits.
import type { AccountFigures } from "./account.ts";
import type { Audit } from "./operation.ts";
import type { AccountStatus, UserId } from "./terms.ts";
import type { LedgerRow } from "./transactions.ts";
import type { YearlyMonth } from "./yearly-months.ts";

/** One message of the membership topic, as the copy keeps it. `state` is opaque to SQL. */
export interface MembershipOperation {
  readonly userId: UserId;
  /** The highest wins; an equal or lower one changes nothing. */
  readonly version: number;
  /** MembershipChanged.membership as TypeScript wants it back; null = never a member. */
  readonly state: unknown;
  /** Is a member at this moment, and until when for sure; SQL needs it for packages. null = not a member. */
  readonly activeUntil: Date | "open" | null;
}

/** What TypeScript needs to plan an allowance; the account is locked when it came from applyMembership or loadDue. */
export interface AllowanceState {
  readonly userId: UserId;
  readonly membershipVersion: number | null;
  readonly state: unknown;
  readonly servedStart: Date | null;
  readonly servedEnd: Date | null;
  readonly servedGiven: number;
  /** Of all open allowance grants, reserved credits included. */
  readonly allowanceRemaining: number;
  /** null = never. */
  readonly dueAt: Date | null;
  readonly status: AccountStatus;
}

/** Where a sweep has got to: due accounts are taken in the order of (dueAt, userId). */
export interface DueAccount {
  readonly dueAt: Date;
  readonly userId: UserId;
}

export interface ApplyMembershipResult extends AllowanceState {
  /** `ignored`: the copy was as new or newer. due_at is set to now by `applied`, so a forgotten plan is made up for lazily. */
  readonly outcome: "applied" | "ignored";
}

/**
 * One planned step for one account.
 * - `give`: the allowance period that contains now. The procedure tells by what was served whether this is the first
 *   (`grant` row), a reset (period begins at or after the end of the served one: `reset` row; unreserved leftovers lapse,
 *   new allowance = quota + min(rolloverCap, leftover + missedCredits)) or a top-up inside the served period (`grant` row of max(0, quota − given)).
 * - `force`: an admin's reset: as `give`, but a period served before is set to the quota again.
 * - `forfeit`: the unreserved rest of the allowance lapses (`expire` row), reserved credits when their hold ends.
 * - `none`: only due_at and what the account shows move.
 */
export interface AllowanceStep {
  readonly userId: UserId;
  /** The version the plan was made from; null = no membership known. */
  readonly membershipVersion: number | null;
  readonly action: "give" | "force" | "forfeit" | "none";
  /** For give and force; must have begun. */
  readonly period?: { readonly start: Date; readonly end: Date } | undefined;
  /** What this period is worth in total (prorated when it is). */
  readonly quota?: number | undefined;
  readonly rolloverCap?: number | undefined;
  readonly missedCredits?: number | undefined;
  /** When TypeScript must look again; null = never (no membership). */
  readonly dueAt: Date | null;
  /** What the account shows and events carry; all null for non-members. */
  readonly tier: string | null;
  readonly monthlyCredits: number | null;
  readonly nextResetAt: Date | null;
  /** The twelve months of the current membership year, for yearly members; scheduled rows are replaced, given ones stay. */
  readonly schedule?: readonly YearlyMonth[] | undefined;
  /** Scheduled months that will never come (membership over, or no longer yearly) are marked cancelled. */
  readonly cancelSchedule?: boolean | undefined;
  readonly actor: string;
  readonly reason: string;
  readonly traceparent?: string | undefined;
  readonly audit?: Audit | undefined;
  /** For admin resets. */
  readonly requestKey?: string | undefined;
  readonly requestHash?: string | undefined;
}

export type AllowanceOutcome =
  | "first"
  | "reset"
  | "topped_up"
  | "forfeited"
  /** Nothing to give or take: no ledger row; due_at, tier and schedule are up to date. */
  | "unchanged"
  /** The copy of the membership moved on since the plan was made: nothing was done. */
  | "stale"
  /** The period has not begun: nothing was done. */
  | "not_current"
  | "replayed"
  | "idempotency_key_reused"
  | "invalid";

export interface AllowanceStepOutcome {
  readonly outcome: AllowanceOutcome;
}

export interface AllowanceStepResult extends AllowanceStepOutcome {
  readonly transaction: LedgerRow | null;
  readonly account: AccountFigures | null;
}
