import { whole } from "../domain/settings.ts";
import { defineRule, overAfterADay } from "./rule.ts";

/** One admin does very much in a short time: a script, or somebody else at the keyboard. */
export const adminBurst = defineRule({
  name: "admin_burst",
  family: "admin",
  about: "At least `events` successful actions of one admin within `windowMinutes`, by event time.",
  settings: {
    events: whole(30, 2, 100_000, "so many in a window"),
    windowMinutes: whole(10, 1, 10_080, "length of the window"),
    ...overAfterADay,
  },
  observe(event) {
    if (event.type !== "admin_action" || event.outcome !== "succeeded") return [];
    return [{ kind: "observation", subject: event.actor, amount: Math.max(0, event.amount ?? 0) }];
  },
  limit: (settings) => ({ windowMs: settings.windowMinutes * 60_000, minEvents: settings.events, minAmount: 0 }),
  judge: (peak, settings) => ({
    userId: null,
    severity: "warning",
    evidence: {
      actor: peak.subject,
      actions: peak.events,
      creditsGiven: peak.amount,
      windowMinutes: settings.windowMinutes,
      limit: settings.events,
      from: new Date(peak.firstAt.getTime() - settings.windowMinutes * 60_000).toISOString(),
      to: peak.lastAt.toISOString(),
    },
  }),
});
