import type { Database } from "../mysql/database.ts";
import type { DedicatedConnection } from "../mysql/dedicated.ts";

export interface OutboxState {
  /** Events not published yet, failed and waiting ones among them, counted up to 10,000 rows of the outbox. */
  readonly pending: number;
  /** Events that can't be published. */
  readonly failed: number;
  /** Events behind those, of the same topic and subject; counted up to 10,000. */
  readonly waiting: number;
  /** When the oldest of all these happened; null: there is none. */
  readonly oldestAt: Date | null;
}

interface StatsRow {
  readonly pending: number;
  readonly failed: number;
  readonly waiting: number;
  readonly oldest_at: Date | null;
}

/** Asks the database, not this process's relay: any instance knows, also one that stands by. A few lookups by index. */
export async function readOutboxState(db: Database | DedicatedConnection): Promise<OutboxState> {
  const [row] = await db.call<StatsRow>("OutboxStats");
  const { pending = 0, failed = 0, waiting = 0, oldest_at = null } = row ?? {};
  return { pending: Number(pending), failed: Number(failed), waiting: Number(waiting), oldestAt: oldest_at };
}

/** As the internal routes tell it. */
export async function outboxStateBody(db: Database) {
  const { pending, failed, oldestAt } = await readOutboxState(db);
  return { pending, failed, oldestAt: oldestAt?.toISOString() ?? null };
}
