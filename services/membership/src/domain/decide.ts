import {
  type ChangeKind,
  type Cycle,
  type Membership,
  sameTerms,
  type Tier,
  type TierTerms,
  termsOf,
} from "./membership.ts";
import { periodFrom, periodHolding } from "./periods.ts";

/**
 * The state machine of a membership. Its states are coarser than the row: an active membership that was cancelled is
 * a state of its own, because other things are allowed in it. The picture stands in the service's README.
 */
export type State = "none" | "active" | "cancelling" | "cancelled" | "expired" | "ended";
export type Command = "set" | "cancel" | "resume" | "end";

/** What may be asked for in each state. A repeat of what is so already is allowed and changes nothing. */
const ALLOWED: Record<State, readonly Command[]> = {
  none: ["set"],
  active: ["set", "cancel", "resume", "end"],
  cancelling: ["set", "cancel", "resume", "end"],
  cancelled: ["set"],
  expired: ["set"],
  ended: ["set", "end"],
};

export type Decision =
  | { readonly outcome: "changed"; readonly change: ChangeKind; readonly next: Membership }
  | { readonly outcome: "unchanged"; readonly membership: Membership | null }
  | { readonly outcome: "not_allowed"; readonly state: State; readonly allowed: readonly Command[] }
  | { readonly outcome: "tier_retired"; readonly tier: string }
  /** A join day was named for somebody who has a membership with another one. */
  | { readonly outcome: "membership_exists"; readonly startedAt: Date };

/** What an admin wants the membership to be. */
export interface Wanted {
  readonly tier: Tier;
  readonly cycle: Cycle;
  /** undefined: leave the agreed end as it is; null: none. A date lies in the future (checked before). */
  readonly expiresAt: Date | null | undefined;
  /** The join day of a member who comes from another system; not after now (checked before). undefined: now. */
  readonly startedAt?: Date | undefined;
  /** A member of this tier keeps the terms agreed to, or agrees to the tier's terms of today. */
  readonly terms: "keep" | "latest";
  /** Used when a new membership starts. */
  readonly newMembershipId: string;
}

export function stateOf(membership: Membership | null): State {
  if (membership === null) return "none";
  if (membership.status !== "active") return membership.status;
  return membership.cancelAtPeriodEnd ? "cancelling" : "active";
}

function refuse(membership: Membership | null): Decision {
  const state = stateOf(membership);
  return { outcome: "not_allowed", state, allowed: ALLOWED[state] };
}

function isAllowed(membership: Membership | null, command: Command): membership is Membership {
  return membership !== null && ALLOWED[stateOf(membership)].includes(command);
}

/** Lets the membership end with its period. Cancelling again changes nothing. */
export function cancel(membership: Membership | null): Decision {
  if (!isAllowed(membership, "cancel")) return refuse(membership);
  if (membership.cancelAtPeriodEnd) return { outcome: "unchanged", membership };
  return { outcome: "changed", change: "cancel_scheduled", next: { ...membership, cancelAtPeriodEnd: true } };
}

/** Takes a cancellation back. A scheduled downgrade and an agreed end stay. */
export function resume(membership: Membership | null): Decision {
  if (!isAllowed(membership, "resume")) return refuse(membership);
  if (!membership.cancelAtPeriodEnd) return { outcome: "unchanged", membership };
  return { outcome: "changed", change: "resumed", next: { ...membership, cancelAtPeriodEnd: false } };
}

/** Ends the membership at once. Ending what was ended changes nothing. */
export function end(membership: Membership | null, now: Date): Decision {
  if (!isAllowed(membership, "end")) return refuse(membership);
  if (membership.status === "ended") return { outcome: "unchanged", membership };
  return {
    outcome: "changed",
    change: "ended",
    next: { ...membership, status: "ended", endedAt: endOf(membership, now) },
  };
}

/**
 * `now` was taken before the lock was waited for: a membership that began meanwhile ends after its beginning, not
 * before it.
 */
function endOf(membership: Membership, now: Date): Date {
  return new Date(Math.max(now.getTime(), membership.startedAt.getTime() + 1));
}

/**
 * Makes the membership what is wanted. Asking twice for the same changes nothing the second time: it neither starts
 * another membership nor gives another period. Without an active membership one starts now. An active one is upgraded
 * at once and downgraded when its period ends; a longer cycle begins at once, counted from the current period's start,
 * a shorter one when the period ends. Whatever was scheduled or cancelled before is replaced by what is wanted now.
 */
