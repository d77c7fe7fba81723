import { ServiceUnavailable } from "@stipend/platform/errors/coded";
import { PassedOver } from "./passed-over.ts";
import type { Deps } from "./ports.ts";
import { isDue, settle } from "./settle.ts";

/** What ClaimDueMemberships takes. */
const MAX_CLAIM = 1_000;

/**
 * One bounded batch of renewals and ends that are due. Any number of instances may run it at once. A batch that fails
 * as a whole is settled member by member: who fails alone is passed over for a while, and holds up nobody else.
 *
 * @param limit 0 to 1,000.
 * @param passedOver remembered from batch to batch by who runs several.
 * @returns how many members were looked at; less than `limit`: nothing is left that nobody works on.
 * @throws ServiceUnavailable when the database is away or busy; what was settled before stays.
 */
export async function settleDueBatch(
  deps: Deps,
  now: Date,
  limit: number,
  passedOver = new PassedOver({ elapsedMs: () => 0 }),
): Promise<number> {
  let claimed: string[] = [];
  try {
    await deps.store.transaction("membership.settle_due", async (tx) => {
      const due = await tx.claimDue(now, Math.min(MAX_CLAIM, limit + passedOver.size));
      const members = due.filter(({ userId }) => !passedOver.has(userId)).slice(0, limit);
      claimed = members.map(({ userId }) => userId);
      await settle(tx, members, now, deps);
    });
  } catch (error) {
    if (error instanceof ServiceUnavailable || claimed.length === 0) throw error;
    await settleOneByOne(deps, claimed, now, passedOver);
  }
  if (claimed.length > 0) deps.committed();
  return claimed.length;
}

async function settleOneByOne(
  deps: Deps,
  userIds: readonly string[],
  now: Date,
  passedOver: PassedOver,
): Promise<void> {
  for (const userId of userIds) {
    try {
      await deps.store.transaction("membership.settle_one", async (tx) => {
        const members = await tx.lock([userId]);
        await settle(
          tx,
          members.filter((member) => isDue(member, now)),
          now,
          deps,
        );
      });
    } catch (error) {
      if (error instanceof ServiceUnavailable) throw error;
      passedOver.add(userId, error);
    }
  }
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
