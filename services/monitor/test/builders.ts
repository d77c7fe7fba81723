import type { Finding } from "../src/domain/alerts.ts";
import type { CreditsChanged, MonitorEvent } from "../src/domain/events.ts";
import { type RuleBook, readRuleBook } from "../src/rules/all.ts";
import type { Delivery } from "../src/usecases/ports.ts";

export const T0 = new Date("2026-01-31T10:00:00.000Z");

export function minutes(count: number, from: Date = T0): Date {
  return new Date(from.getTime() + count * 60_000);
}

let counter = 0;

/** One ledger row of an account. */
export function change(
  userId: string,
  version: number,
  type: string,
  amount: number,
  at: Date = T0,
  over: Partial<CreditsChanged> = {},
): CreditsChanged {
  counter += 1;
  return {
    type: "credits_changed",
    id: `event-${counter}-${userId}-${version}`,
    at,
    traceId: "",
    userId,
    version,
    balance: 100,
    held: 0,
    status: "active",
    transaction: {
      id: String(counter),
      type,
      amount,
      heldChange: 0,
      balanceBefore: 100 - amount,
      balanceAfter: 100,
      reason: "a test",
      feature: "",
      actor: "system",
      grantKind: "",
      relatedId: "",
      heldAfter: 0,
      periodStart: null,
    },
    allowance: null,
    ...over,
  };
}

export function deliver(events: readonly MonitorEvent[], topic = "t.credits.v1"): Delivery[] {
  return events.map((event, offset) => ({ event, topic, partition: 0, offset }));
}

/** Rules with these settings; a mistake in them is a mistake in the test. */
export function rules(given: Record<string, Record<string, unknown>> = {}): RuleBook {
  const { book, mistakes } = readRuleBook(given);
  if (mistakes.length > 0) throw new Error(mistakes.join("\n"));
  return book;
}

export function finding(fingerprint: string, at: Date, over: Partial<Finding> = {}): Finding {
  return {
    rule: "large_change",
    family: "transactions",
    fingerprint,
    severity: "warning",
    userId: null,
    firstAt: at,
    lastAt: at,
    countMode: "add",
    count: 1,
    evidence: {},
    recoverAfterMs: null,
    ...over,
  };
}
