import type { ConsumeOperation, ConsumeResult } from "../domain/ledger/spending.ts";
import type { UserId } from "../domain/ledger/terms.ts";
import type { RejectedUsage } from "../domain/ledger/usage.ts";
import { requestHash } from "../domain/request-hash.ts";
import type { Clock, Ledger } from "./ports.ts";
import { runOperations } from "./run-operations.ts";

/** A message of the usage topic: an internal service reports use that is to be charged. */
export interface ReportedUsage {
  readonly eventId: string;
  /** The event among those of all services: 64 hex digits over source and id, as an id is unique in its source only. */
  readonly identity: string;
  readonly userId: UserId;
  readonly amount: number;
  readonly feature: string;
  readonly reason: string;
  /** The service that reported it. */
  readonly source: string;
  readonly traceparent?: string | undefined;
}

export interface ChargeUsagePorts {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly timeZone: string;
  /** What a report must look like; the reason when it does not. */
  validate(usage: ReportedUsage): string | null;
}

const CONSUMER = "credits.usage";

/**
 * Stands before the ledger key of a usage event, which shares its key space with POST /consume. It begins with DEL, which
 * no Idempotency-Key may hold (printable ASCII): nobody can take an event's key by guessing its id.
 */
const KEY_PREFIX = "\x7fusage:";

/**
 * Charges reported use, once for each event: the inbox refuses the second delivery, and the ledger's own key would
 * as well. What can't be charged is answered by an event that says why, in the same transaction.
 */
export async function chargeUsage(ports: ChargeUsagePorts, reports: readonly ReportedUsage[]): Promise<void> {
  await ports.ledger.write("usage", async (session) => {
    const now = ports.clock.now();
    const fresh = await session.recordInbox(
      CONSUMER,
      reports.map((report) => report.identity),
      now,
    );
    const seen = new Set<string>();
    const rejections: RejectedUsage[] = [];
    const charged: ReportedUsage[] = [];
    for (const report of reports) {
      if (!fresh.has(report.identity) || seen.has(report.identity)) continue;
      seen.add(report.identity);
      const flaw = ports.validate(report);
      if (flaw === null) charged.push(report);
      else rejections.push(rejection(report, "validation_failed", flaw));
    }
    const results = await runOperations(
      session,
      now,
      charged.map((report) => ({ kind: "consume", op: operationOf(report) })),
      { timeZone: ports.timeZone },
    );
    charged.forEach((report, index) => {
      const result = results[index] as ConsumeResult | undefined;
      if (result === undefined || result.outcome === "ok" || result.outcome === "replayed") return;
      const detail =
        result.outcome === "insufficient_credits" ? `${result.required} needed, ${result.available} available` : "";
      rejections.push(rejection(report, result.outcome, detail));
    });
    if (rejections.length > 0) await session.rejectUsage(now, rejections);
  });
}

function operationOf(report: ReportedUsage): ConsumeOperation {
  const { userId, amount, feature, reason } = report;
  return {
    userId,
    amount,
    feature: feature === "" ? undefined : feature,
    reason: reason === "" ? "usage" : reason,
    actor: report.source,
    traceparent: report.traceparent,
    requestKey: `${KEY_PREFIX}${report.identity}`,
    requestHash: requestHash("usage", { userId, amount, feature }),
  };
}

function rejection(report: ReportedUsage, code: string, detail: string): RejectedUsage {
  return {
    usageId: report.eventId,
    // The report may be anything; the answer must always be one that can be written.
    userId: /^[A-Za-z0-9._@|:-]{1,128}$/.test(report.userId) ? report.userId : "unknown",
    feature: report.feature.slice(0, 64),
    amount: Number.isSafeInteger(report.amount) ? report.amount : 0,
    code,
    detail,
    traceparent: report.traceparent,
  };
}
