import type { Clock } from "@stipend/platform/clock/clock";
import type { Log } from "@stipend/platform/log/log";
import { counter } from "@stipend/platform/telemetry/metrics";
import { PassedOver } from "../usecases/passed-over.ts";
import type { Deps } from "../usecases/ports.ts";
import { remindBatch, settleDueBatch } from "../usecases/settle-due.ts";

export interface JobOptions {
  readonly deps: Deps;
  readonly clock: Clock;
  /** Members, or reminders, in one transaction. */
  readonly batch: number;
}

/** One run never does more batches than this, so that a stop does not wait for a whole backlog. */
const MAX_BATCHES = 50;

/**
 * Renewals and ends, in batches, until nothing is left or the run is stopped. Right after any downtime, because what is
 * due is judged by stored moments, not by when this ran last.
 * @returns true when there is more to do.
 */
export function settleDue(
  { deps, clock, batch }: JobOptions,
  passedOver: PassedOver,
  signal: AbortSignal,
): Promise<boolean> {
  return inBatches(signal, batch, () => settleDueBatch(deps, clock.now(), batch, passedOver));
}

/** Remembers for one process whom its job passes over; each failure is logged and counted. */
export function rememberPassedOver(log: Log): PassedOver {
  const failures = counter("membership_settle_failures", "Members that the job could not settle");
  return new PassedOver({
    elapsedMs: () => performance.now(),
    onFailure: (userId, error) => {
      failures.add(1);
      log.error({ err: error, userId }, "a membership that is due could not be settled; the others go on without it");
    },
  });
}

/** Reminders before an end, the same way. */
export function remind(
  { deps, clock, batch }: JobOptions,
  days: readonly number[],
  signal: AbortSignal,
): Promise<boolean> {
  return inBatches(signal, batch, () => remindBatch(deps, days, clock.now(), batch));
}

async function inBatches(signal: AbortSignal, batch: number, run: () => Promise<number>): Promise<boolean> {
  for (let done = 0; done < MAX_BATCHES && !signal.aborted; done++) {
    if ((await run()) < batch) return false;
  }
  return true;
}
