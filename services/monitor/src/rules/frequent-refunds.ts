import { texts, whole } from "../domain/settings.ts";
import { defineRule, overAfterADay } from "./rule.ts";

/** Many refunds or released holds of one account: a feature that fails all the time, or somebody who has found out how to use it for nothing. */
export const frequentRefunds = defineRule({
  name: "frequent_refunds",
  family: "transactions",
  about: "At least `events` refunds or releases of one account within `windowMinutes`, by event time.",
  settings: {
    events: whole(10, 2, 100_000, "so many in a window"),
    windowMinutes: whole(10, 1, 10_080, "length of the window"),
    types: texts(["refund", "release"], "transaction types that count"),
    ...overAfterADay,
  },
  observe(event, settings) {
    if (event.type !== "credits_changed" || !settings.types.includes(event.transaction.type)) return [];
    // What came back: the amount of a refund, the credits that a release freed.
    const { amount, heldChange } = event.transaction;
    return [{ kind: "observation", subject: event.userId, amount: Math.abs(amount === 0 ? heldChange : amount) }];
  },
  limit: (settings) => ({ windowMs: settings.windowMinutes * 60_000, minEvents: settings.events, minAmount: 0 }),
  judge: (peak, settings) => ({
    userId: peak.subject,
    severity: peak.events >= settings.events * 5 ? "critical" : "warning",
    evidence: {
      events: peak.events,
      credits: peak.amount,
      windowMinutes: settings.windowMinutes,
      limit: settings.events,
      from: new Date(peak.firstAt.getTime() - settings.windowMinutes * 60_000).toISOString(),
      to: peak.lastAt.toISOString(),
    },
  }),
});
