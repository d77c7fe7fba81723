import type { Database } from "../mysql/database.ts";
import type { DedicatedConnection } from "../mysql/dedicated.ts";

export interface OutboxState {
  /** Events not published yet, failed and waiting ones among them, counted up to 10,000 rows of the outbox. */
  readonly pending: number;
  /** Events that can't be published. */
  readonly failed: number;
  /** Events behind those, of the same topic and subject; counted up to 10,000. */
  readonly waiting: number;
  /** Events that a person gave up; what waits behind them is about to go. Not among the pending. */
  readonly givenUp: number;
  /** When the oldest of the pending happened; null: there is none. */
  readonly oldestAt: Date | null;
}

interface StatsRow {
  readonly pending: number;
  readonly failed: number;
  readonly waiting: number;
  readonly given_up: number;
  readonly oldest_at: Date | null;
}

/** Asks the database, not this process's relay: any instance knows, also one that stands by. A few lookups by index. */
export async function readOutboxState(db: Database | DedicatedConnection): Promise<OutboxState> {
  const [row] = await db.call<StatsRow>("OutboxStats");
  return {
    pending: Number(row?.pending ?? 0),
    failed: Number(row?.failed ?? 0),
    waiting: Number(row?.waiting ?? 0),
    givenUp: Number(row?.given_up ?? 0),
    oldestAt: row?.oldest_at ?? null,
  };
}

/** As the internal routes tell it. */
export async function outboxStateBody(db: Database) {
  const { pending, failed, oldestAt } = await readOutboxState(db);
  return { pending, failed, oldestAt: oldestAt?.toISOString() ?? null };
}
