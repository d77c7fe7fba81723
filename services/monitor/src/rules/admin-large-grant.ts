import { asUserId } from "../domain/alerts.ts";
import { texts, whole } from "../domain/settings.ts";
import { defineRule } from "./rule.ts";

/** An admin gives much at once. Critical when it goes to the admin's own account. */
export const adminLargeGrant = defineRule({
  name: "admin_large_grant",
  family: "admin",
  about: "An admin gives at least `credits` to one account in one action.",
  settings: {
    credits: whole(10_000, 1, 1_000_000_000, "from here"),
    actions: texts(
      ["credits.grant", "credits.adjust", "credits.package", "credits.refund", "credits.repair"],
      "actions that count",
    ),
  },
  observe(event, settings) {
    if (event.type !== "admin_action" || event.outcome !== "succeeded") return [];
    if (!settings.actions.includes(event.action) || event.amount === null || event.amount < settings.credits) return [];
    return [
      {
        kind: "finding",
        subject: `${event.actor}>${event.target}`,
        userId: asUserId(event.target),
        severity: event.actor === event.target ? "critical" : "warning",
        evidence: {
          actor: event.actor,
          action: event.action,
          actionId: event.actionId,
          amount: event.amount,
          target: event.target,
          reason: event.reason,
          ip: event.ip,
          at: event.at.toISOString(),
          traceId: event.traceId,
          limit: settings.credits,
        },
      },
    ];
  },
});
