import { context, metrics, propagation, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { registerInstrumentations } from "@opentelemetry/instrumentation";
import { ExpressInstrumentation, ExpressLayerType } from "@opentelemetry/instrumentation-express";
import { HttpInstrumentation } from "@opentelemetry/instrumentation-http";
import { IORedisInstrumentation } from "@opentelemetry/instrumentation-ioredis";
import { MySQL2Instrumentation } from "@opentelemetry/instrumentation-mysql2";
import { PinoInstrumentation } from "@opentelemetry/instrumentation-pino";
import { UndiciInstrumentation } from "@opentelemetry/instrumentation-undici";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { register, supportsSyncHooks } from "import-in-the-middle/register-hooks.mjs";
import { meterProvider } from "./metrics.ts";
import { createSampler } from "./sampler.ts";
import { onTelemetryShutdown } from "./shutdown.ts";

export interface TracingOptions {
  /** Base URL of the OTLP/HTTP receiver. */
  readonly endpoint: string;
  readonly serviceName: string;
  /** Part of the traces that are kept, 0..1. */
  readonly ratio: number;
}

/** Modules that the instrumentations patch. Others are left alone by the import hook, which costs at every import. */
const PATCHED = ["express", "mysql2", "mysql2/promise", "ioredis", "pino", "http", "https"];

/** Sets up the SDK and the instrumentations. Has to run before the patched modules are imported. */
export function startTracing(options: TracingOptions): void {
  if (!supportsSyncHooks()) throw new Error("tracing needs Node 24.11.1 or newer");
  // ESM imports pass by require(): without this hook express, ioredis, mysql2 and pino go silently uninstrumented.
  register({ include: [...PATCHED, ...PATCHED.map((name) => `node:${name}`)] });
  const exporter = new OTLPTraceExporter({
    url: `${options.endpoint.replace(/\/+$/, "")}/v1/traces`,
    timeoutMillis: 5_000,
  });
  const ratio = Number.isFinite(options.ratio) ? Math.min(1, Math.max(0, options.ratio)) : 1;
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ "service.name": options.serviceName }),
    sampler: createSampler(ratio),
    // What does not fit is dropped: traces never hold up the service.
    spanProcessors: [
      new BatchSpanProcessor({ exporter, maxQueueSize: 8_192, maxExportBatchSize: 512, scheduledDelayMillis: 1_000 }),
    ],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(provider);
  metrics.setGlobalMeterProvider(meterProvider);
  registerInstrumentations({ instrumentations: instrumentations() });
  onTelemetryShutdown(() => provider.shutdown());
}

function instrumentations() {
  return [
    new HttpInstrumentation({
      ignoreIncomingRequestHook: (request) => /^\/(healthz|readyz|metrics)\b/.test(request.url ?? ""),
      // Outgoing calls go through undici.
      disableOutgoingRequestInstrumentation: true,
    }),
    new ExpressInstrumentation({ ignoreLayersType: [ExpressLayerType.MIDDLEWARE, ExpressLayerType.ROUTER] }),
    new UndiciInstrumentation(),
    // Statements with placeholders only: the values are the users' data, and large.
    new MySQL2Instrumentation({ maskStatement: true, maskStatementHook: (sql) => sql }),
    new IORedisInstrumentation({ dbStatementSerializer: (command) => command }),
    new PinoInstrumentation({ disableLogSending: true }),
  ];
}