export function set(membership: Membership | null, wanted: Wanted, now: Date, timeZone: string): Decision {
  if (membership !== null && wanted.startedAt !== undefined && !startsAt(membership, wanted.startedAt)) {
    return { outcome: "membership_exists", startedAt: membership.startedAt };
  }
  const active = membership !== null && membership.status === "active" ? membership : null;
  const joins = active === null || ![active.terms.tier, active.pendingTerms?.tier].includes(wanted.tier.tier);
  if (joins && !wanted.tier.offered) return { outcome: "tier_retired", tier: wanted.tier.tier };
  return active === null ? start(wanted, now, timeZone) : change(active, wanted, timeZone);
}

/** A second membership has its own beginning, so a join day that was named can only be that of the one that runs. */
function startsAt(membership: Membership, startedAt: Date): boolean {
  return membership.status === "active" && membership.startedAt.getTime() === startedAt.getTime();
}

function start(wanted: Wanted, now: Date, timeZone: string): Decision {
  const startedAt = wanted.startedAt ?? now;
  const period = periodHolding(startedAt, startedAt, wanted.cycle, now, timeZone);
  return {
    outcome: "changed",
    change: "started",
    next: {
      membershipId: wanted.newMembershipId,
      status: "active",
      cycle: wanted.cycle,
      terms: termsOf(wanted.tier),
      pendingTerms: null,
      pendingCycle: null,
      startedAt,
      currentPeriodStart: period.start,
      currentPeriodEnd: period.end,
      expiresAt: wanted.expiresAt ?? null,
      cancelAtPeriodEnd: false,
      endedAt: null,
    },
  };
}

function change(active: Membership, wanted: Wanted, timeZone: string): Decision {
  const terms = wantedTerms(active, wanted);
  const downgrade = isDowngrade(active.terms, terms);
  const later = downgrade || (active.cycle === "yearly" && wanted.cycle === "monthly");
  const cycleNow = later ? active.cycle : wanted.cycle;
  const next: Membership = {
    ...active,
    ...(cycleNow === active.cycle ? {} : longerPeriod(active, cycleNow, timeZone)),
    terms: downgrade ? active.terms : terms,
    pendingTerms: downgrade ? terms : null,
    pendingCycle: cycleNow === wanted.cycle ? null : wanted.cycle,
    expiresAt: wanted.expiresAt === undefined ? active.expiresAt : wanted.expiresAt,
    cancelAtPeriodEnd: false,
  };
  const kind = kindOf(active, next);
  return kind === null ? { outcome: "unchanged", membership: active } : { outcome: "changed", change: kind, next };
}

/** The terms that would hold: those the member has (or has scheduled) for this tier, unless today's are asked for. */
function wantedTerms(active: Membership, wanted: Wanted): TierTerms {
  if (wanted.terms === "latest") return termsOf(wanted.tier);
  if (active.terms.tier === wanted.tier.tier) return active.terms;
  if (active.pendingTerms?.tier === wanted.tier.tier) return active.pendingTerms;
  return termsOf(wanted.tier);
}

function isDowngrade(from: TierTerms, to: TierTerms): boolean {
  if (from.rank !== to.rank) return to.rank < from.rank;
  return to.monthlyCredits < from.monthlyCredits;
}

function longerPeriod(active: Membership, cycle: Cycle, timeZone: string): Partial<Membership> {
  const period = periodFrom(active.startedAt, active.currentPeriodStart, cycle, timeZone);
  return { cycle, currentPeriodEnd: period.end };
}

/** The most telling word for the difference; null when there is none. */
function kindOf(before: Membership, after: Membership): ChangeKind | null {
  if (!sameTerms(before.terms, after.terms)) return "upgraded";
  if (after.pendingTerms !== null && !sameTerms(before.pendingTerms, after.pendingTerms)) return "downgrade_scheduled";
  if (before.cycle !== after.cycle) return "cycle_changed";
  if (after.pendingCycle !== null && before.pendingCycle !== after.pendingCycle) return "cycle_change_scheduled";
  if (before.expiresAt?.getTime() !== after.expiresAt?.getTime()) return "extended";
  const takenBack =
    before.cancelAtPeriodEnd ||
    !sameTerms(before.pendingTerms, after.pendingTerms) ||
    before.pendingCycle !== after.pendingCycle;
  return takenBack ? "resumed" : null;
}
