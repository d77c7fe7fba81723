import type { AdminAction } from "../domain/events.ts";
import { whole } from "../domain/settings.ts";
import { defineRule } from "./rule.ts";
import type { Signal } from "./signal.ts";

/** An admin acts from an address or with a device that was never seen of this admin. */
export const adminNewOrigin = defineRule({
  name: "admin_new_origin",
  family: "admin",
  about:
    "An admin acts from a new IP address or with a new device (the User-Agent without its version numbers). What is seen in the first `learnHours` of an admin is learned without a word.",
  settings: { learnHours: whole(24, 0, 8_760, "how long an admin's origins are learned after the first one") },
  observe(event) {
    if (event.type !== "admin_action" || event.outcome !== "succeeded") return [];
    return [...originOf(event, "ip", event.ip.slice(0, 255)), ...originOf(event, "device", deviceOf(event.userAgent))];
  },
  learnMs: (settings) => settings.learnHours * 3_600_000,
});

function originOf(event: AdminAction, facet: "ip" | "device", value: string): Signal[] {
  if (value === "") return [];
  const { actor, action, actionId, target, ip, userAgent, traceId } = event;
  const at = event.at.toISOString();
  const evidence = { actor, facet, value, action, actionId, target, ip, userAgent, at, traceId };
  return [{ kind: "value", subject: actor, facet, value, evidence }];
}

/** An update of a browser is not a new device. */
function deviceOf(userAgent: string): string {
  return userAgent.replace(/[\d.]+/g, "").slice(0, 255);
}
