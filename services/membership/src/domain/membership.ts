/** What a membership is. Times are instants; every end is exclusive; amounts are whole credits. */

export type Cycle = "monthly" | "yearly";

/** `cancelled`: its period ran out after a cancellation; `expired`: its agreed end came; `ended`: an admin ended it. */
export type Status = "active" | "cancelled" | "expired" | "ended";

/** What a member agreed to, copied from the tier: later edits of the tier do not change it. */
export interface TierTerms {
  readonly tier: string;
  readonly monthlyCredits: number;
  /** Tiers are ordered by rank: a higher rank is an upgrade. */
  readonly rank: number;
  readonly anchor: "calendar" | "anniversary";
  readonly firstPeriod: "full" | "prorated";
  readonly rolloverCap: number;
  readonly onExpiry: "keep" | "forfeit";
}

export interface Membership {
  readonly membershipId: string;
  readonly status: Status;
  readonly cycle: Cycle;
  readonly terms: TierTerms;
  /** What takes over at currentPeriodEnd. */
  readonly pendingTerms: TierTerms | null;
  readonly pendingCycle: Cycle | null;
  /** The join day: every boundary of a period is counted from here. */
  readonly startedAt: Date;
  readonly currentPeriodStart: Date;
  readonly currentPeriodEnd: Date;
  /** The agreed end, if there is one. */
  readonly expiresAt: Date | null;
  readonly cancelAtPeriodEnd: boolean;
  readonly endedAt: Date | null;
}

/** A user's membership as it stands: the newest one, whatever its status, and the version of all of them together. */
export interface Member {
  readonly userId: string;
  /** Rises by one with every change; 0: never a member. */
  readonly version: number;
  readonly membership: Membership | null;
}

export interface Tier extends TierTerms {
  readonly displayName: string;
  readonly features: readonly string[];
  /** A retired tier keeps its members and takes no new ones. */
  readonly offered: boolean;
  readonly version: number;
}

/** What happened, in the words of the event. */
export type ChangeKind =
  | "started"
  | "renewed"
  | "upgraded"
  | "downgrade_scheduled"
  | "downgraded"
  | "cycle_changed"
  | "cycle_change_scheduled"
  | "cancel_scheduled"
  | "resumed"
  | "cancelled"
  | "expired"
  | "ended"
  | "extended";

/** When the membership stops for good, as agreed so far; null while it renews without end, or has stopped already. */
export function endsAt(membership: Membership): Date | null {
  if (membership.status !== "active") return null;
  const { cancelAtPeriodEnd, currentPeriodEnd, expiresAt } = membership;
  if (cancelAtPeriodEnd && (expiresAt === null || currentPeriodEnd < expiresAt)) return currentPeriodEnd;
  return expiresAt;
}

/** When something happens to it by itself: renewal, cancellation or expiry. */
export function dueAt(membership: Membership): Date | null {
  if (membership.status !== "active") return null;
  const { currentPeriodEnd, expiresAt } = membership;
  return expiresAt !== null && expiresAt < currentPeriodEnd ? expiresAt : currentPeriodEnd;
}

export function termsOf(tier: Tier): TierTerms {
  const { tier: code, monthlyCredits, rank, anchor, firstPeriod, rolloverCap, onExpiry } = tier;
  return { tier: code, monthlyCredits, rank, anchor, firstPeriod, rolloverCap, onExpiry };
}

export function sameTerms(a: TierTerms | null, b: TierTerms | null): boolean {
  if (a === null || b === null) return a === b;
  return (
    a.tier === b.tier &&
    a.monthlyCredits === b.monthlyCredits &&
    a.rank === b.rank &&
    a.anchor === b.anchor &&
    a.firstPeriod === b.firstPeriod &&
    a.rolloverCap === b.rolloverCap &&
    a.onExpiry === b.onExpiry
  );
}
