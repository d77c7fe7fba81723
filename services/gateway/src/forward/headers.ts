import type { IncomingHttpHeaders, IncomingMessage } from "node:http";

/** RFC 9110 §7.6.1: these end at the next hop. */
const HOP_BY_HOP = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** What a client may not tell a service: only the gateway says who calls, from where, and on what trace. */
const NEVER_FROM_CLIENTS = new Set([
  "authorization",
  "cookie",
  "expect",
  "forwarded",
  "host",
  "content-length",
  "traceparent",
  "tracestate",
  "baggage",
  "via",
  "x-real-ip",
  "x-request-id",
]);

/** What a service gets of the client's headers. */
const FOR_SERVICES = [
  "accept",
  "accept-language",
  "content-type",
  "content-encoding",
  "idempotency-key",
  "if-match",
  "if-none-match",
  "last-event-id",
] as const;

/** What an upstream's answer may not set on the public door: its own transport, and what the gateway itself says. */
const NEVER_FROM_UPSTREAMS = new Set([
  "content-security-policy",
  "cross-origin-embedder-policy",
  "cross-origin-opener-policy",
  "cross-origin-resource-policy",
  "date",
  "origin-agent-cluster",
  "server",
  "set-cookie",
  "strict-transport-security",
  "x-powered-by",
  "x-request-id",
]);

export type HeaderMap = Record<string, string | string[]>;

/** The named headers of the client that a service understands. */
export function headersForService(req: IncomingMessage): HeaderMap {
  const headers: HeaderMap = {};
  for (const name of FOR_SERVICES) {
    const value = req.headers[name];
    if (value !== undefined) headers[name] = value;
  }
  // Sent twice it must arrive twice, so that the service sees it and refuses; Node would join the two to one value.
  const keys = req.headersDistinct["idempotency-key"];
  if (keys !== undefined && keys.length > 1) headers["idempotency-key"] = keys;
  return headers;
}

/** All end-to-end headers of the client, for a feature's upstream that may be any HTTP service. */
export function headersForFeature(client: IncomingHttpHeaders): HeaderMap {
  const named = connectionNames(client.connection);
  const headers: HeaderMap = {};
  for (const [name, value] of Object.entries(client)) {
    if (value === undefined || HOP_BY_HOP.has(name) || NEVER_FROM_CLIENTS.has(name) || named.has(name)) continue;
    if (name.startsWith("stipend-") || name.startsWith("x-forwarded-")) continue;
    headers[name] = value;
  }
  return headers;
}

/** The upstream's end-to-end headers, for the client. */
export function headersForClient(upstream: Readonly<Record<string, string | string[] | undefined>>): HeaderMap {
  const connection = upstream["connection"];
  const named = connectionNames(Array.isArray(connection) ? connection.join(",") : connection);
  const headers: HeaderMap = {};
  for (const [name, value] of Object.entries(upstream)) {
    if (value === undefined || HOP_BY_HOP.has(name) || NEVER_FROM_UPSTREAMS.has(name) || named.has(name)) continue;
    if (name.startsWith("stipend-") || name.startsWith("ratelimit")) continue;
    headers[name] = value;
  }
  return headers;
}

/** Headers that a Connection header declares to be for this hop only. */
function connectionNames(connection: string | undefined): ReadonlySet<string> {
  if (connection === undefined) return NONE;
  return new Set(connection.split(",").map((name) => name.trim().toLowerCase()));
}

const NONE: ReadonlySet<string> = new Set();
