import { isActiveAt, knownSince, type MemberFacts, type TermsFact } from "../domain/member-facts.ts";
import { whole } from "../domain/settings.ts";
import { defineRule } from "./rule.ts";
import type { MemberFinding } from "./signal.ts";

/** Somebody was a member for a whole membership period and was given nothing in it. */
export const periodWithoutAllowance = defineRule({
  name: "period_without_allowance",
  family: "membership",
  about:
    "A monthly membership period (what the member pays for) is over by `graceMinutes`, and not one allowance was given in it. By hand.",
  settings: { graceMinutes: whole(360, 1, 10_080, "how long after its end a period counts as complete") },
  inspect(facts, { now }, settings) {
    const since = knownSince(facts);
    if (since === null) return { findings: [], well: [], lookAt: null };
    const graceMs = settings.graceMinutes * 60_000;
    const findings: MemberFinding[] = [];
    let lookAt: Date | null = null;
    for (const terms of periodsOf(facts)) {
      const { periodStart, periodEnd, membershipId, tier, monthlyCredits } = terms;
      if (since.getTime() > periodStart.getTime() + 60_000) continue;
      const completeAt = new Date(periodEnd.getTime() + graceMs);
      if (now < completeAt) {
        if (lookAt === null || completeAt < lookAt) lookAt = completeAt;
        continue;
      }
      // Given in it, for a period that began before its end: the next period's share may come before the grace is over.
      const given = facts.allowances.some((each) => each.at >= periodStart && each.periodStart < periodEnd);
      if (given) continue;
      findings.push({
        subject: `${facts.userId}/${periodStart.toISOString().slice(0, 10)}`,
        severity: "critical",
        at: periodEnd,
        once: true,
        evidence: {
          membershipId,
          tier,
          monthlyCredits,
          periodStart: periodStart.toISOString(),
          periodEnd: periodEnd.toISOString(),
          proposal: "POST /api/admin/users/{userId}/credits/grants",
        },
      });
    }
    return { findings, well: [], lookAt };
  },
});

/** The newest version of each monthly period that the member had to its end. */
function periodsOf(facts: MemberFacts): TermsFact[] {
  const periods = new Map<string, TermsFact>();
  for (const terms of facts.terms) periods.set(`${terms.membershipId} ${terms.periodStart.getTime()}`, terms);
  return [...periods.values()].filter(
    (terms) =>
      terms.cycle === "monthly" &&
      terms.monthlyCredits > 0 &&
      isActiveAt(terms, new Date(terms.periodEnd.getTime() - 1)),
  );
}
