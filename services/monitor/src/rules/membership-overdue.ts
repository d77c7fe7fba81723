import { type AllowanceFact, agreedEnd, newestOf, type TermsFact } from "../domain/member-facts.ts";
import { whole } from "../domain/settings.ts";
import { defineRule } from "./rule.ts";
import type { MemberFinding } from "./signal.ts";

/** A membership that has ended and goes on all the same: in membership's own books, or by what credits gives. */
export const membershipOverdue = defineRule({
  name: "membership_overdue",
  family: "membership",
  about:
    "A membership is still active `graceMinutes` after its agreed end, or after the end of a period that was not renewed; or an allowance was given for a time after the end. Over when the membership changes.",
  settings: { graceMinutes: whole(60, 1, 10_080, "how long the work at the end of a period may take") },
  inspect(facts, { now }, settings) {
    const newest = newestOf(facts);
    if (newest === null) return { findings: [], well: [], lookAt: null };
    const graceMs = settings.graceMinutes * 60_000;
    const given = facts.allowances.filter((allowance) => isGivenTooLate(allowance, facts.terms));
    const findings: MemberFinding[] = given.map((allowance) => ({
      subject: `${facts.userId}/${allowance.version}`,
      severity: "critical",
      at: allowance.at,
      once: true,
      evidence: {
        problem: "allowance_after_end",
        membershipId: newest.membershipId,
        transactionId: allowance.transactionId,
        periodStart: allowance.periodStart.toISOString(),
        amount: allowance.amount,
        traceId: allowance.traceId,
      },
    }));
    const due = newest.status === "active" ? earlier(agreedEnd(newest), newest.periodEnd) : null;
    const lookAt = due === null ? null : new Date(due.getTime() + graceMs);
    if (due === null || lookAt === null || now < lookAt) return { findings, well: [facts.userId], lookAt };
    const { membershipId, tier, periodEnd, version } = newest;
    findings.push({
      subject: facts.userId,
      severity: "critical",
      at: due,
      once: false,
      evidence: {
        problem: "active_after_end",
        membershipId,
        tier,
        version,
        shouldHaveChangedAt: due.toISOString(),
        periodEnd: periodEnd.toISOString(),
        graceMinutes: settings.graceMinutes,
      },
    });
    return { findings, well: [], lookAt: null };
  },
});

/** For a period that began after the end, by what was known when it was given. A period before the end was earned. */
function isGivenTooLate(allowance: AllowanceFact, terms: readonly TermsFact[]): boolean {
  const last = terms.filter((each) => each.at <= allowance.at).at(-1);
  if (last === undefined || last.status === "active" || last.endedAt === null) return false;
  return allowance.periodStart >= last.endedAt;
}

function earlier(a: Date | null, b: Date): Date {
  return a !== null && a < b ? a : b;
}
