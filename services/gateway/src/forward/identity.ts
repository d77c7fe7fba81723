import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { currentTraceparent, parseTraceparent } from "@stipend/platform/telemetry/trace";
import type { Principal } from "../auth/claims.ts";
import type { HeaderMap } from "./headers.ts";

/** What is known of a request besides its token. */
export interface Caller {
  /** The client's address; behind a trusted proxy the one it names. */
  readonly ip: string;
  readonly userAgent: string;
  readonly requestId: string;
  /** W3C trace context of the request when nothing is traced in this process, else undefined. */
  readonly traceparent: string | undefined;
}

const MAX_USER_AGENT_CHARS = 512;

export function callerOf(req: IncomingMessage, ip: string, requestId: string): Caller {
  const userAgent = (req.headers["user-agent"] ?? "").slice(0, MAX_USER_AGENT_CHARS);
  return { ip, userAgent, requestId, traceparent: traceparentOf(req) };
}

/**
 * With tracing on, the instrumentation of undici writes the header itself; a second one would void both. With
 * tracing off the client's trace goes on unchanged, or a new one begins, so that logs can be joined all the same.
 */
function traceparentOf(req: IncomingMessage): string | undefined {
  if (currentTraceparent() !== undefined) return undefined;
  const sent = req.headers["traceparent"];
  if (typeof sent === "string" && parseTraceparent(sent) !== undefined) return sent;
  return `00-${randomBytes(16).toString("hex")}-${randomBytes(8).toString("hex")}-00`;
}

/** Who asks, for a service: vouched for by the internal token. */
export function identityHeaders(
  who: Pick<Principal, "sub" | "roles" | "email">,
  caller: Caller,
  internalToken: string,
): HeaderMap {
  return {
    authorization: `Bearer ${internalToken}`,
    "stipend-actor": who.sub,
    "stipend-actor-roles": who.roles.join(","),
    ...(who.email === undefined ? {} : { "stipend-actor-email": who.email }),
    ...callerHeaders(caller),
  };
}

export function callerHeaders(caller: Caller): HeaderMap {
  return {
    "stipend-client-ip": caller.ip,
    "stipend-user-agent": encodeUserAgent(caller.userAgent),
    "x-request-id": caller.requestId,
    ...(caller.traceparent === undefined ? {} : { traceparent: caller.traceparent }),
  };
}

/** A User-Agent may hold any byte; node gives them as latin1, and a lone surrogate can't arise from it. */
function encodeUserAgent(userAgent: string): string {
  return encodeURIComponent(userAgent);
}

/** The gateway's own calls: holds of metered features, snapshots for live events. */
export const GATEWAY_AS_SERVICE: Pick<Principal, "sub" | "roles"> = { sub: "gateway", roles: ["service"] };
