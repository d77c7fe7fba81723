import type { MonitorEvent } from "../domain/events.ts";
import type { DayTotal, Delivery, Progress } from "./ports.ts";

/** How far each partition was read; events that were delivered again count as read, not as events. */
export function progressOf(batch: readonly Delivery[], fresh: readonly Delivery[]): Progress[] {
  const byPartition = new Map<string, Progress>();
  const news = new Set(fresh);
  for (const delivery of batch) {
    const key = `${delivery.topic} ${delivery.partition}`;
    const before = byPartition.get(key);
    const at = delivery.event.at;
    byPartition.set(key, {
      topic: delivery.topic,
      partition: delivery.partition,
      offset: Math.max(before?.offset ?? 0, delivery.offset),
      events: (before?.events ?? 0) + (news.has(delivery) ? 1 : 0),
      lastEventAt: before !== undefined && before.lastEventAt > at ? before.lastEventAt : at,
    });
  }
  return [...byPartition.values()];
}

/** What moved, by day (UTC) and kind. */
export function totalsOf(events: readonly MonitorEvent[]): DayTotal[] {
  const totals = new Map<string, DayTotal>();
  for (const event of events) {
    const { kind, amount } = kindOf(event);
    const day = event.at.toISOString().slice(0, 10);
    const before = totals.get(`${day} ${kind}`);
    totals.set(`${day} ${kind}`, {
      day,
      kind,
      events: (before?.events ?? 0) + 1,
      amount: (before?.amount ?? 0) + amount,
    });
  }
  return [...totals.values()];
}

function kindOf(event: MonitorEvent): { kind: string; amount: number } {
  switch (event.type) {
    case "credits_changed": {
      const { type, amount, heldChange } = event.transaction;
      return { kind: `credits.${type}`, amount: type === "hold" || type === "release" ? heldChange : amount };
    }
    case "membership_changed":
      return { kind: `membership.${event.change}`, amount: 0 };
    case "membership_expiring":
      return { kind: "membership.expiring", amount: 0 };
    case "admin_action":
      return { kind: `admin.${event.outcome === "refused" ? "refused" : "succeeded"}`, amount: 0 };
    case "access_refused":
      return { kind: "access.refused", amount: 0 };
    case "usage_reported":
      return { kind: "usage.reported", amount: event.amount };
    case "usage_rejected":
      return { kind: "credits.usage_rejected", amount: 0 };
    case "other":
      return { kind: event.kind, amount: 0 };
  }
}
