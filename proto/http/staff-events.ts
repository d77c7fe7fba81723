import { defineRoute } from "@stipend/platform/http/contract";
import { z } from "zod";
import { Alert } from "./monitor.ts";

/**
 * What consoles show as it happens. Nothing of it names a user: who looks whom an alert is about reads the list of alerts,
 * and such looks are recorded.
 */

/** Open alerts that the first event carries; more are in the list of alerts. */
export const MAX_OPEN_ALERTS = 100;
/** Names of actions in one event; more of them are left out. */
export const MAX_ACTIONS = 50;

const StaffAlert = Alert.pick({
  id: true,
  rule: true,
  family: true,
  severity: true,
  status: true,
  firstSeenAt: true,
  lastSeenAt: true,
  count: true,
}).meta({ id: "StaffAlert" });

/** Data of the event `alerts`, the first of every stream. */
export const OpenAlertsEvent = z
  .object({
    open: z.array(StaffAlert).max(MAX_OPEN_ALERTS).meta({ description: "Alerts that are open now, newest first." }),
    more: z.boolean().meta({ description: "There are older open alerts than these." }),
  })
  .meta({ id: "OpenAlertsEvent" });

/** Data of the event `alert`. */
export const AlertEvent = z
  .object({
    change: z.enum(["raised", "recovered"]).meta({
      description: "raised: it is new, graver than before, or told again; recovered: it is over, by itself or by hand.",
    }),
    alert: StaffAlert,
  })
  .meta({ id: "AlertEvent" });

/** Data of the event `activity`. */
export const ActivityEvent = z
  .object({
    actions: z
      .array(z.string())
      .min(1)
      .max(MAX_ACTIONS)
      .meta({ description: "What admins have just done, each once: `approval.propose`, `alert.acknowledge`, …" }),
  })
  .meta({ id: "ActivityEvent" });

export const staffEvents = defineRoute({
  id: "gateway.staffEvents",
  method: "GET",
  path: "/api/admin/events",
  roles: ["support", "admin"],
  summary: "Server-sent events `alerts`, `alert` and `activity`: what a console shows as it happens",
  tags: ["events"],
  responses: {
    200: {
      description:
        "First `alerts` with every alert that is open now, so that a reader that comes again has missed none; then `alert` for each that is raised or over, and `activity` with the names of what admins did. None of them names a user. Data: OpenAlertsEvent, AlertEvent or ActivityEvent as JSON. A heartbeat every 15 s; the stream ends with its token or its revocation.",
      contentType: "text/event-stream",
      schema: z.union([OpenAlertsEvent, AlertEvent, ActivityEvent]),
    },
  },
  errors: ["too_many_streams", "overloaded", "upstream_unavailable"],
});
