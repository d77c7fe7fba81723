import { whole } from "../domain/settings.ts";
import { defineRule, overAfterADay } from "./rule.ts";
import { crowdOf } from "./signal.ts";

const STEP_MS = 3_600_000;

/** Much of what an account spends comes back: few refunds in all, but nearly every use is one. */
export const refundShare = defineRule({
  name: "refund_share",
  family: "transactions",
  about:
    "Within `windowHours` at least `refunds` refunds or releases of one account, and they are `sharePercent` of its uses (consumptions, refunds' own ones among them, and released holds). Those of an hour in which `outagePercent` of the others' uses came back too, of `outageAccounts` of them, don't count: a feature was down. Judged when an hour is over: more uses could make it harmless.",
  settings: {
    refunds: whole(5, 1, 100_000, "fewer are no sign"),
    sharePercent: whole(50, 1, 100, "of the uses"),
    windowHours: whole(24, 1, 168, "length of the window, whole hours"),
    outagePercent: whole(
      25,
      1,
      100,
      "of the others' uses of an hour come back: a feature is down, not the account at fault",
    ),
    outageAccounts: whole(10, 1, 1_000_000, "so many others have something back in that hour"),
    settleMinutes: whole(10, 0, 1_440, "how long after its end an hour counts as complete"),
    ...overAfterADay,
  },
  observe(event) {
    if (event.type !== "credits_changed") return [];
    const { type } = event.transaction;
    const back = type === "refund" || type === "release";
    // A refund follows a consumption that was counted; a release ends a hold that never became one.
    if (!back && type !== "consume") return [];
    const use = { kind: "tally", amount: type === "refund" ? 0 : 1, marked: back ? 1 : 0 } as const;
    return [
      { ...use, subject: event.userId, member: "" },
      { ...use, subject: crowdOf(event.at, STEP_MS), member: event.userId },
    ];
  },
  tally: (settings) => ({
    stepMs: STEP_MS,
    widthMs: settings.windowHours * STEP_MS,
    minEvents: 0,
    minAmount: 0,
    minMembers: 0,
    minEach: 0,
    settleMs: settings.settleMinutes * 60_000,
    keepMs: settings.windowHours * STEP_MS + 7 * 86_400_000,
  }),
  crowd: ({ outagePercent, outageAccounts }) => ({ percent: outagePercent, accounts: outageAccounts }),
  judgeTally(peak, settings) {
    const { amount: uses, marked: refunds } = peak;
    if (refunds < settings.refunds || refunds * 100 < uses * settings.sharePercent) return null;
    return {
      userId: peak.subject,
      severity: "warning",
      evidence: {
        refunds,
        uses,
        sharePercent: uses === 0 ? 100 : Math.min(100, Math.round((refunds / uses) * 100)),
        windowHours: settings.windowHours,
        limit: settings.sharePercent,
        to: new Date(peak.lastAt.getTime() + STEP_MS).toISOString(),
      },
    };
  },
});
