import { type ChangeKind, dueAt, type Membership } from "./membership.ts";
import { periodHolding } from "./periods.ts";

/** One thing that time alone does to a membership. */
export interface Settlement {
  readonly step: "renew" | "expire";
  readonly change: ChangeKind;
  readonly reason: string;
  readonly next: Membership;
}

/**
 * What has fallen due by `now`: nothing, a renewal, an end, or a renewal and then an end. However many periods were
 * slept through, it is one renewal, into the period that holds `now` or the agreed end, whichever comes first.
 */
export function settlements(membership: Membership, now: Date, timeZone: string): readonly Settlement[] {
  const steps: Settlement[] = [];
  let state = membership;
  for (let due = dueAt(state); due !== null && due <= now; due = dueAt(state)) {
    const step = settleOnce(state, now, timeZone);
    steps.push(step);
    state = step.next;
  }
  return steps;
}

function settleOnce(membership: Membership, now: Date, timeZone: string): Settlement {
  const { currentPeriodEnd, expiresAt, cancelAtPeriodEnd } = membership;
  if (expiresAt !== null && expiresAt <= currentPeriodEnd) {
    return {
      step: "expire",
      change: "expired",
      reason: "the agreed end came",
      next: { ...membership, status: "expired", endedAt: expiresAt },
    };
  }
  if (cancelAtPeriodEnd) {
    return {
      step: "expire",
      change: "cancelled",
      reason: "the period of a cancelled membership ended",
      next: { ...membership, status: "cancelled", endedAt: currentPeriodEnd },
    };
  }
  return renewal(membership, now, timeZone);
}

function renewal(membership: Membership, now: Date, timeZone: string): Settlement {
  const { startedAt, currentPeriodEnd, expiresAt, pendingTerms, pendingCycle } = membership;
  const cycle = pendingCycle ?? membership.cycle;
  // The last moment this renewal has to reach. An agreed end is exclusive: the millisecond before it counts.
  const reach = expiresAt !== null && expiresAt <= now ? new Date(expiresAt.getTime() - 1) : now;
  const period = periodHolding(startedAt, currentPeriodEnd, cycle, reach, timeZone);
  return {
    step: "renew",
    change: pendingTerms !== null ? "downgraded" : pendingCycle !== null ? "cycle_changed" : "renewed",
    reason: "the period ended",
    next: {
      ...membership,
      cycle,
      terms: pendingTerms ?? membership.terms,
      pendingTerms: null,
      pendingCycle: null,
      currentPeriodStart: period.start,
      currentPeriodEnd: period.end,
    },
  };
}
