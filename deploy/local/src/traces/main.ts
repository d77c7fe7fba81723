/**
 * The traces door of a local system: takes OTLP/HTTP (POST /v1/traces, Protobuf, gzip or not), hands the spans to
 * Zipkin, and passes every other path on to Zipkin, so that one address serves both the exporter and the trace UI.
 *
 * Why it exists: Zipkin's own OTLP module (zipkin-module-otel) can't be resolved as a Maven artifact; docs/operating.md tells more.
 * Environment: PORT (where to listen), ZIPKIN_URL (base URL of the Zipkin server), HOST (default 127.0.0.1).
 */
import { createDoor } from "./door.ts";

function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

const zipkinUrl = required("ZIPKIN_URL");
const server = createDoor(zipkinUrl);
server.listen(Number(required("PORT")), process.env.HOST ?? "127.0.0.1", () => {
  console.log(`taking OTLP/HTTP on port ${process.env.PORT}, Zipkin at ${zipkinUrl}`);
});
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.on(signal, () => {
    server.close(() => process.exit(0));
    server.closeAllConnections();
  });
}
