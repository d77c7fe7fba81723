import type { AuditEntry } from "@stipend/proto/http/audit";
import type { AuditRow } from "../domain/audit-row.ts";

/** A row as the API shows it. */
export function toEntry(row: AuditRow): AuditEntry {
  return {
    id: row.actionId,
    seq: row.seq,
    service: row.service,
    actor: row.actor,
    roles: [...row.roles],
    action: row.action,
    target: row.target,
    outcome: row.outcome,
    reason: row.reason,
    before: parseState(row.before),
    after: parseState(row.after),
    ip: row.ip,
    userAgent: row.userAgent,
    requestId: row.requestId,
    traceId: row.traceId,
    createdAt: row.occurredAt.toISOString(),
    recordedAt: row.recordedAt.toISOString(),
    prevHash: row.prevHash,
    hash: row.hash,
  };
}

function parseState(text: string | null): unknown {
  if (text === null) return null;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
