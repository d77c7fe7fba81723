import type { DescMessage } from "@bufbuild/protobuf";
import type { IncomingEvent } from "@stipend/platform/kafka/events";
import { currentTraceparent } from "@stipend/platform/telemetry/trace";
import { MembershipChangedSchema } from "@stipend/proto/events/membership/v1/events";
import { UsageReportedSchema } from "@stipend/proto/events/usage/v1/events";
import { type ApplyMembershipsPorts, applyMemberships } from "../usecases/apply-memberships.ts";
import { type ChargeUsagePorts, chargeUsage } from "../usecases/charge-usage.ts";
import { membershipNews } from "./membership-news.ts";
import { reportedUsage } from "./reported-usage.ts";

/** What a consumer does with a batch of one partition, in order. */
export interface EventHandler {
  readonly types: readonly DescMessage[];
  handle(batch: readonly IncomingEvent[]): Promise<void>;
}

export function membershipHandler(ports: ApplyMembershipsPorts): EventHandler {
  return {
    types: [MembershipChangedSchema],
    async handle(batch) {
      const news = traced(batch)
        .map(membershipNews)
        .filter((message) => message !== null);
      if (news.length > 0) await applyMemberships(ports, news);
    },
  };
}

export function usageHandler(ports: ChargeUsagePorts): EventHandler {
  return {
    types: [UsageReportedSchema],
    async handle(batch) {
      const reports = traced(batch)
        .map(reportedUsage)
        .filter((report) => report !== null);
      if (reports.length > 0) await chargeUsage(ports, reports);
    },
  };
}

/** A lone event's rows belong below the span that handles it; those of a mixed batch each to their own event's trace. */
function traced(batch: readonly IncomingEvent[]): readonly IncomingEvent[] {
  const traceparent = batch.length === 1 ? currentTraceparent() : undefined;
  return traceparent === undefined ? batch : batch.map((event) => ({ ...event, traceparent }));
}
