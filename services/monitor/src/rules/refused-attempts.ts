import { asUserId } from "../domain/alerts.ts";
import type { MonitorEvent } from "../domain/events.ts";
import { whole } from "../domain/settings.ts";
import { defineRule, overAfterADay } from "./rule.ts";

/** Somebody knocks at the admin routes again and again. */
export const refusedAttempts = defineRule({
  name: "refused_attempts",
  family: "admin",
  about:
    "At least `events` refused admin attempts of one subject (without one: of one address) within `windowMinutes`.",
  settings: {
    events: whole(5, 2, 100_000, "so many in a window"),
    windowMinutes: whole(10, 1, 10_080, "length of the window"),
    ...overAfterADay,
  },
  observe(event) {
    const subject = refusedSubject(event);
    return subject === null ? [] : [{ kind: "observation", subject, amount: 0 }];
  },
  limit: (settings) => ({ windowMs: settings.windowMinutes * 60_000, minEvents: settings.events, minAmount: 0 }),
  judge: (peak, settings) => {
    const [kind, ...rest] = peak.subject.split(":");
    const who = rest.join(":");
    return {
      userId: kind === "user" ? asUserId(who) : null,
      severity: "warning",
      evidence: {
        ...(kind === "user" ? { subject: who } : { ip: who }),
        attempts: peak.events,
        windowMinutes: settings.windowMinutes,
        limit: settings.events,
        from: new Date(peak.firstAt.getTime() - settings.windowMinutes * 60_000).toISOString(),
        to: peak.lastAt.toISOString(),
      },
    };
  },
});

function refusedSubject(event: MonitorEvent): string | null {
  if (event.type === "access_refused") {
    if (!/^\/api\/admin(\/|$|\.)/.test(event.route)) return null;
    return event.subject === "" ? `ip:${event.ip}` : `user:${event.subject}`;
  }
  if (event.type === "admin_action" && event.outcome === "refused") return `user:${event.actor}`;
  return null;
}
