import { anchoredMonthAt, calendarMonthAt, contains, type Period, prorate, yearOfTwelve } from "./calendar.ts";
import { activeUntil, cycleAt, isActiveAt, type Membership, type TierTerms, termsAt } from "./membership.ts";

/** The allowance period an account was last served, and all it was given for it. */
export interface Served extends Period {
  readonly given: number;
}

/**
 * What has to happen to an account's allowance now.
 * - `first`: the first allowance ever; a grant of `quota`.
 * - `reset`: a later period begins; the allowance becomes `quota` plus what may be carried over.
 * - `topup`: the period was served already; a grant of `quota − given`, nothing when that is not positive.
 * - `forfeit`: the membership has ended on such terms; what is left of the allowance lapses.
 * - `none`: only the view of the membership and the next look change.
 */
export type AllowanceAction = "first" | "reset" | "topup" | "forfeit" | "none";

export interface AllowanceView {
  readonly tier: string;
  readonly monthlyCredits: number;
  /** Null when the membership ends before another allowance falls due. */
  readonly nextResetAt: Date | null;
}

export interface AllowancePlan {
  readonly action: AllowanceAction;
  /** The period this serves; null for `forfeit` and `none` where there is none. */
  readonly period: Period | null;
  /** The whole amount that the period may give. */
  readonly quota: number;
  readonly rolloverCap: number;
  /** Quotas of whole periods in which nobody looked (the machine was off): they count as unused when carrying over. */
  readonly missedCredits: number;
  /** When this account has to be looked at again; null: never, unless an event comes. */
  readonly dueAt: Date | null;
  /** What the member sees; null for non-members. */
  readonly view: AllowanceView | null;
}

const NOTHING: AllowancePlan = {
  action: "none",
  period: null,
  quota: 0,
  rolloverCap: 0,
  missedCredits: 0,
  dueAt: null,
  view: null,
};

/** A yearly membership is always anchored to its join moment, whatever its tier says of monthly ones. */
function isAnchored(membership: Membership, at: Date): boolean {
  return cycleAt(membership, at) === "yearly" || termsAt(membership, at).anchor === "anniversary";
}

/** The allowance period that a moment of the membership lies in. */
export function allowancePeriodAt(membership: Membership, at: Date, timeZone: string): Period {
  return isAnchored(membership, at)
    ? anchoredMonthAt(membership.startedAt, at, timeZone)
    : calendarMonthAt(at, timeZone);
}

/**
 * Decides what an account's allowance needs at `now`, from the newest known state of the membership and what was
 * served last. It depends on nothing but its arguments, and not on when somebody last looked: what fell due while
 * the machine was off is served as if it had been on, so the result is the same however often and late it is asked.
 */
export function planAllowance(
  membership: Membership | null,
  served: Served | null,
  now: Date,
  timeZone: string,
): AllowancePlan {
  if (membership === null) return NOTHING;
  if (now < membership.startedAt) return { ...NOTHING, dueAt: membership.startedAt };
  const end = activeUntil(membership);
  if (end !== null && end <= membership.startedAt) return NOTHING;

  const active = isActiveAt(membership, now);
  // An ended membership is judged as of its last moment: a reset that fell due before the end was earned.
  const at = active || end === null ? now : new Date(end.getTime() - 1);
  const terms = termsAt(membership, at);
  if (!active && terms.onExpiry === "forfeit") return { ...NOTHING, action: "forfeit" };

  const { period, whole } = periodToServe(membership, served, at, timeZone);
  const quota = quotaOf(membership, period, whole, at, timeZone);
  const action = actionFor(served, period, quota, at);
  return {
    action,
    period: action === "none" ? null : period,
    quota,
    rolloverCap: action === "reset" ? terms.rolloverCap : 0,
    missedCredits:
      action === "reset" && served !== null ? missedCredits(membership, served, period, terms, timeZone) : 0,
    dueAt: active ? nextLook(membership, period, end, now) : null,
    view: active
      ? {
          tier: terms.tier,
          monthlyCredits: terms.monthlyCredits,
          nextResetAt: end === null || period.end < end ? period.end : null,
        }
      : null,
  };
}

/**
 * The period that is served at a moment, and the whole one its quota is a share of. They differ only when the anchor
 * changes (monthly to yearly, leaving and coming back on an anniversary tier): a period once served is finished
 * first, then the rest up to the next boundary of the new anchor is served as a share of its days. So time is tiled
 * without gap or overlap, and no day is paid for twice.
 */
function periodToServe(membership: Membership, served: Served | null, at: Date, timeZone: string): ShareOf {
  const whole = allowancePeriodAt(membership, at, timeZone);
  if (served === null || at < served.start) return { period: whole, whole };
  const unseen = unseenBefore(membership, served, at, timeZone);
  if (unseen !== null && at < unseen.period.end) return unseen;
  const until = later(served.end, unseen?.period.end ?? served.end);
  if (whole.start >= until) return { period: whole, whole };
  if (at >= until) return { period: { start: until, end: whole.end }, whole };
  // A share of `whole` that was begun; otherwise a whole period of another anchor.
  const begun = served.end.getTime() === whole.end.getTime();
  return { period: served, whole: begun ? whole : served };
}

