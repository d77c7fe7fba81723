import type { Clock, Ledger } from "./ports.ts";
import { settleAllowances } from "./settle-allowances.ts";

export interface SweepPorts {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly timeZone: string;
}

/**
 * Accounts settled in one transaction. Small enough that an account whose owner spends meanwhile waits for its lock
 * well under 200 ms.
 */
const PAGE = 250;
/** Pages under way at once: while one waits for its commit, the other computes. */
const STREAMS = 2;

/** Gives every reset that is due. Accounts in somebody else's hands are skipped: many instances share the work. */
export async function sweepResets(ports: SweepPorts, signal: AbortSignal): Promise<number> {
  const page = () =>
    ports.ledger.write("sweep.resets", async (session) => {
      const now = ports.clock.now();
      const due = await session.claimDue(now, PAGE);
      await settleAllowances(session, now, due, { timeZone: ports.timeZone });
      return due.length;
    });
  const streams = await Promise.allSettled(Array.from({ length: STREAMS }, () => untilDone(signal, page)));
  let total = 0;
  for (const stream of streams) {
    if (stream.status === "rejected") throw stream.reason;
    total += stream.value;
  }
  return total;
}

/** Frees holds that nobody captured or released in time, and lapses grants whose time is over. */
export function sweepLapsed(ports: Omit<SweepPorts, "timeZone">, signal: AbortSignal): Promise<number> {
  return untilDone(signal, () =>
    ports.ledger.write("sweep.lapsed", (session) => session.lapseDue(ports.clock.now(), PAGE)),
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
