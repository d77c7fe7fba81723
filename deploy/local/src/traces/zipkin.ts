/** Translates OTLP spans into Zipkin's v2 JSON, following OpenTelemetry's published mapping ("trace/sdk_exporters/zipkin"). */
import type { Attributes, AttributeValue, OtlpScopeSpans, OtlpSpan } from "./otlp.ts";

export interface ZipkinSpan {
  traceId: string;
  id: string;
  parentId?: string;
  name: string;
  kind?: string;
  /** microseconds since the epoch */
  timestamp: number;
  /** microseconds, at least 1: Zipkin reads 0 as unknown */
  duration: number;
  localEndpoint: { serviceName: string };
  remoteEndpoint?: { serviceName: string };
  annotations: { timestamp: number; value: string }[];
  tags: Record<string, string>;
}

const KINDS: Record<number, string> = { 2: "SERVER", 3: "CLIENT", 4: "PRODUCER", 5: "CONSUMER" };
const REMOTE_NAMES = [
  "peer.service",
  "server.address",
  "db.system.name",
  "db.system",
  "messaging.system",
  "net.peer.name",
];
const STATUS_ERROR = 2;

const micros = (nanos: bigint): number => Number(nanos / 1000n);

function asText(value: AttributeValue): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function tagsOf(attributes: Attributes): Record<string, string> {
  return Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, asText(value)]));
}

function remoteNameOf(span: OtlpSpan): string | undefined {
  if (span.kind < 3) return undefined;
  const key = REMOTE_NAMES.find((name) => span.attributes[name] !== undefined);
  return key === undefined ? undefined : asText(span.attributes[key] ?? "");
}

function toZipkinSpan(group: OtlpScopeSpans, span: OtlpSpan): ZipkinSpan {
  const tags = tagsOf(span.attributes);
  if (group.scope) tags["otel.scope.name"] = group.scope;
  if (span.statusCode === STATUS_ERROR) tags.error = span.statusMessage || "true";
  for (const [index, link] of span.links.entries()) tags[`link.${index}`] = `${link.traceId}:${link.spanId}`;
  const kind = KINDS[span.kind];
  const remote = remoteNameOf(span);
  return {
    traceId: span.traceId,
    id: span.spanId,
    ...(span.parentSpanId ? { parentId: span.parentSpanId } : {}),
    name: span.name,
    ...(kind ? { kind } : {}),
    timestamp: micros(span.startUnixNano),
    duration: Math.max(1, micros(span.endUnixNano - span.startUnixNano)),
    localEndpoint: { serviceName: asText(group.resource["service.name"] ?? "unknown") },
    ...(remote ? { remoteEndpoint: { serviceName: remote } } : {}),
    annotations: span.events.map((event) => ({
      timestamp: micros(event.timeUnixNano),
      value: annotationOf(event.name, event.attributes),
    })),
    tags,
  };
}

function annotationOf(name: string, attributes: Attributes): string {
  return Object.keys(attributes).length === 0 ? name : `${name} ${JSON.stringify(attributes)}`;
}

/** Every span of one export, in Zipkin's shape. */
export function toZipkin(groups: OtlpScopeSpans[]): ZipkinSpan[] {
  return groups.flatMap((group) => group.spans.map((span) => toZipkinSpan(group, span)));
}
