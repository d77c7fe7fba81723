import { asUserId } from "../domain/alerts.ts";
import { texts } from "../domain/settings.ts";
import { defineRule } from "./rule.ts";

/** An admin gives something to the own account, however little. */
export const adminSelfGrant = defineRule({
  name: "admin_self_grant",
  family: "admin",
  about: "An admin gives credits or a membership to the own account.",
  settings: {
    actions: texts(
      [
        "credits.grant",
        "credits.adjust",
        "credits.package",
        "credits.refund",
        "credits.repair",
        "credits.reset",
        "membership.set",
      ],
      "actions that count",
    ),
  },
  observe(event, settings) {
    if (event.type !== "admin_action" || event.outcome !== "succeeded" || event.actor !== event.target) return [];
    if (!settings.actions.includes(event.action) || (event.amount !== null && event.amount < 0)) return [];
    const { actor, action, actionId, amount, reason, ip, traceId } = event;
    return [
      {
        kind: "finding",
        subject: actor,
        userId: asUserId(actor),
        severity: "critical",
        evidence: { actor, action, actionId, amount, reason, ip, at: event.at.toISOString(), traceId },
      },
    ];
  },
});
