// The contract of the ledger: what each procedure takes and what it answers, in the words of the domain.
// Pure types; services/credits/src/store has one function a procedure that speaks them, services/credits/sql the procedures.
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

/** Written with an admin's action into the outbox as AdminActionRecorded, in the transaction of the change. */
export interface Audit {
  readonly id: string;
  readonly actor: string;
  readonly roles: readonly string[];
  /** e.g. "credits.grant"; at most 64 characters. */
  readonly action: string;
  /** At most 1,000 characters. */
  readonly reason: string;
  readonly ip?: string | undefined;
  readonly userAgent?: string | undefined;
  readonly requestId?: string | undefined;
  readonly traceId?: string | undefined;
}

/** What every operation says about where it comes from. */
export interface Origin {
  /** Subject of the caller, or "system". At most 128 characters. */
  readonly actor: string;
  /** At most 500 characters. */
  readonly reason: string;
  /** At most 64 characters. */
  readonly feature?: string | undefined;
  /** A JSON object, kept with the ledger row. At most 4 kB. */
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  /** W3C traceparent; travels through the outbox. */
  readonly traceparent?: string | undefined;
  readonly audit?: Audit | undefined;
}

/**
 * The idempotency key, unique per account and kind of operation and kept with the ledger row for ever. `requestHash`
 * tells a repeated request from another one under the same key; at most 64 characters (hex SHA-256).
 */
export interface Keyed {
  /** 1 to 255 visible ASCII characters. */
  readonly requestKey: string;
  readonly requestHash: string;
}

/** The account right after an operation (for refused ones: as it was judged). */
export interface AccountFigures {
  readonly userId: UserId;
  readonly version: number;
  readonly balance: number;
  readonly held: number;
  /** balance − held */
  readonly available: number;
  readonly status: AccountStatus;
}

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

// ---- answers -------------------------------------------------------------------------------------------------------

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

// ---- ConsumeCredits --------------------------------------------------------------------------------------------------

export interface ConsumeOperation extends Origin, Keyed {
  readonly userId: UserId;
  /** 1 to 1,000,000. */
  readonly amount: number;
}
export type ConsumeResult = Done | KeyReused | Insufficient | Frozen | ResetDue | Invalid;

// ---- RefundCredits ---------------------------------------------------------------------------------------------------

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

// ---- GrantCredits ----------------------------------------------------------------------------------------------------

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

// ---- AdjustCredits ---------------------------------------------------------------------------------------------------

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

// ---- SetAccountStatus ------------------------------------------------------------------------------------------------

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

// ---- holds -----------------------------------------------------------------------------------------------------------

export interface Hold {
  readonly holdId: LedgerId;
  readonly userId: UserId;
  readonly amount: number;
  /** What was captured; 0 unless status is captured. */
  readonly captured: number;
  /** Judged by the `now` of the call: a hold past expiresAt is `expired` even before the sweep came. */
  readonly status: HoldStatus;
  readonly expiresAt: Date;
  readonly createdAt: Date;
  readonly endedAt: Date | null;
  readonly reason: string;
  readonly feature: string | null;
  readonly actor: string;
  /** The consume row of a capture. */
  readonly captureTransactionId: LedgerId | null;
}

export interface HoldOperation extends Origin, Keyed {
  readonly userId: UserId;
  readonly amount: number;
  /** 1 to 86,400 seconds. */
  readonly ttlSeconds: number;
}
export type HoldResult = Done<{ readonly hold: Hold }> | KeyReused | Insufficient | Frozen | ResetDue | Invalid;

/** An empty reason, and a feature or metadata left out, are inherited from the hold; so for releases. */
export interface CaptureOperation extends Origin, Keyed {
  readonly holdId: LedgerId;
  /** 1 to the held amount; absent = all. What is not captured is freed. */
  readonly amount?: number | undefined;
  readonly userId?: UserId | undefined;
}
export interface ReleaseOperation extends Origin, Keyed {
  readonly holdId: LedgerId;
  readonly userId?: UserId | undefined;
}
export type HoldEndResult =
  | Done<{ readonly hold: Hold }>
  | KeyReused
  | Invalid
  | NotFound<"hold_not_found">
  /** Ended before, under another key. */
  | (Refused<"hold_captured" | "hold_released" | "hold_expired"> & { readonly hold: Hold })
  | (Refused<"capture_exceeds_hold"> & { readonly hold: Hold });

// ---- OpenAccounts ----------------------------------------------------------------------------------------------------

/**
 * One part of what an account brings from another system. `balance`: credits that last, an `adjustment` grant. `allowance`:
 * what is left of the allowance of the present period, which counts as served from then on. Both parts of an account
 * stand in one call and are done or refused together; each is a row of its own, of amount 0 where nothing is left.
 */
export interface OpeningOperation extends Origin, Keyed {
  readonly userId: UserId;
  readonly part: "balance" | "allowance";
  /** 0 to 1,000,000,000. */
  readonly amount: number;
  /** The key of the account's other part, whether it is in this call or not: another request under either is refused. */
  readonly siblingKey: string;
  /** For the allowance: the period that holds now, and all it is worth. */
  readonly period?: { readonly start: Date; readonly end: Date } | undefined;
  readonly quota?: number | undefined;
  /** The months of a yearly member's year that have begun: given by the other system. */
  readonly months?: readonly YearlyMonth[] | undefined;
}
export type OpeningResult =
  | Done
  | KeyReused
  | Invalid
  /** An allowance was given here before: the other system's month can't count as well. */
  | Refused<"allowance_served">;

