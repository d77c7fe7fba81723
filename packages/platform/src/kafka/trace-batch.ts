import { context, ROOT_CONTEXT, type Span, type SpanContext, SpanKind, trace } from "@opentelemetry/api";
import { parseTraceparent, spanIn, tracer } from "../telemetry/trace.ts";
import type { IncomingEvent } from "./events.ts";

/**
 * Runs the application of a batch inside the traces that its events came from.
 *
 * When all events belong to one trace, the span of the batch is a child there and everything the handler does (its SQL)
 * shows below it. Events of several traces share one transaction, which can have one parent only: each event then gets a
 * span of its own in its trace, and the span of the batch, with the SQL below, is linked from and to each of them.
 */
export function traced<T>(groupId: string, events: readonly IncomingEvent[], run: () => Promise<T>): Promise<T> {
  const parents = events.map((event) => parseTraceparent(event.traceparent));
  const remote = parents.filter((parent): parent is SpanContext => parent !== undefined);
  const first = remote[0];
  const topic = events[0]?.topic ?? "";
  if (first === undefined) return run();
  const attributes = {
    "messaging.system": "kafka",
    "messaging.operation.type": "process",
    "messaging.destination.name": topic,
    "messaging.consumer.group.name": groupId,
    "messaging.batch.message_count": events.length,
  };
  const name = `process ${topic}`;
  const kind = SpanKind.CONSUMER;
  if (remote.length === events.length && remote.every((parent) => parent.traceId === first.traceId)) {
    const parent = trace.setSpanContext(ROOT_CONTEXT, first);
    return spanIn(parent, name, run, { kind, attributes, links: remote.slice(1) });
  }
  return spanIn(
    ROOT_CONTEXT,
    name,
    async (batch) => {
      const spans = events.map((event, index) => eventSpan(name, event, parents[index], batch));
      try {
        return await run();
      } finally {
        for (const span of spans) span?.end();
      }
    },
    { kind, attributes, links: remote },
  );
}

function eventSpan(name: string, event: IncomingEvent, parent: SpanContext | undefined, batch: Span): Span | undefined {
  if (parent === undefined) return undefined;
  return tracer().startSpan(
    name,
    {
      kind: SpanKind.CONSUMER,
      attributes: { "messaging.message.id": event.id, "cloudevents.event_type": event.type },
      links: [{ context: batch.spanContext() }],
    },
    trace.setSpanContext(context.active(), parent),
  );
}
