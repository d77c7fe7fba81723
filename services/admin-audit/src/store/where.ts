import type { AuditFilter } from "../usecases/search-log.ts";

export interface Where {
  /** "WHERE …", or empty. */
  readonly sql: string;
  readonly params: readonly (string | number | Date)[];
}

/** Only columns named here ever stand in the text; every value is a parameter. */
export function whereOf(filter: AuditFilter, before: number | null): Where {
  const conditions: string[] = [];
  const params: (string | number | Date)[] = [];
  const add = (sql: string, value: string | number | Date | undefined | null): void => {
    if (value === undefined || value === null) return;
    conditions.push(sql);
    params.push(value);
  };
  add("actor = ?", filter.actor);
  add("action = ?", filter.action);
  add("target = ?", filter.target);
  add("outcome = ?", filter.outcome);
  add("ip = ?", filter.ip);
  add("LOCATE(?, reason) > 0", filter.reason);
  add("occurred_at >= ?", filter.from);
  add("occurred_at < ?", filter.to);
  add("seq < ?", before);
  return { sql: conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`, params };
}
