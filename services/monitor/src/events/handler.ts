import type { Clock } from "@stipend/platform/clock/clock";
import type { EventHandler } from "@stipend/platform/kafka/pipeline";
import type { RuleBook } from "../rules/all.ts";
import type { MonitorCounts } from "../usecases/counts.ts";
import { observeEvents } from "../usecases/observe-events.ts";
import type { ObserveStore } from "../usecases/ports.ts";
import { EVENT_TYPES, toMonitorEvent } from "./decode.ts";

export interface MonitorHandlerOptions {
  readonly store: ObserveStore;
  /** The rules as they are now. */
  readonly rules: () => RuleBook;
  readonly counts: MonitorCounts;
  readonly clock: Clock;
  /** The business time zone. */
  readonly timeZone: string;
  /** Called after each commit. */
  readonly onCommit: () => void;
}

export function monitorHandler(options: MonitorHandlerOptions): EventHandler {
  const { store, counts, clock, timeZone, onCommit } = options;
  return {
    types: EVENT_TYPES,
    async handle(batch) {
      const deliveries = batch.map((event) => ({
        event: toMonitorEvent(event),
        topic: event.topic,
        partition: event.partition,
        offset: Number(event.offset),
      }));
      const rules = options.rules();
      const fresh = await observeEvents(store, rules, deliveries, { now: clock.now(), timeZone });
      // A batch is of one partition, and so of one topic.
      counts.events(deliveries[0]?.topic ?? "", fresh, deliveries.length - fresh);
      counts.evaluations(rules.onEvents, fresh);
      if (fresh > 0) onCommit();
    },
  };
}
