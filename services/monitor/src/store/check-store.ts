import type { Database } from "@stipend/platform/mysql/database";
import type { Tx } from "@stipend/platform/mysql/tx";
import { type Comparison, proposedRepair, type Result } from "../domain/consistency.ts";
import type { CheckStore, CheckTransaction, PassState } from "../usecases/ports.ts";
import { alertTransaction } from "./alert-transaction.ts";

/** The rolling check's place and findings. */
export class MysqlCheckStore implements CheckStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async passState(): Promise<PassState> {
    const rows = await this.#db.query<{
      after_user_id: string | null;
      pass_started_at: Date | null;
      pass_checked: number;
      last_started_at: Date | null;
      last_finished_at: Date | null;
      last_checked: number | null;
      passes: number;
    }>(
      `SELECT after_user_id, pass_started_at, pass_checked, last_started_at, last_finished_at, last_checked, passes
       FROM consistency_state`,
    );
    const row = rows[0];
    if (row === undefined) throw new Error("the row of consistency_progress is gone");
    return {
      after: row.after_user_id,
      startedAt: row.pass_started_at,
      checked: Number(row.pass_checked),
      lastStartedAt: row.last_started_at,
      lastFinishedAt: row.last_finished_at,
      lastChecked: row.last_checked === null ? null : Number(row.last_checked),
      passes: Number(row.passes),
    };
  }

  async unequal(before: Date, limit: number): Promise<readonly string[]> {
    const rows = await this.#db.query<{ user_id: string }>(
      `SELECT user_id FROM consistency_entries WHERE result IN ('lagging', 'different') AND checked_at <= ?
       ORDER BY checked_at LIMIT ?`,
      [before, limit],
    );
    return rows.map((row) => row.user_id);
  }

  async checking<T>(work: (tx: CheckTransaction) => Promise<T>): Promise<T> {
    return await this.#db.transaction((tx) => work(checkTransaction(tx)), { name: "monitor.check" });
  }
}

function checkTransaction(tx: Tx): CheckTransaction {
  return {
    ...alertTransaction(tx),
    async recordChecks(comparisons, now) {
      const rows = await tx.call<{ user_id: string; lagging_since: Date | null; was: Result | null }>(
        "RecordChecks",
        comparisons.map(toItem),
        now,
      );
      return rows.map((row) => ({ userId: row.user_id, laggingSince: row.lagging_since, was: row.was }));
    },
    async advance(after, next, checked, now) {
      const rows = await tx.call<{ advanced: number }>("AdvanceConsistency", after, next, checked, now);
      return Number(rows[0]?.advanced) === 1;
    },
  };
}

function toItem(comparison: Comparison): Record<string, unknown> {
  const { credits, view, problems } = comparison;
  return {
    userId: credits.userId,
    result: comparison.result,
    creditsVersion: credits.version,
    creditsBalance: credits.balance,
    creditsHeld: credits.held,
    viewVersion: view?.balanceVersion ?? null,
    viewBalance: view?.balance ?? null,
    viewHeld: view?.held ?? null,
    problems: problems.length === 0 ? null : JSON.stringify(problems),
    repair: problems.length === 0 ? null : JSON.stringify(proposedRepair(comparison)),
  };
}
