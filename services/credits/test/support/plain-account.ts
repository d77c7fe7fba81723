import { type AllowancePlan, planAllowance, type Served } from "../../src/domain/allowance.ts";
import type { Membership, TierTerms } from "../../src/domain/membership.ts";

export const UTC = "UTC";
export const day = (text: string) => new Date(text.length === 10 ? `${text}T00:00:00.000Z` : text);

export const pro: TierTerms = {
  tier: "pro",
  monthlyCredits: 250,
  anchor: "calendar",
  firstPeriod: "full",
  rolloverCap: 0,
  onExpiry: "keep",
  rank: 2,
};
export const lite: TierTerms = { ...pro, tier: "lite", monthlyCredits: 100, rank: 1 };
export const premium: TierTerms = { ...pro, tier: "premium", monthlyCredits: 600, rank: 3 };

export function member(startedAt: string, over: Partial<Membership> = {}): Membership {
  const started = day(startedAt);
  const periodEnd = new Date(started);
  periodEnd.setUTCMonth(periodEnd.getUTCMonth() + 1);
  return {
    membershipId: "m1",
    status: "active",
    cycle: "monthly",
    terms: pro,
    pendingTerms: null,
    pendingCycle: null,
    startedAt: started,
    currentPeriodStart: started,
    currentPeriodEnd: periodEnd,
    expiresAt: null,
    cancelAtPeriodEnd: false,
    endedAt: null,
    ...over,
  };
}

/** What the ledger does with a plan, as far as allowances go: the smallest possible account. */
export class Account {
  served: Served | null = null;
  left = 0;
  readonly actions: string[] = [];

  apply(plan: AllowancePlan): void {
    if (plan.action === "forfeit") {
      if (this.left > 0) this.actions.push(`forfeit ${this.left}`);
      this.left = 0;
    }
    if (plan.period === null) return;
    if (plan.action === "first" || plan.action === "reset") {
      const carried = Math.min(plan.rolloverCap, this.left + plan.missedCredits);
      this.left = plan.quota + carried;
      this.served = { start: plan.period.start, end: plan.period.end, given: plan.quota };
      this.actions.push(`${plan.action} ${this.left}`);
    } else if (plan.action === "topup" && this.served !== null) {
      const more = Math.max(0, plan.quota - this.served.given);
      this.left += more;
      this.served = { start: plan.period.start, end: plan.period.end, given: this.served.given + more };
      this.actions.push(`topup ${more}`);
    }
  }

  look(membership: Membership | null, now: string | Date, timeZone = UTC): AllowancePlan {
    const at = typeof now === "string" ? day(now) : now;
    const plan = planAllowance(membership, this.served, at, timeZone);
    this.apply(plan);
    return plan;
  }
}
