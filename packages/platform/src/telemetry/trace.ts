import {
  type Attributes,
  type Context,
  context,
  isSpanContextValid,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from "@opentelemetry/api";

/** The platform's tracer; does nothing at almost no cost when no SDK is registered. */
export function tracer(): Tracer {
  return trace.getTracer("stipend");
}

/** W3C traceparent of a span context: 55 characters. */
export function formatTraceparent(spanContext: SpanContext): string {
  const flags = spanContext.traceFlags.toString(16).padStart(2, "0");
  return `00-${spanContext.traceId}-${spanContext.spanId}-${flags}`;
}

/** undefined for anything that is not a valid version-00 traceparent. */
export function parseTraceparent(traceparent: string | null | undefined): SpanContext | undefined {
  const match = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(traceparent ?? "");
  if (match === null) return undefined;
  const [, traceId = "", spanId = "", flags = "00"] = match;
  const spanContext: SpanContext = {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16) & TraceFlags.SAMPLED,
    isRemote: true,
  };
  return isSpanContextValid(spanContext) ? spanContext : undefined;
}

/** The traceparent of what is running now, for a procedure's in_traceparent; undefined when nothing is traced. */
export function currentTraceparent(): string | undefined {
  const spanContext = trace.getActiveSpan()?.spanContext();
  return spanContext !== undefined && isSpanContextValid(spanContext) ? formatTraceparent(spanContext) : undefined;
}

export function currentTraceId(): string | undefined {
  const spanContext = trace.getActiveSpan()?.spanContext();
  return spanContext !== undefined && isSpanContextValid(spanContext) ? spanContext.traceId : undefined;
}

/** The active context as the child of a span of another process; unchanged when there is none. */
export function remoteContext(traceparent: string | null | undefined): Context {
  const spanContext = parseTraceparent(traceparent);
  return spanContext === undefined ? context.active() : trace.setSpanContext(context.active(), spanContext);
}

export interface SpanOptions {
  readonly kind?: SpanKind;
  readonly attributes?: Attributes;
  readonly links?: readonly SpanContext[];
}

/** Runs fn in a span that continues the trace of traceparent. */
export function withRemoteParent<T>(
  traceparent: string | null | undefined,
  name: string,
  fn: (span: Span) => Promise<T>,
  options: SpanOptions = {},
): Promise<T> {
  return spanIn(remoteContext(traceparent), name, fn, options);
}

/** Runs fn in a span below the running one; without a running span there is no new one either (pollers). */
export function childSpan<T>(name: string, fn: (span?: Span) => Promise<T>, attributes: Attributes = {}): Promise<T> {
  if (trace.getActiveSpan() === undefined) return fn();
  return spanIn(context.active(), name, fn, { attributes });
}

/** Runs fn in a new span below parent; an error marks the span and is thrown on. */
export function spanIn<T>(
  parent: Context,
  name: string,
  fn: (span: Span) => Promise<T>,
  options: SpanOptions = {},
): Promise<T> {
  const span = tracer().startSpan(
    name,
    {
      kind: options.kind ?? SpanKind.INTERNAL,
      attributes: options.attributes ?? {},
      links: (options.links ?? []).map((link) => ({ context: link })),
    },
    parent,
  );
  return context.with(trace.setSpan(parent, span), async () => {
    try {
      return await fn(span);
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.message : String(error) });
      throw error;
    } finally {
      span.end();
    }
  });
}
