/** Calendar: months of the business time zone. Anniversary: months counted from the join moment. */
export type AllowanceAnchor = "calendar" | "anniversary";
export type Cycle = "monthly" | "yearly";
export type MembershipStatus = "active" | "cancelled" | "expired" | "ended";

/** What a tier gives its members, copied into the membership when it was agreed. */
export interface TierTerms {
  readonly tier: string;
  /** Whole credits for each allowance period. */
  readonly monthlyCredits: number;
  readonly anchor: AllowanceAnchor;
  readonly firstPeriod: "full" | "prorated";
  /** At most so many unused credits move into the next allowance period. */
  readonly rolloverCap: number;
  readonly onExpiry: "keep" | "forfeit";
  readonly rank: number;
}

/** A membership as the newest known event told it: the whole state, never a difference. */
export interface Membership {
  readonly membershipId: string;
  readonly status: MembershipStatus;
  readonly cycle: Cycle;
  readonly terms: TierTerms;
  /** The terms that take over at `currentPeriodEnd` (a scheduled downgrade). */
  readonly pendingTerms: TierTerms | null;
  /** The cycle that takes over at `currentPeriodEnd` (a scheduled change from yearly to monthly). */
  readonly pendingCycle: Cycle | null;
  /** The join moment. */
  readonly startedAt: Date;
  readonly currentPeriodStart: Date;
  /** Exclusive. The membership renews here by itself unless something ends it. */
  readonly currentPeriodEnd: Date;
  readonly expiresAt: Date | null;
  readonly cancelAtPeriodEnd: boolean;
  readonly endedAt: Date | null;
}

/**
 * The first moment at which the membership gives nothing any more, as far as its state tells; null while it renews
 * for ever. Known in advance: an expiry and a cancellation need no further event to take effect.
 */
export function activeUntil(membership: Membership): Date | null {
  const ends: Date[] = [];
  if (membership.endedAt !== null) ends.push(membership.endedAt);
  if (membership.expiresAt !== null) ends.push(membership.expiresAt);
  if (membership.cancelAtPeriodEnd) ends.push(membership.currentPeriodEnd);
  // A state that says it has ended without saying when: it ended with its period at the latest.
  if (membership.status !== "active" && membership.endedAt === null) ends.push(membership.currentPeriodEnd);
  return ends.length === 0 ? null : new Date(Math.min(...ends.map((end) => end.getTime())));
}

export function isActiveAt(membership: Membership, at: Date): boolean {
  const end = activeUntil(membership);
  return membership.startedAt <= at && (end === null || at < end);
}

/** The terms in force at a moment: a scheduled change takes over when the membership period ends. */
export function termsAt(membership: Membership, at: Date): TierTerms {
  const { pendingTerms, currentPeriodEnd } = membership;
  return pendingTerms !== null && at >= currentPeriodEnd ? pendingTerms : membership.terms;
}

export function cycleAt(membership: Membership, at: Date): Cycle {
  const { pendingCycle, currentPeriodEnd } = membership;
  return pendingCycle !== null && at >= currentPeriodEnd ? pendingCycle : membership.cycle;
}

/** The form in which the ledger keeps its copy of a membership. */
export function membershipToState(membership: Membership | null): unknown {
  return membership === null ? null : JSON.parse(JSON.stringify(membership));
}

/**
 * Reads the ledger's copy back.
 * @throws TypeError when it is not one of ours: better no reset than a wrong one.
 */
export function membershipFromState(state: unknown): Membership | null {
  if (state === null || state === undefined) return null;
  const stored = state as { readonly [K in keyof Membership]: unknown };
  const terms = (value: unknown): TierTerms => {
    const candidate = value as TierTerms | null;
    if (typeof candidate?.tier !== "string" || !Number.isSafeInteger(candidate.monthlyCredits)) {
      throw new TypeError("the copy of a membership holds no terms");
    }
    return candidate;
  };
  const moment = (value: unknown): Date => {
    const date = new Date(typeof value === "string" ? value : Number.NaN);
    if (Number.isNaN(date.getTime())) throw new TypeError("the copy of a membership holds a bad moment");
    return date;
  };
  const optionalMoment = (value: unknown) => (value === null || value === undefined ? null : moment(value));
  return {
    membershipId: String(stored.membershipId),
    status: stored.status as MembershipStatus,
    cycle: stored.cycle as Cycle,
    terms: terms(stored.terms),
    pendingTerms: stored.pendingTerms === null || stored.pendingTerms === undefined ? null : terms(stored.pendingTerms),
    pendingCycle: stored.pendingCycle === "monthly" || stored.pendingCycle === "yearly" ? stored.pendingCycle : null,
    startedAt: moment(stored.startedAt),
    currentPeriodStart: moment(stored.currentPeriodStart),
    currentPeriodEnd: moment(stored.currentPeriodEnd),
    expiresAt: optionalMoment(stored.expiresAt),
    cancelAtPeriodEnd: stored.cancelAtPeriodEnd === true,
    endedAt: optionalMoment(stored.endedAt),
  };
}
