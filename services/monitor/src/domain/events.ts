/** What the monitor hears, in its own words. `at` is the event's own time, UTC. */
interface EventBase {
  /** The event's id: what makes it count once. */
  readonly id: string;
  readonly at: Date;
  /** 32 hexadecimal digits, or empty. */
  readonly traceId: string;
}

/** One row of an account's ledger, and the account right after it. Amounts are whole credits. */
export interface CreditsChanged extends EventBase {
  readonly type: "credits_changed";
  readonly userId: string;
  readonly version: number;
  readonly balance: number;
  readonly held: number;
  readonly status: "active" | "frozen";
  readonly transaction: {
    readonly id: string;
    /** consume refund grant reset expire hold release adjust freeze unfreeze */
    readonly type: string;
    /** Signed change of the balance. */
    readonly amount: number;
    readonly heldChange: number;
    readonly balanceBefore: number;
    readonly balanceAfter: number;
    readonly reason: string;
    readonly feature: string;
    readonly actor: string;
    readonly grantKind: string;
    readonly relatedId: string;
    readonly heldAfter: number;
    /** Of rows that serve an allowance: the beginning of its period. */
    readonly periodStart: Date | null;
  };
  /** What is left of the allowance after the row; null for non-members. */
  readonly allowance: {
    readonly monthlyCredits: number;
    readonly remaining: number;
    readonly nextResetAt: Date | null;
  } | null;
}

export interface MembershipChanged extends EventBase {
  readonly type: "membership_changed";
  readonly userId: string;
  readonly version: number;
  /** started renewed upgraded … as in stipend.membership.v1.MembershipChange, in lower case. */
  readonly change: string;
  /** active cancelled expired ended; null: never a member. */
  readonly status: string | null;
  readonly tier: string | null;
  readonly periodEnd: Date | null;
  /** The fixed end, when one was agreed. */
  readonly endsAt: Date | null;
  /** The rest of the state; null: never a member. */
  readonly terms: {
    readonly membershipId: string;
    readonly cycle: "monthly" | "yearly";
    readonly monthlyCredits: number;
    readonly rolloverCap: number;
    readonly anchor: "calendar" | "anniversary";
    readonly firstPeriod: "full" | "prorated";
    readonly startedAt: Date;
    readonly periodStart: Date;
    readonly cancelAtPeriodEnd: boolean;
    readonly endedAt: Date | null;
  } | null;
}

export interface MembershipExpiring extends EventBase {
  readonly type: "membership_expiring";
  readonly userId: string;
  readonly membershipId: string;
  readonly tier: string;
  readonly daysLeft: number;
  readonly endsAt: Date | null;
}

export interface AdminAction extends EventBase {
  readonly type: "admin_action";
  readonly actionId: string;
  readonly service: string;
  readonly actor: string;
  readonly roles: readonly string[];
  readonly action: string;
  readonly target: string;
  readonly outcome: string;
  readonly reason: string;
  /** Signed whole credits that the action moved; null when it moved none or does not say. */
  readonly amount: number | null;
  /** The ledger row that the action wrote; null: none, or it does not say. */
  readonly transactionId: string | null;
  readonly ip: string;
  readonly userAgent: string;
}

export interface AccessRefused extends EventBase {
  readonly type: "access_refused";
  /** Empty when the token could not be trusted. */
  readonly subject: string;
  readonly code: string;
  readonly method: string;
  readonly route: string;
  readonly ip: string;
}

export interface UsageReported extends EventBase {
  readonly type: "usage_reported";
  readonly userId: string;
  readonly amount: number;
  readonly feature: string;
}

/** Reported use that could not be charged. */
export interface UsageRejected extends EventBase {
  readonly type: "usage_rejected";
  readonly userId: string;
  readonly amount: number;
  readonly feature: string;
  /** insufficient_credits, account_frozen … */
  readonly code: string;
}

/** Known to the contract, counted, and of no concern to any rule yet. */
export interface OtherEvent extends EventBase {
  readonly type: "other";
  readonly kind: string;
}

export type MonitorEvent =
  | CreditsChanged
  | MembershipChanged
  | MembershipExpiring
  | AdminAction
  | AccessRefused
  | UsageReported
  | UsageRejected
  | OtherEvent;
