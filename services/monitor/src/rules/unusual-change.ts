import { texts, whole } from "../domain/settings.ts";
import { defineRule, overAfterADay } from "./rule.ts";

const DAY_MS = 86_400_000;

/** A change that this account has never been anywhere near: its own days before are the measure. */
export const unusualChange = defineRule({
  name: "unusual_change",
  family: "transactions",
  about:
    "A change of at least `credits` that is `factor` times the account's own average change of the `historyDays` days before (UTC), of which there were at least `events`.",
  settings: {
    credits: whole(200, 1, 1_000_000_000, "nothing below is unusual"),
    factor: whole(20, 2, 100_000, "times the average"),
    historyDays: whole(30, 1, 366, "days of history, the event's own day not among them"),
    events: whole(20, 2, 1_000_000, "changes that make a history"),
    types: texts(["consume", "adjust", "refund"], "transaction types that are compared with each other"),
    ...overAfterADay,
  },
  observe(event, settings) {
    if (event.type !== "credits_changed" || !settings.types.includes(event.transaction.type)) return [];
    const { userId, version, transaction, traceId } = event;
    const size = Math.abs(transaction.amount);
    if (size === 0) return [];
    const tally = { kind: "tally", subject: userId, member: "", amount: size, marked: 0 } as const;
    if (size < settings.credits) return [tally];
    const { id: transactionId, type, amount, reason, actor } = transaction;
    const at = event.at.toISOString();
    return [
      {
        ...tally,
        weigh: { size, userId, evidence: { transactionId, type, amount, version, reason, actor, at, traceId } },
      },
    ];
  },
  tally: (settings) => ({
    stepMs: DAY_MS,
    widthMs: 0,
    minEvents: 0,
    minAmount: 0,
    minMembers: 0,
    minEach: 0,
    settleMs: null,
    keepMs: (settings.historyDays + 7) * DAY_MS,
  }),
  weigh(size, before, settings) {
    if (before.events < settings.events) return null;
    const average = before.amount / before.events;
    if (size < average * settings.factor) return null;
    return {
      severity: "warning",
      evidence: {
        averageBefore: Math.round(average * 100) / 100,
        changesBefore: before.events,
        factor: settings.factor,
      },
    };
  },
});
