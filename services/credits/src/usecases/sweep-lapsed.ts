import type { DueAccount } from "../domain/ledger/allowance.ts";
import type { UserId } from "../domain/ledger/terms.ts";
import type { Clock, Ledger } from "./ports.ts";
import { LeftBehind, type SweepFaults } from "./sweep-faults.ts";

export interface SweepLapsedPorts {
  readonly ledger: Ledger;
  readonly clock: Clock;
  /** Left out: an account that can't be lapsed ends the sweep. */
  readonly faults?: SweepFaults | undefined;
}

/** Accounts whose lapses are booked in one transaction. */
const PAGE = 150;

/**
 * Frees holds that nobody captured or released in time, and lapses grants whose time is over. Accounts in somebody else's hands are
 * skipped: many instances share the work. A page that fails is lapsed account by account; those at fault are told and left behind. It begins
 * again as long as it finds something to book, for those that were in somebody's hands.
 *
 * @returns how many accounts had run out of something
 */
export async function sweepLapsed(ports: SweepLapsedPorts, signal: AbortSignal): Promise<number> {
  const left = new LeftBehind(ports.faults);
  let total = 0;
  let after: DueAccount | null = null;
  let booked = 0;
  while (!signal.aborted) {
    const page = await lapsePage(ports, left, after, signal);
    total += page.accounts;
    booked += page.booked;
    after = page.last;
    if (after !== null) continue;
    if (booked === 0) break;
    booked = 0;
  }
  return total;
}

interface Page {
  readonly accounts: number;
  /** Ledger rows. */
  readonly booked: number;
  /** Null: nobody was there. */
  readonly last: DueAccount | null;
}

async function lapsePage(
  ports: SweepLapsedPorts,
  left: LeftBehind,
  after: DueAccount | null,
  signal: AbortSignal,
): Promise<Page> {
  let claimed: readonly DueAccount[] = [];
  const fresh = (): UserId[] => claimed.map(({ userId }) => userId).filter((userId) => !left.has(userId));
  const last = (): DueAccount | null => claimed.at(-1) ?? null;
  try {
    const booked = await ports.ledger.write("sweep.lapsed", async (session) => {
      const now = ports.clock.now();
      claimed = await session.claimLapsed(now, PAGE, after);
      const userIds = fresh();
      return userIds.length === 0 ? 0 : session.touch(now, userIds);
    });
    return { accounts: fresh().length, booked, last: last() };
  } catch (error) {
    if (claimed.length === 0 || !left.isOfAnAccount(error)) throw error;
    return { ...(await lapseOneByOne(ports, fresh(), left, signal)), last: last() };
  }
}

async function lapseOneByOne(
  ports: SweepLapsedPorts,
  userIds: readonly UserId[],
  left: LeftBehind,
  signal: AbortSignal,
): Promise<Omit<Page, "last">> {
  let accounts = 0;
  let booked = 0;
  for (const userId of userIds) {
    if (signal.aborted) break;
    try {
      booked += await ports.ledger.write("sweep.lapse", (session) => session.touch(ports.clock.now(), [userId]));
      accounts += 1;
    } catch (error) {
      if (!left.isOfAnAccount(error)) throw error;
      left.add(userId, error);
    }
  }
  return { accounts, booked };
}
