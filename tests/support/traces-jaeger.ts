import { z } from "zod";
import type { Span } from "./traces.ts";

const JaegerSpan = z.object({
  traceID: z.string(),
  spanID: z.string(),
  operationName: z.string(),
  references: z.array(z.object({ refType: z.string(), traceID: z.string(), spanID: z.string() })).nullish(),
  /** microseconds since the epoch */
  startTime: z.number(),
  /** microseconds */
  duration: z.number(),
  tags: z.array(z.object({ key: z.string(), value: z.unknown() })).nullish(),
  processID: z.string(),
});

const JaegerAnswer = z.object({
  data: z
    .array(
      z.object({
        spans: z.array(JaegerSpan),
        processes: z.record(z.string(), z.object({ serviceName: z.string() })),
      }),
    )
    .nullable(),
});

/** The spans in Jaeger's answer to `GET /api/traces/{id}`. */
export function fromJaeger(answer: unknown): Span[] {
  const traces = JaegerAnswer.parse(answer).data ?? [];
  return traces.flatMap(({ spans, processes }) =>
    spans.map((span) => toSpan(span, processes[span.processID]?.serviceName)),
  );
}

function toSpan(span: z.output<typeof JaegerSpan>, serviceName: string | undefined): Span {
  // a reference to another trace is a link, not the parent
  const parent = span.references?.find((one) => one.refType === "CHILD_OF" && one.traceID === span.traceID);
  return {
    traceId: span.traceID,
    id: span.spanID,
    ...(parent === undefined ? {} : { parentId: parent.spanID }),
    name: span.operationName,
    timestamp: span.startTime,
    duration: span.duration,
    localEndpoint: { serviceName },
    tags: Object.fromEntries((span.tags ?? []).map(({ key, value }) => [key, String(value)])),
  };
}
