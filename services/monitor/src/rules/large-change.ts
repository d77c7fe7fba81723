import { whole } from "../domain/settings.ts";
import { defineRule } from "./rule.ts";

/** A single ledger row that moves very much, up or down. */
export const largeChange = defineRule({
  name: "large_change",
  family: "transactions",
  about: "A single change of the balance of at least `credits`, up or down.",
  settings: {
    credits: whole(10_000, 1, 1_000_000_000, "warning from here"),
    criticalCredits: whole(100_000, 1, 1_000_000_000, "critical from here"),
  },
  observe(event, settings) {
    if (event.type !== "credits_changed") return [];
    const { userId, version, transaction, traceId } = event;
    const size = Math.abs(transaction.amount);
    if (size < settings.credits) return [];
    return [
      {
        kind: "finding",
        subject: userId,
        userId,
        severity: size >= settings.criticalCredits ? "critical" : "warning",
        evidence: {
          transactionId: transaction.id,
          type: transaction.type,
          amount: transaction.amount,
          balanceBefore: transaction.balanceBefore,
          balanceAfter: transaction.balanceAfter,
          version,
          reason: transaction.reason,
          actor: transaction.actor,
          at: event.at.toISOString(),
          traceId,
          limit: settings.credits,
        },
      },
    ];
  },
});
