import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { AdminActionRecorded } from "@stipend/proto/events/admin/v1/events";
import type { AccessRefused } from "@stipend/proto/events/security/v1/events";
import type { Candidate } from "../domain/audit-row.ts";

/** What a service says was done. */
export function recordOfAction(message: AdminActionRecorded, eventTime: Date): Candidate {
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
    occurredAt: timeOf(message.occurredAt, eventTime),
  };
}

/**
 * An attempt that the gateway turned away. It never reached a service, so there is no user it was aimed at, only the
 * route; null when the route is not an admin's (a customer's expired token is no attempt on anything).
 */
export function recordOfRefusal(message: AccessRefused, eventTime: Date, traceId: string): Candidate | null {
  if (!/^\/api\/admin(\/|$|\.)/.test(message.route)) return null;
  return {
    actionId: message.id,
    service: "gateway",
    actor: message.subject,
    roles: message.roles,
    action: "access.refused",
    target: message.route,
    outcome: "refused",
    reason: message.code,
    before: null,
    after: JSON.stringify({ code: message.code, method: message.method, route: message.route }),
    ip: message.ip,
    userAgent: message.userAgent,
    requestId: message.requestId,
    traceId,
    occurredAt: timeOf(message.occurredAt, eventTime),
  };
}

/** Whole milliseconds, as the column keeps them. */
function timeOf(timestamp: Timestamp | undefined, fallback: Date): Date {
  return timestamp === undefined ? fallback : timestampDate(timestamp);
}
