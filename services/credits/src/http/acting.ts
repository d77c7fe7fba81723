import { type Actor, hasAnyRole } from "@stipend/platform/auth/actor";
import { CodedError } from "@stipend/platform/errors/coded";
import type { Role } from "@stipend/platform/http/contract";
import type { RawRequest } from "@stipend/platform/http/serve";
import { currentTraceId, currentTraceparent } from "@stipend/platform/telemetry/trace";
import { v7 as uuidv7 } from "uuid";
import type { Audit } from "../domain/ledger/operation.ts";
import type { UserId } from "../domain/ledger/terms.ts";

/** Who may look into another's account. */
export const READ_FOR_OTHERS: readonly Role[] = ["service", "support", "admin"];
/** Who may act on another's account. */
export const ACT_FOR_OTHERS: readonly Role[] = ["service"];

/**
 * The account a call is about: the caller's own, or the one it names and may name.
 * @throws CodedError `forbidden` when it may not, `validation_failed` when a service names nobody.
 */
export function accountOf(actor: Actor, named: string | undefined, mayName: readonly Role[]): UserId {
  if (named !== undefined && named !== actor.sub && !hasAnyRole(actor, mayName)) {
    throw new CodedError("forbidden", { message: "a user acts only on its own account" });
  }
  if (named !== undefined) return named;
  if (!hasAnyRole(actor, ["user"]) && hasAnyRole(actor, ["service"])) {
    throw new CodedError("validation_failed", {
      message: "a service names the user it acts for",
      details: { errors: [{ field: "/userId", message: "is required for a service" }] },
    });
  }
  return actor.sub;
}

// 403 comes before validation: a user who names another is refused whatever else is wrong with the request.

export function mayRead(actor: Actor, { query }: RawRequest): void {
  const named = query["userId"];
  if (typeof named === "string") accountOf(actor, named, READ_FOR_OTHERS);
}

export function mayAct(actor: Actor, { body }: RawRequest): void {
  const named = typeof body === "object" && body !== null && "userId" in body ? body.userId : undefined;
  if (typeof named === "string") accountOf(actor, named, ACT_FOR_OTHERS);
}

/** Only a GET by support or an admin answers 404 for a user nobody has heard of; everyone else's call creates it. */
export function mayCreate(actor: Actor, userId: UserId): boolean {
  return userId === actor.sub || hasAnyRole(actor, ["service"]);
}

/** What the audit log keeps of an admin's act; the procedure adds before and after. */
export function auditOf(actor: Actor, action: string, reason: string): Audit {
  return {
    id: uuidv7(),
    actor: actor.sub,
    roles: actor.roles,
    action,
    reason,
    ip: actor.ip,
    userAgent: actor.userAgent,
    requestId: actor.requestId,
    traceId: currentTraceId(),
  };
}

export function originOf(actor: Actor): { readonly actor: string; readonly traceparent: string | undefined } {
  return { actor: actor.sub, traceparent: currentTraceparent() };
}
