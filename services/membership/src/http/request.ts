import { createHash } from "node:crypto";
import type { Actor } from "@stipend/platform/auth/actor";
import { Problem } from "@stipend/platform/http/problem";
import { parseTraceparent } from "@stipend/platform/telemetry/trace";
import { v7 as uuidv7 } from "uuid";
import type { SeenUser } from "../domain/people.ts";
import type { AdminAct, Asker, KeyedRequest } from "../usecases/ports.ts";

interface Asking {
  readonly actor: Actor;
  readonly requestId: string;
  readonly traceparent?: string;
}

/** An asker who changes their own membership. */
export function memberAsker(ctx: Asking): Asker {
  return { actor: ctx.actor.sub, ...(ctx.traceparent === undefined ? {} : { traceparent: ctx.traceparent }) };
}

/** An admin, with everything the audit log wants to know. */
export function adminAsker(ctx: Asking): Asker & { readonly admin: AdminAct } {
  return {
    ...memberAsker(ctx),
    admin: {
      id: uuidv7(),
      roles: ctx.actor.roles,
      ip: ctx.actor.ip ?? "",
      userAgent: (ctx.actor.userAgent ?? "").slice(0, 1_000),
      requestId: ctx.requestId,
      traceId: parseTraceparent(ctx.traceparent)?.traceId ?? "",
    },
  };
}

/** The caller as a user: who they are is what the token said. */
export function seen(actor: Actor): SeenUser {
  return { userId: actor.sub, ...(actor.email === undefined ? {} : { email: actor.email.slice(0, 320) }) };
}

/** The version in If-Match: `"3"` or 3. undefined without the header, or for `*`. */
export function versionOf(ifMatch: string | undefined): number | undefined {
  if (ifMatch === undefined || ifMatch.trim() === "*") return undefined;
  const digits = /^\s*(?:W\/)?"?(\d{1,15})"?\s*$/.exec(ifMatch)?.[1];
  if (digits !== undefined) return Number(digits);
  const errors = [{ field: "/if-match", in: "headers", message: 'must be a version such as "3"' }];
  throw new Problem("validation_failed", { message: "headers/if-match: must be a version", details: { errors } });
}

/** The key with a hash of what is asked for under it: the order of the fields makes no difference. */
export function keyed(operation: string, key: string | undefined, body: object): { request?: KeyedRequest } {
  if (key === undefined) return {};
  const text = JSON.stringify(Object.entries(body).sort(([a], [b]) => (a < b ? -1 : 1)));
  return { request: { operation, key, hash: createHash("sha256").update(text).digest("hex") } };
}

export function matching(ifMatch: string | undefined): { ifMatch?: number } {
  const version = versionOf(ifMatch);
  return version === undefined ? {} : { ifMatch: version };
}
