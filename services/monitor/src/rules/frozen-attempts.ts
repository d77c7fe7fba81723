import type { MonitorEvent } from "../domain/events.ts";
import { whole } from "../domain/settings.ts";
import { defineRule, overAfterADay } from "./rule.ts";

/** A frozen account goes on trying to spend: the gateway and the charging of reported use tell of each refusal. */
export const frozenAttempts = defineRule({
  name: "frozen_attempts",
  family: "transactions",
  about: "At least `events` refused attempts of a frozen account to spend within `windowMinutes`, by event time.",
  settings: {
    events: whole(5, 1, 100_000, "so many in a window"),
    windowMinutes: whole(60, 1, 10_080, "length of the window"),
    ...overAfterADay,
  },
  observe(event) {
    const subject = frozenSpender(event);
    return subject === null ? [] : [{ kind: "observation", subject, amount: 0 }];
  },
  limit: (settings) => ({ windowMs: settings.windowMinutes * 60_000, minEvents: settings.events, minAmount: 0 }),
  judge: (peak, settings) => ({
    userId: peak.subject,
    severity: "warning",
    evidence: {
      attempts: peak.events,
      windowMinutes: settings.windowMinutes,
      limit: settings.events,
      from: new Date(peak.firstAt.getTime() - settings.windowMinutes * 60_000).toISOString(),
      to: peak.lastAt.toISOString(),
    },
  }),
});

function frozenSpender(event: MonitorEvent): string | null {
  if (event.type === "access_refused")
    return event.code === "account_frozen" && event.subject !== "" ? event.subject : null;
  if (event.type === "usage_rejected") return event.code === "account_frozen" ? event.userId : null;
  return null;
}
