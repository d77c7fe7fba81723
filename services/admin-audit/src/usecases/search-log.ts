import type { AuditRow, Outcome } from "@stipend/proto/audit/row";

/** Every filter narrows; texts are compared byte for byte. */
export interface AuditFilter {
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  readonly target?: string | undefined;
  readonly outcome?: Outcome | undefined;
  readonly ip?: string | undefined;
  /** Text that the reason contains. */
  readonly reason?: string | undefined;
  /** Inclusive. */
  readonly from?: Date | undefined;
  /** Exclusive. */
  readonly to?: Date | undefined;
}

export interface LogReader {
  /** Newest first, rows with a position below `before`; at most `limit`. */
  page(filter: AuditFilter, before: number | null, limit: number): Promise<AuditRow[]>;
  /** Oldest first, all of them, as they come. */
  stream(filter: AuditFilter): AsyncIterable<AuditRow>;
}

export interface Page {
  readonly rows: readonly AuditRow[];
  /** Position to go on below; null: there is nothing more. */
  readonly next: number | null;
}

/** @param limit rows a page, at least 1. */
export async function searchLog(
  reader: LogReader,
  filter: AuditFilter,
  before: number | null,
  limit: number,
): Promise<Page> {
  // One row more than asked for tells whether there is another page.
  const found = await reader.page(filter, before, limit + 1);
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  return { rows, next: found.length > limit && last !== undefined ? last.seq : null };
}
