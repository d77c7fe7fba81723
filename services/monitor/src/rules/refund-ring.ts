import { whole } from "../domain/settings.ts";
import { defineRule, overAfterADay } from "./rule.ts";

const STEP_MS = 300_000;

/** Several accounts that get refunds of one kind at the same time: one person behind many, or a feature that fails for all. */
export const refundRing = defineRule({
  name: "refund_ring",
  family: "transactions",
  about:
    "At least `accounts` accounts with `refundsEach` refunds each, of one feature and for one reason, within `windowMinutes` (in steps of five minutes).",
  settings: {
    accounts: whole(5, 2, 100_000, "so many accounts"),
    refundsEach: whole(3, 1, 100_000, "refunds that make an account count"),
    windowMinutes: whole(120, 5, 1_440, "length of the window, rounded up to five minutes and one step more"),
    ...overAfterADay,
  },
  observe(event) {
    if (event.type !== "credits_changed" || event.transaction.type !== "refund") return [];
    const { feature, reason, amount } = event.transaction;
    const subject = `${feature === "" ? "-" : feature}/${reason.trim().toLowerCase().slice(0, 100)}`;
    return [{ kind: "tally", subject, member: event.userId, amount, marked: 0 }];
  },
  tally: (settings) => ({
    stepMs: STEP_MS,
    widthMs: (Math.ceil((settings.windowMinutes * 60_000) / STEP_MS) + 1) * STEP_MS,
    minEvents: settings.accounts * settings.refundsEach,
    minAmount: 0,
    minMembers: settings.accounts,
    minEach: settings.refundsEach,
    settleMs: null,
    keepMs: settings.windowMinutes * 60_000 + 7 * 86_400_000,
  }),
  judgeTally: (peak, settings) => ({
    userId: null,
    severity: "critical",
    evidence: {
      feature: peak.subject.slice(0, peak.subject.indexOf("/")),
      reason: peak.subject.slice(peak.subject.indexOf("/") + 1),
      accounts: peak.members,
      who: peak.who,
      refunds: peak.events,
      credits: peak.amount,
      windowMinutes: settings.windowMinutes,
      limit: settings.accounts,
      to: new Date(peak.lastAt.getTime() + STEP_MS).toISOString(),
    },
  }),
});
