import type { Database } from "@stipend/platform/mysql/database";
import type { MachineryStore, MachineryTransaction } from "../usecases/ports.ts";
import { alertTransaction } from "./alert-transaction.ts";

/** Since when the machinery has been unwell. */
export class MysqlMachineryStore implements MachineryStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async watching<T>(work: (tx: MachineryTransaction) => Promise<T>): Promise<T> {
    return await this.#db.transaction(
      (tx) =>
        work({
          ...alertTransaction(tx),
          async recordSigns(items, now) {
            const rows = await tx.call<{ subject: string; since: Date | null; value_before: number | null }>(
              "RecordSigns",
              items.map((item) => ({ ...item, bad: item.bad ? 1 : 0 })),
              now,
            );
            return rows.map((row) => ({
              subject: row.subject,
              since: row.since,
              valueBefore: row.value_before === null ? null : Number(row.value_before),
            }));
          },
        }),
      { name: "monitor.watch" },
    );
  }
}
