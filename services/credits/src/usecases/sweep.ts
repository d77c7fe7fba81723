import type { AllowanceState } from "../domain/ledger/allowance.ts";
import type { UserId } from "../domain/ledger/terms.ts";
import { PageSize } from "./page-size.ts";
import type { Clock, Ledger, LedgerSession } from "./ports.ts";
import { settleAllowances } from "./settle-allowances.ts";

/** What keeps one account that can't be settled from stopping the others. */
export interface SweepFaults {
  /** Whether the surroundings failed (the database is away), which is no account's fault. */
  isTransient(error: unknown): boolean;
  /** Told of each account that this sweep leaves behind, and why. The next sweep tries it again. */
  skipped(userId: UserId, error: unknown): void;
}

export interface SweepPorts {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly timeZone: string;
  /** Milliseconds on a clock that nobody sets, from any start. */
  stopwatch(): number;
  /** Left out: an account that can't be settled ends the sweep. */
  readonly faults?: SweepFaults | undefined;
}

/** Accounts whose lapses are booked in one transaction. */
const LAPSED_PAGE = 150;
/** Most accounts one claim may take, with those left behind that come along again. */
const CLAIM_LIMIT = 1_000;
/** Pages under way at once: while one waits for its commit, the other computes. */
const STREAMS = 2;

/**
 * Gives every reset that is due. Accounts in somebody else's hands are skipped: many instances share the work. A page
 * that fails is settled account by account; those at fault are told and left behind, and looked at once a sweep.
 */
export async function sweepResets(ports: SweepPorts, signal: AbortSignal): Promise<number> {
  const shared: Shared = { left: new Set(), page: new PageSize() };
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
  /** The accounts left behind so far: each page that claims any makes progress or adds to it. */
  readonly left: Set<UserId>;
  readonly page: PageSize;
}

async function sweepStream(ports: SweepPorts, { left, page }: Shared, signal: AbortSignal): Promise<number> {
  let total = 0;
  while (!signal.aborted) {
    const claimed: UserId[] = [];
    let began = 0;
    try {
      const { settled, refused } = await ports.ledger.write("sweep.resets", async (session) => {
        began = ports.stopwatch();
        const now = ports.clock.now();
        // Those left behind are due still and stand in front.
        const due = await session.claimDue(now, Math.min(CLAIM_LIMIT, page.accounts + left.size));
        const fresh = due.filter(({ userId }) => !left.has(userId));
        claimed.splice(0, claimed.length, ...fresh.map(({ userId }) => userId));
        return settle(session, now, fresh, ports.timeZone);
      });
      page.tookMs(claimed.length, ports.stopwatch() - began);
      for (const [userId, error] of refused) leave(ports, left, userId, error);
      total += settled;
    } catch (error) {
      if (claimed.length === 0 || ports.faults === undefined || ports.faults.isTransient(error)) throw error;
      total += await settleOneByOne(ports, claimed, left, signal);
    }
    if (claimed.length === 0) break;
  }
  return total;
}

async function settleOneByOne(
  ports: SweepPorts,
  userIds: readonly UserId[],
  left: Set<UserId>,
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
      for (const [refusedId, error] of refused) leave(ports, left, refusedId, error);
      total += settled;
    } catch (error) {
      if (ports.faults?.isTransient(error) !== false) throw error;
      leave(ports, left, userId, error);
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

function leave(ports: SweepPorts, left: Set<UserId>, userId: UserId, error: unknown): void {
  if (left.has(userId)) return;
  left.add(userId);
  ports.faults?.skipped(userId, error);
}

/** Frees holds that nobody captured or released in time, and lapses grants whose time is over. */
export function sweepLapsed(ports: Pick<SweepPorts, "ledger" | "clock">, signal: AbortSignal): Promise<number> {
  return untilDone(signal, () =>
    ports.ledger.write("sweep.lapsed", (session) => session.lapseDue(ports.clock.now(), LAPSED_PAGE)),
  );
}

/** Page after page, each a transaction of its own, until one finds nothing. Answers how many were served. */
async function untilDone(signal: AbortSignal, page: () => Promise<number>): Promise<number> {
  let total = 0;
  while (!signal.aborted) {
    const served = await page();
    if (served === 0) break;
    total += served;
  }
  return total;
}
