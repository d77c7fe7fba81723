import type { Attributes, Counter, Histogram } from "@opentelemetry/api";
import { PrometheusExporter } from "@opentelemetry/exporter-prometheus";
import { MeterProvider } from "@opentelemetry/sdk-metrics";

/** Serves nothing by itself: http/metrics.ts answers /metrics with it. */
export const metricsExporter = new PrometheusExporter({
  preventServerStart: true,
  withoutScopeInfo: true,
  withoutTargetInfo: true,
});

/**
 * One provider a process, made when this module loads, so that an instrument works wherever and whenever it is
 * created. telemetry/register.ts makes it the global one for the instrumentations of libraries.
 */
export const meterProvider = new MeterProvider({ readers: [metricsExporter] });

/** Names are snake_case with the unit at the end and no prefix; Prometheus shows them as stipend_<name>. */
const meter = meterProvider.getMeter("stipend");

/** Seconds; from half a millisecond to 10 s. */
const LATENCY_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export function counter(name: string, description: string): Counter {
  return meter.createCounter(`stipend_${name}`, { description });
}

/** A histogram of seconds. */
export function latency(name: string, description: string): Histogram {
  return meter.createHistogram(`stipend_${name}`, {
    description,
    unit: "s",
    advice: { explicitBucketBoundaries: LATENCY_BUCKETS },
  });
}

/** A histogram of counts (batch sizes). */
export function sizes(name: string, description: string, boundaries: number[] = [1, 2, 5, 10, 20, 50, 100, 200, 500]) {
  return meter.createHistogram(`stipend_${name}`, {
    description,
    advice: { explicitBucketBoundaries: boundaries },
  });
}

export interface Reading {
  readonly value: number;
  readonly attributes: Attributes;
}

/**
 * A value read whenever metrics are scraped; undefined leaves it out. Returns the function that ends it: a part
 * that stops must not be held in memory by its gauge.
 */
export function gauge(
  name: string,
  description: string,
  read: () => number | undefined,
  attributes: Attributes = {},
): () => void {
  return gauges(name, description, () => {
    const value = read();
    return value === undefined ? [] : [{ value, attributes }];
  });
}

/** As `gauge`, for as many values as there are now; what is not among them any more is not shown any more. */
export function gauges(name: string, description: string, read: () => Iterable<Reading>): () => void {
  const instrument = meter.createObservableGauge(`stipend_${name}`, { description });
  const callback = (result: { observe(value: number, attributes?: Attributes): void }) => {
    for (const { value, attributes } of read()) result.observe(value, attributes);
  };
  instrument.addCallback(callback);
  return () => instrument.removeCallback(callback);
}
