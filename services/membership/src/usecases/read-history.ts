import type { Refusal } from "../domain/refusal.ts";
import { unknownUser } from "./change-membership.ts";
import type { Deps, HistoryEntry } from "./ports.ts";

export interface HistoryQuery {
  readonly userId: string;
  readonly limit: number;
  /** Only what was before this version. */
  readonly before?: number;
}

/** A page of what happened to a user's membership, newest first; `next` is the `before` of the page behind it. */
export async function readHistory(
  deps: Deps,
  query: HistoryQuery,
): Promise<{ readonly ok: true; readonly changes: readonly HistoryEntry[]; readonly next?: number } | Refusal> {
  if ((await deps.store.findMember(query.userId)) === undefined) return unknownUser(query.userId);
  const found = await deps.store.history({ ...query, limit: query.limit + 1 });
  const changes = found.slice(0, query.limit);
  const last = changes.at(-1);
  return { ok: true, changes, ...(found.length > query.limit && last !== undefined ? { next: last.version } : {}) };
}
