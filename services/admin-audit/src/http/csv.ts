import type { AuditRow } from "../domain/audit-row.ts";

/** In this order; `before` and `after` are the exact JSON texts, so that an export can be verified by itself. */
export const CSV_HEADER = [
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

/** RFC 4180: CRLF, quotes doubled. */
export function csvHeader(): string {
  return `${CSV_HEADER.join(",")}\r\n`;
}

export function csvLine(row: AuditRow): string {
  const fields = [
    String(row.seq),
    row.actionId,
    row.service,
    row.actor,
    JSON.stringify(row.roles),
    row.action,
    row.target,
    row.outcome,
    row.reason,
    row.before ?? "",
    row.after ?? "",
    row.ip,
    row.userAgent,
    row.requestId,
    row.traceId,
    row.occurredAt.toISOString(),
    row.recordedAt.toISOString(),
    row.prevHash,
    row.hash,
  ];
  return `${fields.map(csvField).join(",")}\r\n`;
}

/**
 * A field that a spreadsheet would run as a formula is marked with a leading tab inside the quotes: reasons and
 * User-Agents are written by people who may wish the auditor ill. Readers of the export take one leading tab off
 * again.
 */
function csvField(text: string): string {
  const harmless = /^[=+\-@\t\r]/.test(text) ? `\t${text}` : text;
  return /[",\r\n\t]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
