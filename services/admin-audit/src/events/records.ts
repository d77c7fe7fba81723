import { hash } from "node:crypto";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { IncomingEvent } from "@stipend/platform/kafka/events";
import { parseTraceparent } from "@stipend/platform/telemetry/trace";
import { FORGED_TOKEN } from "@stipend/proto/audit/forged-token";
import type { AdminActionRecorded } from "@stipend/proto/events/admin/v1/events";
import type { AccessRefused } from "@stipend/proto/events/security/v1/events";
import type { Candidate } from "../domain/audit-row.ts";

/** Where an event comes from, as far as its envelope says. */
export type Envelope = Pick<IncomingEvent, "id" | "source" | "time" | "traceparent">;

/** What a service says was done. */
export function recordOfAction(message: AdminActionRecorded, event: Envelope): Candidate {
  return {
    actionId: message.id,
    service: message.service,
    actor: message.actor,
    roles: message.roles,
    action: message.action,
    target: message.target,
    outcome: message.outcome,
    reason: message.reason,
    before: message.before,
    after: message.after,
    ip: message.ip,
    userAgent: message.userAgent,
    requestId: message.requestId,
    traceId: message.traceId,
    occurredAt: timeOf(message.occurredAt, event.time),
  };
}

/**
 * An attempt that was turned away before it reached anything: at the gateway's door of an admin route, or at a service
 * with a forged internal token. There is no user it was aimed at, only the route. Null when it is neither (a
 * customer's expired token is no attempt on anything).
 */
export function recordOfRefusal(message: AccessRefused, event: Envelope): Candidate | null {
  const isForged = message.code === FORGED_TOKEN;
  if (!isForged && !/^\/api\/admin(\/|$|\.)/.test(message.route)) return null;
  return {
    actionId: message.id,
    service: serviceOf(event.source),
    actor: message.subject,
    roles: message.roles,
    action: isForged ? "access.forged" : "access.refused",
    target: message.route,
    outcome: "refused",
    reason: message.code,
    before: null,
    after: JSON.stringify({ code: message.code, method: message.method, route: message.route }),
    ip: message.ip,
    userAgent: message.userAgent,
    requestId: message.requestId,
    traceId: parseTraceparent(event.traceparent ?? "")?.traceId ?? "",
    occurredAt: timeOf(message.occurredAt, event.time),
  };
}

/**
 * An event that claims what its publisher can't have done. It does not become the row it asks for (nor does it take up
 * the id of the action it names, which may be a real one), but one that says what was tried.
 */
export function recordOfClaim(claim: Candidate, flaw: string, event: Envelope): Candidate {
  const { service, action, actionId, outcome } = claim;
  return {
    ...claim,
    // Of the event, not of what it claims: the same event delivered twice is one attempt.
    actionId: hash("sha256", `${event.source}\n${event.id}`),
    service: "admin-audit",
    action: "claim.refused",
    outcome: "refused",
    reason: `${action === "" ? "an action without a name" : action} ${flaw}`,
    before: null,
    after: JSON.stringify({ source: event.source, eventId: event.id, service, action, actionId, outcome }),
  };
}

function serviceOf(source: string): string {
  return /^\/stipend\/([a-z-]{1,32})$/.exec(source)?.[1] ?? "unknown";
}

/** Whole milliseconds, as the column keeps them. */
function timeOf(timestamp: Timestamp | undefined, fallback: Date): Date {
  return timestamp === undefined ? fallback : timestampDate(timestamp);
}
