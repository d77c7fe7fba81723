import { events } from "@stipend/proto/http/gateway";
import type { Revocations } from "../auth/revocations.ts";
import type { JsonAnswer, JsonCall, JsonClient } from "../forward/json-client.ts";
import { type RequestContext, type Route, requirePrincipal } from "../http/context.ts";
import { Refusal } from "../http/refusal.ts";
import type { LiveHub } from "./live-hub.ts";
import { LiveStream } from "./live-stream.ts";
import { creditsSnapshot, type LiveState, membershipSnapshot } from "./states.ts";

export interface EventsRouteParts {
  readonly hub: LiveHub;
  readonly revocations: Pick<Revocations, "check">;
  readonly credits: Pick<JsonClient, "call">;
  readonly membership: Pick<JsonClient, "call">;
}

const SNAPSHOT_TIMEOUT_MS = 5_000;

export function eventsRoute(parts: EventsRouteParts): Route {
  return { contract: events, head: false, run: (context) => openStream(parts, context) };
}

async function openStream(parts: EventsRouteParts, context: RequestContext): Promise<void> {
  const { hub, credits, membership } = parts;
  const { req, res } = context;
  const principal = requirePrincipal(context);
  hub.admit(principal.sub);
  const stream = new LiveStream(req, res, hub, principal);
  try {
    // Revoked between the door and here, it would be found neither at the door nor among those that listen.
    parts.revocations.check(principal);
    const call: JsonCall = {
      method: "GET",
      path: "/api/credits",
      caller: context.caller,
      as: principal,
      timeoutMs: SNAPSHOT_TIMEOUT_MS,
    };
    const snapshots = await Promise.all([
      credits.call(call).then((answer) => snapshot(answer, creditsSnapshot, "credits")),
      membership
        .call({ ...call, path: "/api/membership" })
        .then((answer) => snapshot(answer, membershipSnapshot, "membership")),
    ]);
    if (!res.destroyed && !res.writableEnded) stream.open(snapshots);
  } catch (error) {
    hub.remove(stream);
    throw error;
  }
}

/** Without the present state of both sides a reader could miss a change for ever: it is better sent away to come again. */
function snapshot(answer: JsonAnswer, read: (body: unknown) => LiveState | undefined, part: string): LiveState {
  const state = answer.status === 200 ? read(answer.body) : undefined;
  if (state !== undefined) return state;
  throw new Refusal("upstream_unavailable", {
    message: `The present state of ${part} cannot be read`,
    details: { part },
    retryAfterSeconds: 2,
  });
}
