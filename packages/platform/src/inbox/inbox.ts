import type { Tx } from "../mysql/tx.ts";

/** Most ids one call takes. */
export const MAX_INBOX_BATCH = 500;

/**
 * Notes events as received by this consumer, in the caller's transaction, and returns the ids of those that are new:
 * only they may be applied. When the transaction is rolled back they are new again.
 *
 * @param consumer 1–64 characters, e.g. "credits.membership"; the same for every instance of a service.
 * @param eventIds at most 500, each up to 64 ASCII characters; repeated ids count once.
 */
export async function recordInbox(
  tx: Tx,
  consumer: string,
  eventIds: readonly string[],
  now: Date,
): Promise<Set<string>> {
  if (eventIds.length === 0) return new Set();
  if (eventIds.length > MAX_INBOX_BATCH) throw new RangeError(`recordInbox takes at most ${MAX_INBOX_BATCH} ids`);
  const rows = await tx.call<{ event_id: string }>("InboxRecord", consumer, eventIds, now);
  return new Set(rows.map((row) => row.event_id));
}
