import { asUserId } from "../domain/alerts.ts";
import { texts, whole } from "../domain/settings.ts";
import { defineRule, overAfterADay } from "./rule.ts";

/** One account is given something again and again, each time too little to be large, by whichever admin. */
export const adminRepeatedGrants = defineRule({
  name: "admin_repeated_grants",
  family: "admin",
  about: "At least `events` grants by admins to one account within `windowHours`, together at least `credits`.",
  settings: {
    events: whole(5, 2, 100_000, "so many in a window"),
    credits: whole(1, 1, 1_000_000_000, "together at least"),
    windowHours: whole(24, 1, 168, "length of the window"),
    actions: texts(["credits.grant", "credits.adjust", "credits.package"], "actions that count"),
    ...overAfterADay,
  },
  observe(event, settings) {
    if (event.type !== "admin_action" || event.outcome !== "succeeded") return [];
    if (!settings.actions.includes(event.action) || event.amount === null || event.amount <= 0) return [];
    return [{ kind: "observation", subject: event.target, amount: event.amount }];
  },
  limit: (settings) => ({
    windowMs: settings.windowHours * 3_600_000,
    minEvents: settings.events,
    minAmount: settings.credits,
  }),
  judge: (peak, settings) => ({
    userId: asUserId(peak.subject),
    severity: "warning",
    evidence: {
      target: peak.subject,
      grants: peak.events,
      credits: peak.amount,
      windowHours: settings.windowHours,
      limit: settings.events,
      from: new Date(peak.firstAt.getTime() - settings.windowHours * 3_600_000).toISOString(),
      to: peak.lastAt.toISOString(),
    },
  }),
});
