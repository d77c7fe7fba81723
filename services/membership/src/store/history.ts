import type { HistoryEntry } from "../usecases/ports.ts";
import type { Queries } from "./user-status.ts";

interface HistoryRow {
  readonly version: number;
  readonly change_kind: string;
  readonly tier: string | null;
  readonly status: HistoryEntry["status"];
  readonly cycle: HistoryEntry["cycle"];
  readonly actor: string;
  readonly reason: string;
  readonly occurred_at: Date;
}

/** Newest first, at most `limit`, all before the version `before` when it is given. */
export async function readHistory(
  db: Queries,
  { userId, before, limit }: { userId: string; before?: number; limit: number },
): Promise<HistoryEntry[]> {
  const rows = await db.query<HistoryRow>(
    `SELECT version, change_kind, tier, status, cycle, actor, reason, occurred_at
     FROM membership_history_list WHERE user_id = ? AND version < ? ORDER BY version DESC LIMIT ?`,
    [userId, before ?? Number.MAX_SAFE_INTEGER, limit],
  );
  return rows.map(({ change_kind: change, occurred_at: occurredAt, ...row }) => ({
    ...row,
    version: Number(row.version),
    change,
    occurredAt,
  }));
}
