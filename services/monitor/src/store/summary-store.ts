import type { Database } from "@stipend/platform/mysql/database";
import { severityOf } from "../domain/alerts.ts";
import type { ProposedRepair } from "../domain/consistency.ts";
import type { PassState } from "../usecases/ports.ts";
import type {
  ConsistencySummary,
  DayEntry,
  DifferenceEntry,
  OverviewNumbers,
  SummaryReader,
} from "../usecases/summaries.ts";
import type { MysqlCheckStore } from "./check-store.ts";

/** What the overview and the consistency page show: sums over views. */
export class MysqlSummaryReader implements SummaryReader {
  readonly #db: Database;
  readonly #checks: MysqlCheckStore;

  constructor(db: Database, checks: MysqlCheckStore) {
    this.#db = db;
    this.#checks = checks;
  }

  async passState(): Promise<PassState> {
    return await this.#checks.passState();
  }

  async consistency(): Promise<ConsistencySummary> {
    const rows = await this.#db.query<{
      result: string;
      accounts: number;
      oldest_check_at: Date;
      lagging_since: Date | null;
    }>("SELECT result, accounts, oldest_check_at, lagging_since FROM consistency_summary");
    const count = (result: string) => Number(rows.find((row) => row.result === result)?.accounts ?? 0);
    const oldest = rows.map((row) => row.oldest_check_at).sort((a, b) => a.getTime() - b.getTime())[0];
    return {
      equal: count("equal"),
      lagging: count("lagging"),
      different: count("different"),
      oldestCheckAt: oldest ?? null,
      laggingSince: rows.find((row) => row.result === "lagging")?.lagging_since ?? null,
    };
  }

  async differences(limit: number): Promise<readonly DifferenceEntry[]> {
    const rows = await this.#db.query<{
      user_id: string;
      checked_at: Date;
      credits_version: number;
      credits_balance: number;
      credits_held: number;
      view_version: number | null;
      view_balance: number | null;
      view_held: number | null;
      problems: string | null;
      repair: string | null;
    }>(
      `SELECT user_id, checked_at, credits_version, credits_balance, credits_held, view_version, view_balance, view_held,
              problems, repair
       FROM consistency_entries WHERE result = 'different' ORDER BY user_id LIMIT ?`,
      [limit],
    );
    return rows.map((row) => ({
      userId: row.user_id,
      checkedAt: row.checked_at,
      problems: row.problems === null ? [] : (JSON.parse(row.problems) as string[]),
      // Written by check-store alone, from the same type.
      repair: row.repair === null ? null : (JSON.parse(row.repair) as ProposedRepair | null),
      credits: {
        version: Number(row.credits_version),
        balance: Number(row.credits_balance),
        held: Number(row.credits_held),
      },
      view:
        row.view_version === null
          ? null
          : { version: Number(row.view_version), balance: Number(row.view_balance), held: Number(row.view_held) },
    }));
  }

  async overview(day: string): Promise<OverviewNumbers> {
    const [alerts, accounts, members, today, topics, consistency] = await Promise.all([
      this.alertCounts(),
      this.#accounts(),
      this.#members(),
      this.#today(day),
      this.#topics(),
      this.consistency(),
    ]);
    return { alerts, accounts, members, today, topics, consistency };
  }

  async alertCounts(): Promise<OverviewNumbers["alerts"]> {
    const rows = await this.#db.query<{ family: string; severity: number; status: string; alerts: number }>(
      "SELECT family, severity, status, alerts FROM alert_counts",
    );
    return rows.map((row) => ({ ...row, severity: severityOf(row.severity), alerts: Number(row.alerts) }));
  }

  async #accounts(): Promise<OverviewNumbers["accounts"]> {
    const rows = await this.#db.query<Record<"known" | "frozen" | "balance" | "held" | "with_gaps", number>>(
      "SELECT known, frozen, balance, held, with_gaps FROM account_summary",
    );
    const row = rows[0] ?? { known: 0, frozen: 0, balance: 0, held: 0, with_gaps: 0 };
    return {
      known: Number(row.known),
      frozen: Number(row.frozen),
      balance: Number(row.balance),
      held: Number(row.held),
      withGaps: Number(row.with_gaps),
    };
  }

  async #members(): Promise<OverviewNumbers["members"]> {
    const rows = await this.#db.query<{ tier: string | null; membership_status: string; members: number }>(
      "SELECT tier, membership_status, members FROM membership_summary",
    );
    return rows.map((row) => ({ tier: row.tier, status: row.membership_status, members: Number(row.members) }));
  }

  async #today(day: string): Promise<OverviewNumbers["today"]> {
    const rows = await this.#db.query<{ kind: string; events: number; amount: number }>(
      "SELECT kind, events, amount FROM day_totals WHERE day = ? ORDER BY kind",
      [day],
    );
    return rows.map((row) => ({ kind: row.kind, events: Number(row.events), amount: Number(row.amount) }));
  }

  async daysSince(from: string): Promise<readonly DayEntry[]> {
    const rows = await this.#db.query<{ day: string; kind: string; events: number; amount: number }>(
      "SELECT CAST(day AS CHAR) AS day, kind, events, amount FROM day_totals WHERE day >= ? ORDER BY day, kind",
      [from],
    );
    return rows.map((row) => ({ ...row, events: Number(row.events), amount: Number(row.amount) }));
  }

  async #topics(): Promise<OverviewNumbers["topics"]> {
    const rows = await this.#db.query<{ topic: string; events: number; last_event_at: Date; updated_at: Date }>(
      "SELECT topic, events, last_event_at, updated_at FROM stream_state ORDER BY topic",
    );
    return rows.map((row) => ({
      topic: row.topic,
      events: Number(row.events),
      lastEventAt: row.last_event_at,
      readAt: row.updated_at,
    }));
  }
}
