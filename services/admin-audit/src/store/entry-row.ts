import { type AuditRow, type Outcome, rolesOf } from "@stipend/proto/audit/row";

/** A row of the view admin_operation_log_entries. */
export interface EntryRow {
  readonly seq: number;
  readonly action_id: string;
  readonly service: string;
  readonly actor: string;
  readonly roles_json: string;
  readonly action: string;
  readonly target: string;
  readonly outcome: string;
  readonly reason: string;
  readonly before_json: string | null;
  readonly after_json: string | null;
  readonly ip: string;
  readonly user_agent: string;
  readonly request_id: string;
  readonly trace_id: string;
  readonly occurred_at: Date;
  readonly recorded_at: Date;
  readonly prev_hash: string;
  readonly hash: string;
}

/** Never throws for a row that was tampered with: `verify` must be able to read it and say so. */
export function toAuditRow(row: EntryRow): AuditRow {
  return {
    seq: Number(row.seq),
    actionId: row.action_id,
    service: row.service,
    actor: row.actor,
    roles: rolesOf(row.roles_json),
    action: row.action,
    target: row.target,
    outcome: row.outcome as Outcome,
    reason: row.reason,
    before: row.before_json,
    after: row.after_json,
    ip: row.ip,
    userAgent: row.user_agent,
    requestId: row.request_id,
    traceId: row.trace_id,
    occurredAt: row.occurred_at,
    recordedAt: row.recorded_at,
    prevHash: row.prev_hash,
    hash: row.hash,
  };
}

/** A row as AppendAuditLog takes it. */
export function toAppendItem(row: AuditRow): Record<string, string | number | null> {
  return {
    seq: row.seq,
    actionId: row.actionId,
    service: row.service,
    actor: row.actor,
    rolesJson: JSON.stringify(row.roles),
    action: row.action,
    target: row.target,
    outcome: row.outcome,
    reason: row.reason,
    beforeJson: row.before,
    afterJson: row.after,
    ip: row.ip,
    userAgent: row.userAgent,
    requestId: row.requestId,
    traceId: row.traceId,
    occurredAt: row.occurredAt.toISOString().replace("T", " ").replace("Z", ""),
    prevHash: row.prevHash,
    hash: row.hash,
  };
}
