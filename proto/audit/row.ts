/**
 * A row of the audit log, as it is hashed and exported: the contract between the service that writes the log and whoever
 * checks it, with or without that service.
 */

/** What was done, before it has a place in the chain. Times are UTC. */
export interface AuditRecord {
  /** Unique for each action, whatever brings it: the log keeps it once. */
  readonly actionId: string;
  readonly service: string;
  readonly actor: string;
  readonly roles: readonly string[];
  readonly action: string;
  /** A bare user id or code; for a refused call, the route. */
  readonly target: string;
  readonly outcome: Outcome;
  readonly reason: string;
  /** JSON text exactly as it came; null when there was no such state. */
  readonly before: string | null;
  readonly after: string | null;
  readonly ip: string;
  readonly userAgent: string;
  readonly requestId: string;
  readonly traceId: string;
  readonly occurredAt: Date;
}

export type Outcome = "succeeded" | "refused";

/** A record in its place. */
export interface AuditRow extends AuditRecord {
  /** Position, from 1, without gaps. */
  readonly seq: number;
  readonly recordedAt: Date;
  readonly prevHash: string;
  /** SHA-256 over everything above, in hexadecimal. */
  readonly hash: string;
}

/**
 * A row as texts, in the order of an export's columns; `before` and `after` are the exact texts, "" when there is none,
 * and `roles` is JSON.
 */
export const COLUMNS = [
  "seq",
  "id",
  "service",
  "actor",
  "roles",
  "action",
  "target",
  "outcome",
  "reason",
  "before",
  "after",
  "ip",
  "userAgent",
  "requestId",
  "traceId",
  "createdAt",
  "recordedAt",
  "prevHash",
  "hash",
] as const;

export type ExportedRow = Readonly<Record<(typeof COLUMNS)[number], string>>;

export function toExported(row: AuditRow): ExportedRow {
  return {
    seq: String(row.seq),
    id: row.actionId,
    service: row.service,
    actor: row.actor,
    roles: JSON.stringify(row.roles),
    action: row.action,
    target: row.target,
    outcome: row.outcome,
    reason: row.reason,
    before: row.before ?? "",
    after: row.after ?? "",
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

/**
 * Never throws: a row that was tampered with has to be read, so that the check can name it. What can't be read becomes
 * a value that no hash fits.
 */
export function fromExported(row: ExportedRow): AuditRow {
  return {
    seq: /^[1-9]\d{0,14}$/.test(row.seq) ? Number(row.seq) : 0,
    actionId: row.id,
    service: row.service,
    actor: row.actor,
    roles: rolesOf(row.roles),
    action: row.action,
    target: row.target,
    outcome: row.outcome as Outcome,
    reason: row.reason,
    before: row.before === "" ? null : row.before,
    after: row.after === "" ? null : row.after,
    ip: row.ip,
    userAgent: row.userAgent,
    requestId: row.requestId,
    traceId: row.traceId,
    occurredAt: instantOf(row.createdAt),
    recordedAt: instantOf(row.recordedAt),
    prevHash: row.prevHash,
    hash: row.hash,
  };
}

/** Only the exact text that is written counts: added blanks would otherwise go unseen. */
export function rolesOf(text: string): readonly string[] {
  try {
    const roles: unknown = JSON.parse(text);
    if (Array.isArray(roles) && roles.every((role) => typeof role === "string") && JSON.stringify(roles) === text) {
      return roles;
    }
  } catch {
    // Falls through.
  }
  return [`not roles: ${text}`];
}

/** Only the exact form that is written counts; anything else becomes a moment no row has. */
function instantOf(text: string): Date {
  const date = new Date(text);
  return Number.isNaN(date.getTime()) || date.toISOString() !== text ? new Date(0) : date;
}
