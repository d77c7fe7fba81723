import { context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { IncomingEvent } from "../src/kafka/events.ts";
import { traced } from "../src/kafka/trace-batch.ts";
import { childSpan } from "../src/telemetry/trace.ts";

const exporter = new InMemorySpanExporter();

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const options = { spanProcessors: [new SimpleSpanProcessor({ exporter })] };
  trace.setGlobalTracerProvider(new TracerProvider(options));
});

beforeEach(() => exporter.reset());

afterAll(() => {
  trace.disable();
  context.disable();
});

const parent = (n: number) => ({ traceId: String(n).repeat(32), spanId: String(n).repeat(16) });

function event(id: string, n: number | undefined): IncomingEvent {
  const traceparent = n === undefined ? undefined : `00-${parent(n).traceId}-${parent(n).spanId}-01`;
  return { id, topic: "t", ...(traceparent === undefined ? {} : { traceparent }) } as IncomingEvent;
}

async function spansOf(events: IncomingEvent[]) {
  await traced("g", events, () => childSpan("mysql apply", async () => undefined));
  return exporter.getFinishedSpans();
}

describe("traced", () => {
  it("puts the work of a batch of one trace below that trace", async () => {
    const spans = await spansOf([event("a", 1), event("b", 1)]);
    const work = spans.find((span) => span.name === "mysql apply");
    const batch = spans.find((span) => span.name === "process t");
    expect(spans.length).toBe(2);
    expect(batch?.parentSpanContext?.spanId).toBe(parent(1).spanId);
    expect(work?.spanContext().traceId).toBe(parent(1).traceId);
    expect(work?.parentSpanContext?.spanId).toBe(batch?.spanContext().spanId);
  });

  it("gives each event of a mixed batch a span in its own trace, linked both ways with the batch", async () => {
    const spans = await spansOf([event("a", 1), event("b", 2), event("c", undefined)]);
    const work = spans.find((span) => span.name === "mysql apply");
    const batch = spans.find((span) => span.spanContext().spanId === work?.parentSpanContext?.spanId);
    const events = spans.filter((span) => span !== work && span !== batch);
    expect(events.map((span) => span.spanContext().traceId).sort()).toEqual([parent(1).traceId, parent(2).traceId]);
    for (const span of events) expect(span.links[0]?.context.spanId).toBe(batch?.spanContext().spanId);
    expect(batch?.links.map((link) => link.context.traceId)).toEqual([parent(1).traceId, parent(2).traceId]);
    expect([parent(1).traceId, parent(2).traceId]).not.toContain(batch?.spanContext().traceId);
  });

  it("makes no span where nothing is traced", async () => {
    expect(await spansOf([event("a", undefined)])).toEqual([]);
  });
});
