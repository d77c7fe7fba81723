/**
 * Given to node with --import, before the program loads its libraries. Without OTEL_EXPORTER_OTLP_ENDPOINT it does
 * nothing at all.
 */
const endpoint = process.env["OTEL_EXPORTER_OTLP_ENDPOINT"];

if (endpoint !== undefined && endpoint !== "" && process.env["OTEL_SDK_DISABLED"] !== "true") {
  const { startTracing } = await import("./tracing.ts");
  startTracing({
    endpoint,
    serviceName: process.env["OTEL_SERVICE_NAME"] ?? "stipend",
    ratio: Number(process.env["OTEL_TRACES_SAMPLER_ARG"] ?? "1"),
  });
}
