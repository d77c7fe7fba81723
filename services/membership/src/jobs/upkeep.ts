import type { Clock } from "@stipend/platform/clock/clock";
import type { Deps } from "../usecases/ports.ts";
import { remindBatch, settleDueBatch } from "../usecases/settle-due.ts";

export interface UpkeepOptions {
  readonly deps: Deps;
  readonly clock: Clock;
  readonly reminderDays: readonly number[];
  readonly batch: number;
}

/** One run never does more batches than this, so that a stop does not wait for a whole backlog. */
const MAX_BATCHES = 50;

/**
 * Renewals and ends first, then reminders of what is still to end. In batches, until nothing is left or the run is
 * stopped. Right after any downtime, because what is due is judged by stored moments, not by when this ran last.
 * @returns true when there is more to do.
 */
export async function upkeep(options: UpkeepOptions, signal: AbortSignal): Promise<boolean> {
  const { deps, clock, reminderDays, batch } = options;
  const moreDue = await inBatches(signal, batch, () => settleDueBatch(deps, clock.now(), batch));
  const moreReminders = await inBatches(signal, batch, () => remindBatch(deps, reminderDays, clock.now(), batch));
  return moreDue || moreReminders;
}

async function inBatches(signal: AbortSignal, batch: number, run: () => Promise<number>): Promise<boolean> {
  for (let done = 0; done < MAX_BATCHES && !signal.aborted; done++) {
    if ((await run()) < batch) return false;
  }
  return true;
}
