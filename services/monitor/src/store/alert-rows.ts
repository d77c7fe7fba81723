import { parseJson } from "@stipend/platform/mysql/values";
import { type Evidence, type Family, type Finding, type Recovery, severityOf, severityRank } from "../domain/alerts.ts";
import type { Alert } from "../usecases/alerts.ts";

/** A row of the view alert_entries. */
export interface AlertRow {
  readonly seq: number;
  readonly id: string;
  readonly fingerprint: string;
  readonly rule: string;
  readonly family: string;
  readonly severity: number;
  readonly status: string;
  readonly user_id: string | null;
  readonly first_seen_at: Date;
  readonly last_seen_at: Date;
  readonly event_count: number;
  readonly evidence: unknown;
  readonly raised_at: Date;
  readonly acknowledged_at: Date | null;
  readonly acknowledged_by: string | null;
  readonly resolved_at: Date | null;
  readonly resolved_by: string | null;
  readonly resolution: string | null;
  readonly note: string | null;
}

export const ALERT_COLUMNS = `seq, id, fingerprint, rule, family, severity, status, user_id, first_seen_at, last_seen_at,
  event_count, evidence, raised_at, acknowledged_at, acknowledged_by, resolved_at, resolved_by, resolution, note`;

export function toAlert(row: AlertRow): Alert {
  return {
    seq: Number(row.seq),
    id: row.id,
    fingerprint: row.fingerprint,
    rule: row.rule,
    family: row.family as Family,
    severity: severityOf(row.severity),
    status: row.status as Alert["status"],
    userId: row.user_id,
    firstSeenAt: row.first_seen_at,
    lastSeenAt: row.last_seen_at,
    count: Number(row.event_count),
    evidence: parseJson(row.evidence) as Evidence,
    raisedAt: row.raised_at,
    acknowledgedAt: row.acknowledged_at,
    acknowledgedBy: row.acknowledged_by,
    resolvedAt: row.resolved_at,
    resolvedBy: row.resolved_by,
    resolution: row.resolution,
    note: row.note,
  };
}

/** A finding as RaiseAlerts takes it; `id` is used if it opens a new alert. */
export function toRaiseItem(finding: Finding, id: string): Record<string, unknown> {
  const { recoverAfterMs, lastAt } = finding;
  return {
    id,
    fingerprint: finding.fingerprint,
    rule: finding.rule,
    family: finding.family,
    severity: severityRank(finding.severity),
    userId: finding.userId,
    firstAt: sqlTime(finding.firstAt),
    lastAt: sqlTime(lastAt),
    countMode: finding.countMode,
    count: finding.count,
    evidence: JSON.stringify(finding.evidence),
    tellAgain: finding.tellAgain === true ? 1 : 0,
    recoversAt: recoverAfterMs === null ? null : sqlTime(new Date(lastAt.getTime() + recoverAfterMs)),
  };
}

export function toRecoverItem(recovery: Recovery): Record<string, unknown> {
  return { fingerprint: recovery.fingerprint, at: sqlTime(recovery.at) };
}

/** A time inside a JSON argument: DATETIME(3) of JSON_TABLE takes no zone. */
export function sqlTime(date: Date): string {
  return date.toISOString().replace("T", " ").replace("Z", "");
}

export function sqlTimeOrNull(date: Date | null): string | null {
  return date === null ? null : sqlTime(date);
}
