import type { AuditRow, Outcome } from "../domain/audit-row.ts";

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
    roles: parseRoles(row.roles_json),
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

/** What is not the JSON we wrote becomes one odd role, which no hash fits. */
function parseRoles(text: string): readonly string[] {
  try {
    const roles: unknown = JSON.parse(text);
    // Only the exact text we would write counts: added blanks would otherwise go unseen.
    if (Array.isArray(roles) && roles.every((role) => typeof role === "string") && JSON.stringify(roles) === text) {
      return roles;
    }
  } catch {
    // Falls through.
  }
  return [`not roles: ${text}`];
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
