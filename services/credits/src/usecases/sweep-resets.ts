import type { AllowanceState, DueAccount } from "../domain/ledger/allowance.ts";
import type { UserId } from "../domain/ledger/terms.ts";
import { PageSize } from "./page-size.ts";
import type { Clock, Ledger, LedgerSession } from "./ports.ts";
import { settleAllowances } from "./settle-allowances.ts";
import { LeftBehind, type SweepFaults } from "./sweep-faults.ts";

export interface SweepResetsPorts {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly timeZone: string;
  /** Milliseconds on a clock that nobody sets, from any start. */
  stopwatch(): number;
  /** Left out: an account that can't be settled ends the sweep. */
  readonly faults?: SweepFaults | undefined;
}

/** Pages under way at once: while one waits for its commit, the other computes. */
const STREAMS = 2;

/**
 * Gives every reset that is due. Accounts in somebody else's hands are skipped: many instances share the work. A page
 * that fails is settled account by account; those at fault are told and left behind, and looked at once a sweep. At the end it
 * begins again, for those that were in somebody's hands, until nobody new is found.
 */
export async function sweepResets(ports: SweepResetsPorts, signal: AbortSignal): Promise<number> {
  const shared: Shared = { reached: null, found: 0, left: new LeftBehind(ports.faults), page: new PageSize() };
  const streams = await Promise.allSettled(Array.from({ length: STREAMS }, () => sweepStream(ports, shared, signal)));
  let total = 0;
  for (const stream of streams) {
    if (stream.status === "rejected") throw stream.reason;
    total += stream.value;
  }
  return total;
}

/** What the streams of one sweep share. */
interface Shared {
  /** The last account that any of them has claimed in this pass over the due accounts; null: it begins. */
  reached: DueAccount | null;
  /** Accounts claimed in this pass, but for those left behind before. */
  found: number;
  /** The accounts left behind: two streams may meet one of them. */
  readonly left: LeftBehind;
  readonly page: PageSize;
}

async function sweepStream(ports: SweepResetsPorts, shared: Shared, signal: AbortSignal): Promise<number> {
  let total = 0;
  while (!signal.aborted) {
    let from: { readonly after: DueAccount | null; readonly limit: number } | undefined;
    let claimed: readonly UserId[] = [];
    let began = 0;
    try {
      const { settled, refused } = await ports.ledger.write("sweep.resets", async (session) => {
        began = ports.stopwatch();
        const now = ports.clock.now();
        // When the database wants it tried again, it looks where it had looked.
        from ??= { after: shared.reached, limit: shared.page.accounts };
        const due = await session.claimDue(now, from.limit, from.after);
        claimed = due.map(({ userId }) => userId);
        shared.reached = furthest(shared.reached, due);
        const fresh = due.filter(({ userId }) => !shared.left.has(userId));
        shared.found += fresh.length;
        return settle(session, now, fresh, ports.timeZone);
      });
      shared.page.tookMs(settled + refused.size, ports.stopwatch() - began);
      for (const [userId, error] of refused) shared.left.add(userId, error);
      total += settled;
    } catch (error) {
      if (claimed.length === 0 || !shared.left.isOfAnAccount(error)) throw error;
      total += await settleOneByOne(ports, claimed, shared.left, signal);
    }
    if (claimed.length === 0 && !beginAgain(shared)) break;
  }
  return total;
}

/** Another pass, unless this one found nobody. */
function beginAgain(shared: Shared): boolean {
  if (shared.found === 0) return false;
  shared.found = 0;
  shared.reached = null;
  return true;
}

function furthest(reached: DueAccount | null, due: readonly AllowanceState[]): DueAccount | null {
  let last = reached;
  for (const { dueAt, userId } of due) {
    if (dueAt !== null && (last === null || isBehind({ dueAt, userId }, last))) last = { dueAt, userId };
  }
  return last;
}

function isBehind(one: DueAccount, other: DueAccount): boolean {
  const ms = one.dueAt.getTime() - other.dueAt.getTime();
  return ms > 0 || (ms === 0 && one.userId > other.userId);
}

async function settleOneByOne(
  ports: SweepResetsPorts,
  userIds: readonly UserId[],
  left: LeftBehind,
  signal: AbortSignal,
): Promise<number> {
  let total = 0;
  for (const userId of userIds) {
    if (signal.aborted) break;
    if (left.has(userId)) continue;
    try {
      const { settled, refused } = await ports.ledger.write("sweep.reset", async (session) => {
        const now = ports.clock.now();
        const states = await session.loadDue(now, [userId]);
        const due = states.filter(({ dueAt }) => dueAt !== null && dueAt <= now);
        return settle(session, now, due, ports.timeZone);
      });
      for (const [refusedId, error] of refused) left.add(refusedId, error);
      total += settled;
    } catch (error) {
      if (!left.isOfAnAccount(error)) throw error;
      left.add(userId, error);
    }
  }
  return total;
}

/** A refused step changes nothing, so its account stays due: it is named instead of being tried for ever. */
async function settle(
  session: LedgerSession,
  now: Date,
  due: readonly AllowanceState[],
  timeZone: string,
): Promise<{ readonly settled: number; readonly refused: ReadonlyMap<UserId, Error> }> {
  const results = await settleAllowances(session, now, due, { timeZone });
  const refused = new Map<UserId, Error>();
  results.forEach(({ outcome }, index) => {
    const userId = due[index]?.userId;
    if (userId !== undefined && (outcome === "invalid" || outcome === "not_current" || outcome === "stale")) {
      refused.set(userId, new Error(`the ledger refused the allowance step: ${outcome}`));
    }
  });
  return { settled: due.length - refused.size, refused };
}
