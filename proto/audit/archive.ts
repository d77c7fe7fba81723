import type { AuditRow } from "./row.ts";

/** The action of the row by which the log says that everything up to a position was archived and may be dropped. */
export const ARCHIVE_ACTION = "audit.archive";
/** The only service that may say so. */
export const ARCHIVE_SERVICE = "admin-audit";

/** What stands in `after` of such a row. */
export interface ArchiveRecord {
  /** The month of the last row, "2026-01". */
  readonly month: string;
  readonly fromSeq: number;
  /** The last row that was archived; the log goes on at the next one. */
  readonly toSeq: number;
  /** Of that row: what the next one links to. */
  readonly hash: string;
  readonly rows: number;
  readonly file: string;
  /** Of the file as it was written, hexadecimal. */
  readonly sha256: string;
}

/** Where the log was cut, when the row says so. */
export function archivedUpTo(row: AuditRow): { readonly seq: number; readonly hash: string } | null {
  if (row.action !== ARCHIVE_ACTION || row.service !== ARCHIVE_SERVICE || row.outcome !== "succeeded") return null;
  try {
    const { toSeq, hash } = JSON.parse(row.after ?? "null") as Partial<ArchiveRecord>;
    return typeof toSeq === "number" && typeof hash === "string" ? { seq: toSeq, hash } : null;
  } catch {
    return null;
  }
}
