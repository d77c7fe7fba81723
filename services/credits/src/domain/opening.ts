import { allowancePeriodAt, yearlySchedule } from "./allowance.ts";
import type { Period } from "./calendar.ts";
import type { YearlyMonth } from "./ledger/yearly-months.ts";
import type { AllowanceAnchor, Cycle, Membership } from "./membership.ts";

/** What a member who moves in has of the present month's allowance, and by which calendar it was given. */
export interface MovedAllowance {
  /** Whole credits that are left of it. */
  readonly remaining: number;
  /** All that the period is worth: counts as given. */
  readonly monthlyCredits: number;
  readonly cycle: Cycle;
  /** Of the tier; a yearly membership is anchored to its join moment whatever it says. */
  readonly anchor: AllowanceAnchor;
  /** The join moment, not after now; undefined: now. */
  readonly startedAt?: Date | undefined;
}

/**
 * The allowance period that the former system has served, and for a yearly member the months of the running year up to
 * it: the same periods that this ledger would have served, so that its own begin where those end.
 */
export function servedElsewhere(
  allowance: MovedAllowance,
  now: Date,
  timeZone: string,
): { readonly period: Period; readonly months: readonly YearlyMonth[] } {
  const membership = membershipOf(allowance, allowance.startedAt ?? now);
  const { start, end } = allowancePeriodAt(membership, now, timeZone);
  const period = { start, end };
  const served = { ...period, given: allowance.monthlyCredits };
  const months = yearlySchedule(membership, served, now, timeZone).filter((month) => month.start <= now);
  return {
    period,
    months: months.map((month) => ({
      month: month.month,
      periodStart: month.start,
      periodEnd: month.end,
      amount: month.amount,
    })),
  };
}

/** As much of a membership as its periods depend on; years are counted from the join moment. */
function membershipOf({ cycle, anchor, monthlyCredits }: MovedAllowance, startedAt: Date): Membership {
  return {
    membershipId: "",
    status: "active",
    cycle,
    terms: { tier: "", monthlyCredits, anchor, firstPeriod: "full", rolloverCap: 0, onExpiry: "keep", rank: 0 },
    pendingTerms: null,
    pendingCycle: null,
    startedAt,
    currentPeriodStart: startedAt,
    currentPeriodEnd: startedAt,
    expiresAt: null,
    cancelAtPeriodEnd: false,
    endedAt: null,
  };
}
