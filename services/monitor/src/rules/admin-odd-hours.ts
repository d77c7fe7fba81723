import { wallClock } from "../domain/calendar.ts";
import { toggle, whole } from "../domain/settings.ts";
import { defineRule, overAfterADay } from "./rule.ts";

/** An admin acts while nobody is at work. */
export const adminOddHours = defineRule({
  name: "admin_odd_hours",
  family: "admin",
  about:
    "An admin changes something between `fromHour` and `toHour` (of the business time zone, STIPEND_TIMEZONE), or on a weekend when `weekends` says so.",
  settings: {
    fromHour: whole(0, 0, 23, "first odd hour"),
    toHour: whole(
      5,
      0,
      24,
      "first hour that is not odd any more; not above fromHour: over midnight; equal: no hour is odd",
    ),
    weekends: toggle(false, "true: Saturday and Sunday are odd as a whole"),
    ...overAfterADay,
  },
  observe(event, settings, { timeZone }) {
    if (event.type !== "admin_action" || event.outcome !== "succeeded") return [];
    const { hour, weekday } = wallClock(event.at, timeZone);
    if (!isOdd(hour, settings.fromHour, settings.toHour) && !(settings.weekends && weekday >= 6)) return [];
    const { actor, action, actionId, target, reason, ip, traceId } = event;
    const at = event.at.toISOString();
    const evidence = { actor, action, actionId, target, reason, ip, at, hour, timeZone, traceId };
    return [{ kind: "finding", subject: actor, userId: null, severity: "warning", evidence }];
  },
});

function isOdd(hour: number, from: number, to: number): boolean {
  return from <= to ? hour >= from && hour < to : hour >= from || hour < to;
}
