import type { Database } from "@stipend/platform/mysql/database";
import { severityRank } from "../domain/alerts.ts";
import type { Alert, AlertFilter, AlertStore, Change, ChangeOutcome } from "../usecases/alerts.ts";
import { ALERT_COLUMNS, type AlertRow, toAlert } from "./alert-rows.ts";

/** Reading alerts, and changing them by hand. */
export class MysqlAlertStore implements AlertStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async list(filter: AlertFilter, before: number | null, limit: number): Promise<readonly Alert[]> {
    const conditions: string[] = [];
    const params: (string | number)[] = [];
    const add = (sql: string, value: string | number | undefined | null): void => {
      if (value === undefined || value === null) return;
      conditions.push(sql);
      params.push(value);
    };
    add("family = ?", filter.family);
    add("status = ?", filter.status);
    add("severity = ?", filter.severity === undefined ? undefined : severityRank(filter.severity));
    add("rule = ?", filter.rule);
    add("user_id = ?", filter.userId);
    add("seq < ?", before);
    const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
    const sql = `SELECT ${ALERT_COLUMNS} FROM alert_entries ${where} ORDER BY seq DESC LIMIT ?`;
    return (await this.#db.query<AlertRow>(sql, [...params, limit])).map(toAlert);
  }

  async find(id: string): Promise<Alert | null> {
    const rows = await this.#db.query<AlertRow>(`SELECT ${ALERT_COLUMNS} FROM alert_entries WHERE id = ?`, [id]);
    return rows[0] === undefined ? null : toAlert(rows[0]);
  }

  async change(id: string, status: "acknowledged" | "resolved", change: Change, now: Date): Promise<ChangeOutcome> {
    const item = { ...change, alertId: id, status, roles: JSON.stringify(change.roles) };
    const rows = await this.#db.call<{ outcome: ChangeOutcome }>("ChangeAlerts", [item], now);
    return rows[0]?.outcome ?? "not_found";
  }
}
