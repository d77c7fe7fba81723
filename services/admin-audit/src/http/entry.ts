import type { AuditEntry } from "@stipend/proto/http/audit";
import type { Entry } from "../usecases/read-entry.ts";

/** A row as the API shows it. */
export function toEntry({ row, before, after, changes }: Entry): AuditEntry {
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
    before,
    after,
    changes: [...changes],
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
