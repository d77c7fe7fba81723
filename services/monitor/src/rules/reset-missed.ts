import { allowancePeriodAt } from "../domain/calendar.ts";
import { isActiveAt, knownSince, newestOf, servedUntil } from "../domain/member-facts.ts";
import { whole } from "../domain/settings.ts";
import { defineRule } from "./rule.ts";

/** An allowance period has begun and the member has not been given anything for it. */
export const resetMissed = defineRule({
  name: "reset_missed",
  family: "membership",
  about:
    "`graceMinutes` after an allowance period began (by the membership's own anchor) an active member has no allowance for it. Over when it comes.",
  settings: { graceMinutes: whole(360, 1, 10_080, "how long the sweep at the beginning of a month may take") },
  inspect(facts, { now, timeZone }, settings) {
    const terms = newestOf(facts);
    const since = knownSince(facts);
    if (terms === null || since === null || terms.monthlyCredits === 0 || !isActiveAt(terms, now)) {
      return { findings: [], well: [facts.userId], lookAt: null };
    }
    const graceMs = settings.graceMinutes * 60_000;
    const period = allowancePeriodAt(terms, now, timeZone);
    const dueAt = new Date(Math.max(period.start.getTime(), terms.startedAt.getTime()));
    const nextLook = new Date(period.end.getTime() + graceMs);
    const served = facts.allowances.some(
      (each) => each.periodStart >= period.start || (each.at <= now && servedUntil(each, timeZone) > now),
    );
    if (served) return { findings: [], well: [facts.userId], lookAt: nextLook };
    // What was given before the monitor heard of the member it cannot know.
    if (since.getTime() > dueAt.getTime() + 60_000) return { findings: [], well: [], lookAt: nextLook };
    const overdueAt = new Date(dueAt.getTime() + graceMs);
    if (now < overdueAt) return { findings: [], well: [], lookAt: overdueAt };
    const { membershipId, tier, cycle, anchor, monthlyCredits } = terms;
    const last = facts.allowances.at(-1);
    return {
      findings: [
        {
          subject: facts.userId,
          severity: "critical",
          at: dueAt,
          once: false,
          evidence: {
            membershipId,
            tier,
            cycle,
            anchor,
            monthlyCredits,
            periodStart: period.start.toISOString(),
            dueAt: dueAt.toISOString(),
            lastAllowance: last === undefined ? null : last.periodStart.toISOString(),
            graceMinutes: settings.graceMinutes,
            proposal: "POST /api/admin/users/{userId}/credits/reset",
          },
        },
      ],
      well: [],
      lookAt: nextLook,
    };
  },
});
