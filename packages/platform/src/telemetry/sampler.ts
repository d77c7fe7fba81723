import { type Attributes, type Context, SpanKind } from "@opentelemetry/api";
import { ParentBasedSampler, type Sampler, SamplingDecision, TraceIdRatioBasedSampler } from "@opentelemetry/sdk-trace";

/**
 * Whole traces or none, by ratio; but calls of a database without anybody above them (pollers, readiness) are no trace
 * worth keeping.
 */
export function createSampler(ratio: number): Sampler {
  const byRatio = new TraceIdRatioBasedSampler(ratio);
  const root: Sampler = {
    shouldSample(context: Context, traceId: string, _name: string, kind: SpanKind, attributes: Attributes) {
      if (kind === SpanKind.CLIENT && ("db.system.name" in attributes || "db.system" in attributes)) {
        return { decision: SamplingDecision.NOT_RECORD };
      }
      return byRatio.shouldSample(context, traceId);
    },
    toString: () => `StipendRoot{${ratio}}`,
  };
  return new ParentBasedSampler({ root });
}
