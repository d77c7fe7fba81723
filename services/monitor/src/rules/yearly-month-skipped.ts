import { monthIndexAt, monthsAfter } from "../domain/calendar.ts";
import { isActiveAt, knownSince, newestOf, servedUntil, termsBetween } from "../domain/member-facts.ts";
import { whole } from "../domain/settings.ts";
import { defineRule } from "./rule.ts";
import type { MemberFinding } from "./signal.ts";

/** Months back that are looked at: a year and one. */
const MONTHS = 13;

/** A month of a yearly membership went by without its share of the twelve. */
export const yearlyMonthSkipped = defineRule({
  name: "yearly_month_skipped",
  family: "membership",
  about:
    "A month of a yearly membership, counted from its join day, is over by `graceMinutes` and nothing was given for it: what was slept through is not given in arrears. By hand.",
  settings: { graceMinutes: whole(360, 1, 10_080, "how long after its end a month counts as complete") },
  inspect(facts, { now, timeZone }, settings) {
    const newest = newestOf(facts);
    const since = knownSince(facts);
    if (newest === null || since === null || newest.cycle !== "yearly" || newest.monthlyCredits === 0) {
      return { findings: [], well: [], lookAt: null };
    }
    const graceMs = settings.graceMinutes * 60_000;
    const { startedAt, membershipId, tier } = newest;
    const current = monthIndexAt(startedAt, now, timeZone);
    const findings: MemberFinding[] = [];
    let lookAt = isActiveAt(newest, now)
      ? new Date(monthsAfter(startedAt, current + 1, timeZone).getTime() + graceMs)
      : null;
    for (let index = Math.max(0, current - MONTHS); index < current; index++) {
      const start = monthsAfter(startedAt, index, timeZone);
      const end = monthsAfter(startedAt, index + 1, timeZone);
      if (since.getTime() > start.getTime() + 60_000) continue;
      const completeAt = new Date(end.getTime() + graceMs);
      if (now < completeAt) {
        lookAt = completeAt;
        break;
      }
      // Yearly and active all through it: months under another cycle are another rule's.
      const held = termsBetween(facts, start, new Date(end.getTime() - 1));
      const mine = held.every((terms) => terms.cycle === "yearly" && terms.membershipId === membershipId);
      if (!mine || !isActiveAt(newest, new Date(end.getTime() - 1))) continue;
      const served = facts.allowances.some(
        (each) =>
          (each.periodStart >= start && each.periodStart < end) ||
          (each.periodStart < start && servedUntil(each, timeZone) >= end),
      );
      if (served) continue;
      findings.push({
        subject: `${facts.userId}/${start.toISOString().slice(0, 10)}`,
        severity: "critical",
        at: end,
        once: true,
        evidence: {
          membershipId,
          tier,
          month: index + 1,
          periodStart: start.toISOString(),
          periodEnd: end.toISOString(),
          monthlyCredits: newest.monthlyCredits,
          proposal: "POST /api/admin/users/{userId}/credits/grants",
        },
      });
    }
    return { findings, well: [], lookAt };
  },
});
