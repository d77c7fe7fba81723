import { AlertPage } from "@stipend/proto/http/monitor";
import { MAX_OPEN_ALERTS, OpenAlertsEvent, staffEvents } from "@stipend/proto/http/staff-events";
import type { z } from "zod";
import type { Revocations } from "../auth/revocations.ts";
import type { JsonAnswer, JsonClient } from "../forward/json-client.ts";
import { type RequestContext, type Route, requirePrincipal } from "../http/context.ts";
import { Refusal } from "../http/refusal.ts";
import type { StaffHub } from "./staff-hub.ts";
import { StaffStream } from "./staff-stream.ts";

export interface StaffEventsRouteParts {
  readonly hub: StaffHub;
  readonly revocations: Pick<Revocations, "check">;
  readonly monitor: Pick<JsonClient, "call">;
}

const STATE_TIMEOUT_MS = 5_000;

export function staffEventsRoute(parts: StaffEventsRouteParts): Route {
  return { contract: staffEvents, head: false, run: (context) => openStream(parts, context) };
}

async function openStream(parts: StaffEventsRouteParts, context: RequestContext): Promise<void> {
  const { hub, monitor } = parts;
  const { res, caller } = context;
  const principal = requirePrincipal(context);
  hub.admit(principal.sub);
  const stream = new StaffStream(res, hub, principal);
  try {
    // Revoked between the door and here, it would be found neither at the door nor among those that listen.
    parts.revocations.check(principal);
    const answer = await monitor.call({
      method: "GET",
      path: `/api/admin/alerts?status=open&limit=${MAX_OPEN_ALERTS}`,
      caller,
      as: principal,
      timeoutMs: STATE_TIMEOUT_MS,
    });
    const state = openAlerts(answer);
    if (!res.destroyed && !res.writableEnded) stream.open(state);
  } catch (error) {
    hub.remove(stream);
    throw error;
  }
}

/** Without the present state a console could miss an alert for ever: it is better sent away to come again. */
function openAlerts({ status, body }: JsonAnswer): z.output<typeof OpenAlertsEvent> {
  const page = status === 200 ? AlertPage.safeParse(body) : undefined;
  if (page?.success !== true) {
    throw new Refusal("upstream_unavailable", {
      message: "The open alerts cannot be read",
      details: { part: "monitor" },
      retryAfterSeconds: 2,
    });
  }
  // Whom an alert is about, and all else the list has of it, is left out.
  return OpenAlertsEvent.parse({ open: page.data.data, more: page.data.nextCursor !== null });
}
