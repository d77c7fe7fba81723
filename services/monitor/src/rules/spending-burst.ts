import { whole } from "../domain/settings.ts";
import { defineRule, overAfterADay } from "./rule.ts";

const STEP_MS = 300_000;

/** An account that spends very much in a short time: a stolen token, a loop in somebody's program. */
export const spendingBurst = defineRule({
  name: "spending_burst",
  family: "transactions",
  about: "One account spends at least `credits` within `windowMinutes` (in steps of five minutes), by event time.",
  settings: {
    credits: whole(2_000, 1, 1_000_000_000, "so much in a window"),
    criticalCredits: whole(20_000, 1, 1_000_000_000, "critical from here"),
    windowMinutes: whole(60, 5, 1_440, "length of the window, rounded up to five minutes and one step more"),
    ...overAfterADay,
  },
  observe(event) {
    if (event.type !== "credits_changed" || event.transaction.type !== "consume") return [];
    return [{ kind: "tally", subject: event.userId, member: "", amount: -event.transaction.amount, marked: 0 }];
  },
  tally: (settings) => ({
    stepMs: STEP_MS,
    widthMs: widthOf(settings.windowMinutes),
    minEvents: 1,
    minAmount: settings.credits,
    minMembers: 1,
    minEach: 1,
    settleMs: null,
    keepMs: widthOf(settings.windowMinutes) + 7 * 86_400_000,
  }),
  judgeTally: (peak, settings) => ({
    userId: peak.subject,
    severity: peak.amount >= settings.criticalCredits ? "critical" : "warning",
    evidence: {
      credits: peak.amount,
      consumptions: peak.events,
      windowMinutes: settings.windowMinutes,
      limit: settings.credits,
      from: new Date(peak.firstAt.getTime() - widthOf(settings.windowMinutes) + STEP_MS).toISOString(),
      to: new Date(peak.lastAt.getTime() + STEP_MS).toISOString(),
    },
  }),
});

/** A window of whole steps holds every stretch of `minutes`, wherever it begins. */
function widthOf(minutes: number): number {
  return (Math.ceil((minutes * 60_000) / STEP_MS) + 1) * STEP_MS;
}
