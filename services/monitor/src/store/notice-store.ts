import type { Database } from "@stipend/platform/mysql/database";
import { parseJson } from "@stipend/platform/mysql/values";
import { v7 as uuidv7 } from "uuid";
import { type Family, severityOf } from "../domain/alerts.ts";
import type { AlertChange, PlannedDelivery } from "../domain/notices.ts";
import type {
  ClaimedDelivery,
  DeliveryEntry,
  DeliveryFilter,
  DeliveryLog,
  FinishedDelivery,
  NoticeStore,
} from "../usecases/notices.ts";
import { sqlTime, sqlTimeOrNull } from "./alert-rows.ts";

interface ChangeRow {
  readonly id: number;
  readonly alert_id: string;
  readonly change_kind: string;
  readonly severity: number;
  readonly family: string;
  readonly alert: unknown;
  readonly at: Date;
}

/** Who was told of what. */
export class MysqlNoticeStore implements NoticeStore, DeliveryLog {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async route(limit: number, decide: (change: AlertChange) => readonly PlannedDelivery[], now: Date): Promise<number> {
    return await this.#db.transaction(
      async (tx) => {
        const rows = await tx.call<ChangeRow>("ClaimChanges", limit);
        if (rows.length === 0) return 0;
        const planned = rows.flatMap((row) => decide(toChange(row)));
        await tx.call(
          "PlanDeliveries",
          planned.map(({ dueAt, ...rest }) => ({ ...rest, dueAt: sqlTime(dueAt), deliveryId: uuidv7() })),
          rows.map((row) => Number(row.id)),
          now,
        );
        return rows.length;
      },
      { name: "monitor.route" },
    );
  }

  async claim(now: Date, lostAt: Date, limit: number): Promise<readonly ClaimedDelivery[]> {
    const rows = await this.#db.call<
      Omit<ChangeRow, "id"> & {
        delivery_id: string;
        channel: string;
        attempts: number;
        dedupe_key: string;
        change_id: number;
      }
    >("ClaimDeliveries", now, lostAt, limit);
    const claimed = new Map<string, ClaimedDelivery & { changes: AlertChange[] }>();
    for (const row of rows) {
      const delivery = claimed.get(row.delivery_id) ?? {
        deliveryId: row.delivery_id,
        channel: row.channel,
        attempt: Number(row.attempts),
        isDigest: !row.dedupe_key.startsWith("change:"),
        changes: [],
      };
      delivery.changes.push(toChange({ ...row, id: row.change_id }));
      claimed.set(row.delivery_id, delivery);
    }
    return [...claimed.values()];
  }

  async finish(items: readonly FinishedDelivery[], now: Date): Promise<void> {
    await this.#db.call(
      "FinishDeliveries",
      items.map(({ nextAt, ...rest }) => ({ ...rest, nextAt: sqlTimeOrNull(nextAt) })),
      now,
    );
  }

  async log(filter: DeliveryFilter, before: number | null, limit: number): Promise<readonly DeliveryEntry[]> {
    const conditions: string[] = [];
    const params: (string | number)[] = [];
    const add = (sql: string, value: string | number | null | undefined): void => {
      if (value === undefined || value === null) return;
      conditions.push(sql);
      params.push(value);
    };
    add("channel = ?", filter.channel);
    add("status = ?", filter.status);
    add("delivery_id IN (SELECT delivery_id FROM delivery_alerts WHERE alert_id = ?)", filter.alertId);
    add("id < ?", before);
    const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
    const rows = await this.#db.query<{
      id: number;
      delivery_id: string;
      channel: string;
      dedupe_key: string;
      status: string;
      attempts: number;
      next_at: Date;
      last_error: string | null;
      created_at: Date;
      finished_at: Date | null;
      changes: number;
      first_alert_id: string | null;
    }>(
      `SELECT id, delivery_id, channel, dedupe_key, status, attempts, next_at, last_error, created_at, finished_at, changes,
              first_alert_id
       FROM delivery_log ${where} ORDER BY id DESC LIMIT ?`,
      [...params, limit],
    );
    return rows.map((row) => ({
      seq: Number(row.id),
      deliveryId: row.delivery_id,
      channel: row.channel,
      kind: row.dedupe_key.slice(0, row.dedupe_key.indexOf(":")),
      status: row.status,
      attempts: Number(row.attempts),
      changes: Number(row.changes),
      firstAlertId: row.first_alert_id,
      nextAttemptAt: row.status === "waiting" ? row.next_at : null,
      lastError: row.last_error,
      createdAt: row.created_at,
      finishedAt: row.finished_at,
    }));
  }
}

function toChange(row: ChangeRow): AlertChange {
  return {
    id: Number(row.id),
    alertId: row.alert_id,
    kind: row.change_kind === "recovered" ? "recovered" : "raised",
    severity: severityOf(row.severity),
    family: row.family as Family,
    at: row.at,
    alert: parseJson(row.alert) as AlertChange["alert"],
  };
}