// ---- packages --------------------------------------------------------------------------------------------------------

export interface CreditPackage {
  readonly code: string;
  readonly name: string;
  readonly credits: number;
  /** In the smallest unit of the currency; information for the buyer's page only. */
  readonly priceMinor: number;
  readonly currency: string;
  /** Days until the credits expire; null = never. */
  readonly validDays: number | null;
  readonly priority: number;
  readonly requiresMembership: boolean;
  readonly active: boolean;
  readonly version: number;
}
export interface SetPackageOperation extends Omit<CreditPackage, "version"> {
  readonly actor: string;
  readonly traceparent?: string | undefined;
  readonly audit?: Audit | undefined;
  /** If-Match: refuse unless the stored version is this one (0 = must be new). */
  readonly expectedVersion?: number | undefined;
}
export type SetPackageResult =
  | { readonly outcome: "ok" | "unchanged"; readonly package: CreditPackage }
  | { readonly outcome: "version_conflict"; readonly package: CreditPackage | null }
  | { readonly outcome: "invalid"; readonly package: null };

export interface PurchaseOperation extends Origin, Keyed {
  readonly userId: UserId;
  readonly code: string;
  /** One grant for each, over all accounts and for ever. 1 to 191 visible ASCII characters. An admin's gift: its idempotency key. */
  readonly paymentReference: string;
  /** Skip the rule that the buyer must be an active member (admin only). */
  readonly membershipNotRequired?: boolean | undefined;
}
export type PurchaseResult =
  /** `replayed` also when the same account buys the same package with the same reference under another key. */
  | Done
  | KeyReused
  | Invalid
  | NotFound<"package_not_found">
  | Refused<"package_inactive">
  | Refused<"membership_required">
  /** Taken by another account or another package. */
  | Refused<"payment_reference_used">
  | ResetDue;

// ---- membership and allowance ----------------------------------------------------------------------------------------

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
export interface YearlyMonth {
  /** 1 to 12 */
  readonly month: number;
  readonly periodStart: Date;
  readonly periodEnd: Date;
  readonly amount: number;
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
export interface AllowanceStepResult {
  readonly outcome: AllowanceOutcome;
  readonly transaction: LedgerRow | null;
  readonly account: AccountFigures | null;
}

// ---- reads -----------------------------------------------------------------------------------------------------------

export interface GrantView {
  readonly id: LedgerId;
  readonly kind: GrantKind;
  readonly amount: number;
  readonly remaining: number;
  readonly reserved: number;
  readonly priority: number;
  readonly expiresAt: Date | null;
  readonly createdAt: Date;
}
export interface AccountView extends AccountFigures {
  readonly allowance: {
    readonly tier: string;
    readonly monthlyCredits: number;
    readonly remaining: number;
    readonly nextResetAt: Date | null;
  } | null;
  readonly lowBalanceThreshold: number;
  /** In the order of spending. */
  readonly grants: readonly GrantView[];
  /** true: call touchAccounts (expired grants or holds are waiting). */
  readonly lapseDue: boolean;
  /** true: loadDue → plan → checkAndResetUserCredits. */
  readonly resetDue: boolean;
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
export interface ExplainedGrant {
  readonly id: LedgerId;
  readonly kind: GrantKind;
  readonly remaining: number;
  readonly reserved: number;
  readonly priority: number;
  readonly expiresAt: Date | null;
}
export interface Explanation {
  readonly userId: UserId;
  readonly at: Date;
  /** 0 before the first row. */
  readonly version: number;
  readonly balance: number;
  readonly held: number;
  readonly status: AccountStatus;
  /** Grants with credits left at that moment; Σ remaining = balance. */
  readonly grants: readonly ExplainedGrant[];
}
export interface UsageRow {
  /** Which of the given buckets, from 0. */
  readonly bucket: number;
  readonly feature: string | null;
  readonly consumed: number;
  readonly refunded: number;
  readonly operations: number;
}
export interface YearlyMonthView extends YearlyMonth {
  readonly status: "scheduled" | "given" | "skipped" | "cancelled";
  readonly givenAmount: number | null;
  readonly transactionId: LedgerId | null;
}

// ---- checks ----------------------------------------------------------------------------------------------------------

export interface AccountCheck {
  readonly userId: UserId;
  readonly version: number;
  readonly balance: number;
  readonly held: number;
  readonly status: AccountStatus;
  /** Empty = sound. */
  readonly problems: readonly {
    /** grants_sum ledger_sum ledger_chain ledger_gap held_sum reserved_sum grant_draws negative */
    readonly code: string;
    readonly expected: number;
    readonly actual: number;
  }[];
}

// ---- reported use ----------------------------------------------------------------------------------------------------

/** Use reported by an internal service that could not be charged; becomes an event UsageRejected. */
export interface RejectedUsage {
  readonly usageId: string;
  readonly userId: UserId;
  readonly feature: string;
  readonly amount: number;
  readonly code: string;
  readonly detail: string;
  readonly traceparent?: string | undefined;
}