interface ShareOf {
  readonly period: Period;
  readonly whole: Period;
}

/**
 * The last period before a scheduled change, where the change lies inside it and nobody looked in time to serve it: it is
 * finished first all the same, or who looked seldom would be given another share than who looked often.
 */
function unseenBefore(membership: Membership, served: Served, at: Date, timeZone: string): ShareOf | null {
  const { pendingTerms, pendingCycle, currentPeriodEnd: change } = membership;
  if ((pendingTerms === null && pendingCycle === null) || at < change) return null;
  const last = new Date(change.getTime() - 1);
  if (last < membership.startedAt) return null;
  const whole = allowancePeriodAt(membership, last, timeZone);
  const start = later(whole.start, served.end);
  return start < whole.end ? { period: { start, end: whole.end }, whole } : null;
}

function actionFor(served: Served | null, period: Period, quota: number, at: Date): AllowanceAction {
  if (served === null) return "first";
  // The clock went back to before what was served.
  if (at < served.start) return "none";
  if (period.start >= served.end) return "reset";
  return quota > served.given ? "topup" : "none";
}

/**
 * The highest quota held in the period so far. It is a share of the whole period's where a change of the anchor left
 * only a share to serve, and where the member joined inside it and the tier says so.
 */
function quotaOf(membership: Membership, period: Period, whole: Period, at: Date, timeZone: string): number {
  const { startedAt } = membership;
  const before = termsAt(membership, later(startedAt, period.start));
  const now = termsAt(membership, at);
  const terms = before.monthlyCredits > now.monthlyCredits ? before : now;
  if (period.start > whole.start) return prorate(terms.monthlyCredits, whole, period.start, timeZone);
  const joinedInside = contains(period, startedAt) && startedAt > period.start;
  return joinedInside && terms.firstPeriod === "prorated" && !isAnchored(membership, at)
    ? prorate(terms.monthlyCredits, period, startedAt, timeZone)
    : terms.monthlyCredits;
}

/**
 * What the periods between the one served last and this one would have given, had somebody looked in time, and what the one
 * served last would have been given more; at most the cap.
 */
function missedCredits(
  membership: Membership,
  served: Served,
  period: Period,
  terms: TierTerms,
  timeZone: string,
): number {
  let missed = 0;
  let last = served;
  // A period a step, so this ends at `period` even where quotas are 0; more than the cap can't be carried.
  while (missed < terms.rolloverCap) {
    if (membership.startedAt < last.end) missed += Math.max(0, quotaInTheEnd(membership, last, timeZone) - last.given);
    const at = later(last.end, membership.startedAt);
    if (at >= period.start) break;
    last = { ...periodToServe(membership, last, at, timeZone).period, given: 0 };
  }
  return Math.min(missed, terms.rolloverCap);
}

/** What a served period gives by its last moment. */
function quotaInTheEnd(membership: Membership, served: Served, timeZone: string): number {
  const at = new Date(served.end.getTime() - 1);
  const { period, whole } = periodToServe(membership, served, at, timeZone);
  return quotaOf(membership, period, whole, at, timeZone);
}

function later(a: Date, b: Date): Date {
  return new Date(Math.max(a.getTime(), b.getTime()));
}

/** The earliest moment after `now` at which the answer may be another one without an event. */
function nextLook(membership: Membership, period: Period, end: Date | null, now: Date): Date {
  const moments = [period.end];
  if (end !== null) moments.push(end);
  if (membership.pendingTerms !== null) moments.push(membership.currentPeriodEnd);
  const later = moments.filter((moment) => moment > now).map((moment) => moment.getTime());
  return new Date(Math.min(...later));
}

export interface ScheduledAllowance extends Period {
  /** 1 to 12. */
  readonly month: number;
  readonly amount: number;
  readonly status: "given" | "missed" | "scheduled";
}

/**
 * The twelve months of a yearly member's current year: what was given, what fell away unseen, and what is still to
 * come. Months that begin after the membership has ended are left out; a monthly member has none. A month cut by the
 * change to yearly begins where the period served before it ends.
 */
export function yearlySchedule(
  membership: Membership | null,
  served: Served | null,
  now: Date,
  timeZone: string,
): readonly ScheduledAllowance[] {
  if (membership === null || now < membership.startedAt) return [];
  const end = activeUntil(membership);
  const at = end !== null && end <= now ? new Date(end.getTime() - 1) : now;
  if (at < membership.startedAt || cycleAt(membership, at) !== "yearly") return [];
  return yearOfTwelve(membership.startedAt, membership.currentPeriodStart, at, timeZone)
    .filter((month) => end === null || month.start < end)
    .map((month, index) => {
      const begun = served !== null && served.end.getTime() === month.end.getTime();
      const cut = begun ? served.start : served !== null && contains(month, served.end) ? served.end : month.start;
      const start = later(month.start, cut);
      const amount = termsAt(membership, start).monthlyCredits;
      return {
        month: index + 1,
        start,
        end: month.end,
        amount: start > month.start ? prorate(amount, month, start, timeZone) : amount,
        status: contains({ start, end: month.end }, at) ? "given" : start > at ? "scheduled" : "missed",
      };
    });
}
