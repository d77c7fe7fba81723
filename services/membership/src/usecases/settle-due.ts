import type { Deps } from "./ports.ts";
import { settle } from "./settle.ts";

/**
 * One bounded batch of renewals and ends that are due. Any number of instances may run it at once.
 * @returns how many members it brought up to date; less than `limit`: nothing is left that nobody works on.
 */
export async function settleDueBatch(deps: Deps, now: Date, limit: number): Promise<number> {
  const count = await deps.store.transaction("membership.settle_due", async (tx) => {
    const members = await tx.claimDue(now, limit);
    await settle(tx, members, now, deps);
    return members.length;
  });
  if (count > 0) deps.committed();
  return count;
}

/**
 * One bounded batch of reminders before an end, each once for each number of days.
 * @returns how many were recorded; `limit`: there may be more.
 */
export async function remindBatch(deps: Deps, days: readonly number[], now: Date, limit: number): Promise<number> {
  const { recorded, sent } = await deps.store.transaction("membership.remind", (tx) =>
    tx.remind(days, deps.newId(), limit, now),
  );
  if (sent > 0) deps.committed();
  return recorded;
}
