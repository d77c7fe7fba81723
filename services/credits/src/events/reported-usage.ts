import { createHash } from "node:crypto";
import { type IncomingEvent, messageOf } from "@stipend/platform/kafka/events";
import { UsageReportedSchema } from "@stipend/proto/events/usage/v1/events";
import { Amount, Reason, UserId } from "@stipend/proto/http/common";
import { z } from "zod";
import type { ReportedUsage } from "../usecases/charge-usage.ts";

const Report = z.object({
  userId: UserId,
  amount: Amount,
  feature: z.union([z.literal(""), z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$/)]),
  reason: z.union([z.literal(""), Reason]),
});

export function reportedUsage(event: IncomingEvent): ReportedUsage | null {
  const reported = messageOf(event, UsageReportedSchema);
  if (reported === undefined) return null;
  return {
    eventId: event.id,
    identity: createHash("sha256")
      .update(JSON.stringify([event.source, event.id]))
      .digest("hex"),
    userId: reported.userId,
    // Beyond what a double holds exactly it is refused below; nothing is charged by a rounded amount.
    amount: Number(reported.amount),
    feature: reported.feature,
    reason: reported.reason,
    source: event.source === "" ? "usage" : event.source.slice(0, 128),
    traceparent: event.traceparent,
  };
}

/** Why a report can't be charged, or null: the same bounds as those of the HTTP calls. */
export function flawOf(usage: ReportedUsage): string | null {
  const parsed = Report.safeParse(usage);
  if (parsed.success) return null;
  const issue = parsed.error.issues[0];
  return `${issue?.path.join(".") ?? "report"}: ${issue?.message ?? "is not valid"}`.slice(0, 500);
}
