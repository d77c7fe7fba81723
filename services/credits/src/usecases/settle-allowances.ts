import { planAllowance, type Served, yearlySchedule } from "../domain/allowance.ts";
import type { AllowanceState, AllowanceStep, AllowanceStepOutcome } from "../domain/ledger/allowance.ts";
import type { Audit } from "../domain/ledger/operation.ts";
import type { UserId } from "../domain/ledger/terms.ts";
import { isActiveAt, membershipFromState } from "../domain/membership.ts";
import type { LedgerSession } from "./ports.ts";

export interface SettleOptions {
  readonly timeZone: string;
  readonly actor?: string;
  /** The trace that the account's rows belong to. */
  traceparentOf?(userId: UserId): string | undefined;
  /** As of when an account is judged; not after now, which it is when left out. */
  atOf?(userId: UserId): Date;
}

/**
 * Gives, resets or takes what is due on these accounts, in the transaction in which their state was loaded (and so
 * their rows locked): nobody can settle the same account in between.
 */
export async function settleAllowances(
  session: Pick<LedgerSession, "settle">,
  now: Date,
  states: readonly AllowanceState[],
  options: SettleOptions,
): Promise<AllowanceStepOutcome[]> {
  if (states.length === 0) return [];
  return session.settle(
    now,
    states.map((state) => allowanceStep(state, options.atOf?.(state.userId) ?? now, options)),
  );
}

/** Loads and settles accounts by name. */
export async function settleAccounts(
  session: Pick<LedgerSession, "loadDue" | "settle">,
  now: Date,
  userIds: readonly UserId[],
  options: SettleOptions,
): Promise<AllowanceStepOutcome[]> {
  if (userIds.length === 0) return [];
  return settleAllowances(session, now, await session.loadDue(now, userIds), options);
}

/** What the ledger has to book for one account now. */
export function allowanceStep(state: AllowanceState, now: Date, options: SettleOptions): AllowanceStep {
  const membership = membershipFromState(state.state);
  const plan = planAllowance(membership, servedOf(state), now, options.timeZone);
  const schedule = yearlySchedule(
    membership,
    plan.period === null ? servedOf(state) : { ...plan.period, given: 0 },
    now,
    options.timeZone,
  );
  const gives = plan.action === "first" || plan.action === "reset" || plan.action === "topup";
  const active = membership !== null && isActiveAt(membership, now);
  return {
    userId: state.userId,
    membershipVersion: state.membershipVersion,
    action: gives ? "give" : plan.action === "forfeit" ? "forfeit" : "none",
    ...(plan.period === null ? {} : { period: plan.period }),
    quota: plan.quota,
    rolloverCap: plan.rolloverCap,
    missedCredits: plan.missedCredits,
    dueAt: plan.dueAt,
    tier: plan.view?.tier ?? null,
    monthlyCredits: plan.view?.monthlyCredits ?? null,
    nextResetAt: plan.view?.nextResetAt ?? null,
    ...(active && schedule.length > 0
      ? {
          schedule: schedule.map(({ month, start, end, amount }) => ({
            month,
            periodStart: start,
            periodEnd: end,
            amount,
          })),
        }
      : { cancelSchedule: true }),
    actor: options.actor ?? "system",
    reason: reasonOf(plan.action, membership?.terms.tier ?? ""),
    traceparent: options.traceparentOf?.(state.userId),
  };
}

/** An admin's reset: the allowance becomes the quota now, whatever was given. Null when there is no active membership. */
export function forcedStep(
  state: AllowanceState,
  now: Date,
  options: SettleOptions & {
    readonly reason: string;
    readonly audit: Audit;
    readonly requestKey: string;
    readonly requestHash: string;
  },
): AllowanceStep | null {
  const membership = membershipFromState(state.state);
  if (membership === null || !isActiveAt(membership, now)) return null;
  // Planned as if nothing had been served yet, so that the plan names the present period and its quota.
  const plan = planAllowance(membership, null, now, options.timeZone);
  if (plan.period === null) return null;
  return {
    ...allowanceStep(state, now, options),
    action: "force",
    period: plan.period,
    quota: plan.quota,
    rolloverCap: 0,
    missedCredits: 0,
    reason: options.reason,
    audit: options.audit,
    requestKey: options.requestKey,
    requestHash: options.requestHash,
  };
}

function servedOf(state: AllowanceState): Served | null {
  return state.servedStart === null || state.servedEnd === null
    ? null
    : { start: state.servedStart, end: state.servedEnd, given: state.servedGiven };
}

function reasonOf(action: string, tier: string): string {
  switch (action) {
    case "first":
      return `allowance of ${tier}`;
    case "reset":
      return `monthly reset of ${tier}`;
    case "topup":
      return `allowance raised to ${tier}`;
    case "forfeit":
      return `membership ${tier} ended`;
    default:
      return "membership changed";
  }
}
