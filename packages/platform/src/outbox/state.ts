import type { Database } from "../mysql/database.ts";

export interface OutboxState {
  /** Rows not published yet, counted up to 10,000. */
  readonly pending: number;
  /** Rows that can't be published. */
  readonly failed: number;
  /** When the oldest of them happened; null: there is none. */
  readonly oldestAt: Date | null;
}

/** Asks the database, not this process's relay: any instance knows, also one that stands by. Three lookups by index. */
export async function readOutboxState(db: Database): Promise<OutboxState> {
  const [row] = await db.call<{ pending: number; failed: number; oldest_at: Date | null }>("OutboxStats");
  return { pending: Number(row?.pending ?? 0), failed: Number(row?.failed ?? 0), oldestAt: row?.oldest_at ?? null };
}

/** As the internal routes tell it. */
export async function outboxStateBody(db: Database) {
  const { oldestAt, ...rest } = await readOutboxState(db);
  return { ...rest, oldestAt: oldestAt?.toISOString() ?? null };
}
