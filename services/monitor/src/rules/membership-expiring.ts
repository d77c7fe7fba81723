import { whole } from "../domain/settings.ts";
import { defineRule } from "./rule.ts";

/** A membership ends soon. Membership says so at 7, 3 and 1 days, and each time is told anew; over as soon as the membership changes, whichever way. */
export const membershipExpiring = defineRule({
  name: "membership_expiring",
  family: "membership",
  about: "A membership ends in at most `days` days. Over when it is renewed, extended, resumed, or has ended.",
  settings: {
    days: whole(7, 1, 366, "days before the end"),
    warningDays: whole(1, 0, 366, "a warning instead of an info from here"),
  },
  observe(event, settings) {
    if (event.type === "membership_changed") return [{ kind: "recovery", subject: event.userId }];
    if (event.type !== "membership_expiring" || event.daysLeft > settings.days) return [];
    return [
      {
        kind: "finding",
        subject: event.userId,
        userId: event.userId,
        tellAgain: true,
        severity: event.daysLeft <= settings.warningDays ? "warning" : "info",
        evidence: {
          membershipId: event.membershipId,
          tier: event.tier,
          daysLeft: event.daysLeft,
          endsAt: event.endsAt?.toISOString() ?? null,
          traceId: event.traceId,
        },
      },
    ];
  },
});
