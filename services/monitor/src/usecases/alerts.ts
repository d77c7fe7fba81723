import { CodedError } from "@stipend/platform/errors/coded";
import type { AlertStatus, Evidence, Family, Severity } from "../domain/alerts.ts";

export interface Alert {
  /** Newest first by this number. */
  readonly seq: number;
  readonly id: string;
  readonly fingerprint: string;
  readonly rule: string;
  readonly family: Family;
  readonly severity: Severity;
  readonly status: AlertStatus;
  readonly userId: string | null;
  readonly firstSeenAt: Date;
  readonly lastSeenAt: Date;
  readonly count: number;
  readonly evidence: Evidence;
  readonly raisedAt: Date;
  readonly acknowledgedAt: Date | null;
  readonly acknowledgedBy: string | null;
  readonly resolvedAt: Date | null;
  readonly resolvedBy: string | null;
  /** recovered: by itself; manual: by a person. */
  readonly resolution: string | null;
  readonly note: string | null;
}

export interface AlertFilter {
  readonly family?: Family | undefined;
  readonly status?: AlertStatus | undefined;
  readonly severity?: Severity | undefined;
  readonly rule?: string | undefined;
  readonly userId?: string | undefined;
}

/** Who changes an alert and why; stands in the audit log. */
export interface Change {
  readonly actionId: string;
  readonly actor: string;
  readonly roles: readonly string[];
  readonly reason: string;
  readonly ip: string;
  readonly userAgent: string;
  readonly requestId: string;
  readonly traceId: string;
}

export type ChangeOutcome = "changed" | "unchanged" | "not_found" | "alert_resolved";

export interface AlertStore {
  list(filter: AlertFilter, before: number | null, limit: number): Promise<readonly Alert[]>;
  find(id: string): Promise<Alert | null>;
  change(id: string, status: "acknowledged" | "resolved", change: Change, now: Date): Promise<ChangeOutcome>;
}

/**
 * open → acknowledged, or open/acknowledged → resolved, with the audit event in the same transaction. Acknowledging
 * what is acknowledged changes nothing and answers the same.
 *
 * @throws CodedError alert_not_found, alert_resolved.
 */
export async function changeAlert(
  store: AlertStore,
  id: string,
  status: "acknowledged" | "resolved",
  change: Change,
  now: Date,
): Promise<Alert> {
  const outcome = await store.change(id, status, change, now);
  if (outcome === "not_found") throw new CodedError("alert_not_found");
  if (outcome === "alert_resolved") throw new CodedError("alert_resolved");
  const alert = await store.find(id);
  if (alert === null) throw new CodedError("alert_not_found");
  return alert;
}
