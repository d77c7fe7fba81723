import type { RuleBook } from "../rules/all.ts";
import type { RecoveryStore } from "./ports.ts";

const BATCH = 500;
const MAX_BATCHES = 20;
/** Events arrive late; windows this far back can still fill. */
const LATENESS_MS = 7 * 86_400_000;

/** Ends the alerts that have been quiet long enough. Bounded; what is left is for the next round. */
export async function recoverDueAlerts(store: RecoveryStore, now: Date): Promise<number> {
  return await repeat((limit) => store.recoverDue(now, limit));
}

/**
 * Forgets counted events that no window can reach any more: they happened long ago and were counted long ago. A
 * monitor that catches up with an old topic counts old events now, and needs them.
 */
export async function forgetObservations(store: RecoveryStore, book: RuleBook, now: Date): Promise<number> {
  const recordedBefore = new Date(now.getTime() - LATENESS_MS);
  const before = new Date(recordedBefore.getTime() - book.longestWindowMs);
  return await repeat((limit) => store.purgeObservations(recordedBefore, before, limit));
}

/** Facts of memberships matter for a year and a month; what was told, for 90 days. */
const FACTS_MS = 400 * 86_400_000;
const LOG_MS = 90 * 86_400_000;

/** Forgets what no rule can reach any more, and the log of old deliveries. */
export async function forgetHistory(store: RecoveryStore, now: Date): Promise<number> {
  const factsBefore = new Date(now.getTime() - FACTS_MS);
  const logBefore = new Date(now.getTime() - LOG_MS);
  return await repeat((limit) => store.purgeHistory(now, factsBefore, logBefore, limit));
}

async function repeat(step: (limit: number) => Promise<number>): Promise<number> {
  let total = 0;
  for (let batch = 0; batch < MAX_BATCHES; batch++) {
    const done = await step(BATCH);
    total += done;
    if (done < BATCH) break;
  }
  return total;
}
