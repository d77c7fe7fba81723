import { allowancePeriodAt } from "../domain/calendar.ts";
import { type AllowanceFact, type MemberFacts, termsBetween } from "../domain/member-facts.ts";
import { whole } from "../domain/settings.ts";
import { defineRule } from "./rule.ts";
import type { MemberFinding } from "./signal.ts";

/** An allowance period was served twice, or with another amount than the membership promises. */
export const resetWrong = defineRule({
  name: "reset_wrong",
  family: "membership",
  about:
    "An allowance period was reset twice (an admin's forced reset aside), a reset left another amount than the quota (plus what may be carried over), or all that was given for a period exceeds the highest quota held in it. By hand.",
  settings: { slackMinutes: whole(10, 0, 1_440, "how far apart a change of the membership and its effect may be") },
  inspect(facts, { timeZone }, settings) {
    const slackMs = settings.slackMinutes * 60_000;
    const findings: MemberFinding[] = [];
    for (const given of periodsOf(facts.allowances)) {
      findings.push(
        ...twice(facts, given),
        ...wrongResets(facts, given, slackMs, timeZone),
        ...tooMuch(facts, given, slackMs),
      );
    }
    return { findings, well: [], lookAt: null };
  },
});

function periodsOf(allowances: readonly AllowanceFact[]): AllowanceFact[][] {
  const periods = new Map<number, AllowanceFact[]>();
  for (const each of allowances) {
    const key = each.periodStart.getTime();
    periods.set(key, [...(periods.get(key) ?? []), each]);
  }
  return [...periods.values()];
}

/** The program serves a period once; an admin may force it. */
function twice(facts: MemberFacts, given: readonly AllowanceFact[]): MemberFinding[] {
  const [, second] = given.filter((each) => each.type === "reset" && each.actor === "system");
  return second === undefined ? [] : [finding(facts, "given_twice", second, { resets: given.length })];
}

function wrongResets(
  facts: MemberFacts,
  given: readonly AllowanceFact[],
  slackMs: number,
  timeZone: string,
): MemberFinding[] {
  return given.flatMap((reset) => {
    if (reset.type !== "reset" || reset.remaining === null) return [];
    const held = termsBetween(facts, minus(reset.at, slackMs), plus(reset.at, slackMs));
    if (held.length === 0) return [];
    const quotas = held.map((terms) => terms.monthlyCredits);
    // What holds have reserved of the old allowance stays until they end.
    const most = Math.max(...held.map((terms) => terms.monthlyCredits + terms.rolloverCap)) + reset.heldAfter;
    // After a change of the anchor a rest is served as a share of its days: then only too much is wrong.
    const whole = held.some(
      (terms) => allowancePeriodAt(terms, reset.at, timeZone).start.getTime() === reset.periodStart.getTime(),
    );
    const least = whole ? Math.min(...quotas) : 0;
    if (reset.remaining >= least && reset.remaining <= most) return [];
    return [finding(facts, "wrong_amount", reset, { remaining: reset.remaining, least, most })];
  });
}

/** Upgrading, or leaving and coming back, never gives more than the highest quota held in the period. */
function tooMuch(facts: MemberFacts, given: readonly AllowanceFact[], slackMs: number): MemberFinding[] {
  const last = given.at(-1);
  const first = given[0];
  if (first === undefined || last === undefined || last.type !== "grant") return [];
  const held = termsBetween(facts, minus(first.periodStart, slackMs), plus(last.at, slackMs));
  if (held.length === 0) return [];
  const highest = Math.max(...held.map((terms) => terms.monthlyCredits));
  const atReset = termsBetween(facts, minus(first.at, slackMs), plus(first.at, slackMs));
  const base = first.type === "reset" ? Math.min(...atReset.map((terms) => terms.monthlyCredits), highest) : 0;
  const granted = given.reduce((sum, each) => sum + (each.type === "grant" ? each.amount : 0), 0);
  if (base + granted <= highest) return [];
  return [finding(facts, "more_than_the_quota", last, { given: base + granted, most: highest })];
}

function finding(
  facts: MemberFacts,
  problem: string,
  row: AllowanceFact,
  more: Readonly<Record<string, number>>,
): MemberFinding {
  const { periodStart, at, amount, transactionId, traceId, version } = row;
  return {
    subject: `${facts.userId}/${version}`,
    severity: "critical",
    at,
    once: true,
    evidence: {
      problem,
      ...more,
      amount,
      periodStart: periodStart.toISOString(),
      transactionId,
      version,
      at: at.toISOString(),
      traceId,
    },
  };
}

function minus(at: Date, ms: number): Date {
  return new Date(at.getTime() - ms);
}

function plus(at: Date, ms: number): Date {
  return new Date(at.getTime() + ms);
}
