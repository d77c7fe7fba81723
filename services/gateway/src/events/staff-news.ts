import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import { messageOf } from "@stipend/platform/kafka/events";
import type { EventHandler } from "@stipend/platform/kafka/pipeline";
import { AdminActionRecordedSchema } from "@stipend/proto/events/admin/v1/events";
import { type Alert, AlertRaisedSchema, AlertRecoveredSchema } from "@stipend/proto/events/alerts/v1/events";
import { AlertEvent } from "@stipend/proto/http/staff-events";
import type { StaffHub, StaffNews } from "./staff-hub.ts";

/** The gateway's own records: looks and refused attempts change nothing that a console shows. */
const GATEWAY = "gateway";

/** Hands what Kafka tells to the consoles that listen in this process. Nothing is kept, so nothing can fail. */
export function staffNews(hub: Pick<StaffHub, "open" | "publish" | "gather">): EventHandler {
  return {
    types: [AlertRaisedSchema, AlertRecoveredSchema, AdminActionRecordedSchema],
    handle: (batch) => {
      if (hub.open === 0) return Promise.resolve();
      for (const event of batch) {
        tell(hub, "raised", messageOf(event, AlertRaisedSchema)?.alert);
        tell(hub, "recovered", messageOf(event, AlertRecoveredSchema)?.alert);
        const action = messageOf(event, AdminActionRecordedSchema);
        if (action !== undefined && action.service !== GATEWAY) hub.gather(action.action);
      }
      return Promise.resolve();
    },
  };
}

function tell(hub: Pick<StaffHub, "publish">, change: "raised" | "recovered", alert: Alert | undefined): void {
  const news = alert === undefined ? undefined : alertNews(change, alert);
  if (news !== undefined) hub.publish(news);
}

/** undefined for an alert of a kind that this version does not know: the list of alerts has it all the same. */
export function alertNews(change: "raised" | "recovered", alert: Alert): StaffNews | undefined {
  const parsed = AlertEvent.safeParse({
    change,
    alert: {
      id: alert.id,
      rule: alert.rule,
      family: alert.family,
      severity: alert.severity,
      status: alert.status,
      firstSeenAt: iso(alert.firstSeenAt),
      lastSeenAt: iso(alert.lastSeenAt),
      count: Number(alert.count),
    },
  });
  return parsed.success ? { kind: "alert", data: parsed.data } : undefined;
}

function iso(timestamp: Timestamp | undefined): string | undefined {
  return timestamp === undefined ? undefined : timestampDate(timestamp).toISOString();
}
