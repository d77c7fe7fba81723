import { Temporal } from "temporal-polyfill";
import type { Cycle } from "./membership.ts";

/** From `start`, which belongs to it, to `end`, which does not. */
export interface Period {
  readonly start: Date;
  readonly end: Date;
}

const MONTHS: Record<Cycle, number> = { monthly: 1, yearly: 12 };

/**
 * The moment `months` after the join moment: the same day and local time of day, clamped at the month's end. Always
 * counted from the join moment, so that 31 January gives 28 February and then 31 March. A local time that a change of
 * the clocks skips moves forward by the gap; one that occurs twice is the first.
 */
export function monthsAfter(startedAt: Date, months: number, timeZone: string): Date {
  const joined = Temporal.Instant.fromEpochMilliseconds(startedAt.getTime()).toZonedDateTimeISO(timeZone);
  return new Date(joined.add({ months }, { overflow: "constrain" }).epochMilliseconds);
}

/** How many whole months lie between the join moment and `at`. `at` before the join moment counts as 0. */
export function monthIndexAt(startedAt: Date, at: Date, timeZone: string): number {
  const from = Temporal.Instant.fromEpochMilliseconds(startedAt.getTime()).toZonedDateTimeISO(timeZone);
  const to = Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(timeZone);
  // The difference in calendar months is right to within one; day and time of day decide.
  let index = Math.max(0, (to.year - from.year) * 12 + (to.month - from.month));
  while (index > 0 && monthsAfter(startedAt, index, timeZone) > at) index -= 1;
  while (monthsAfter(startedAt, index + 1, timeZone) <= at) index += 1;
  return index;
}

/** The period of this cycle that begins at `start`, which is a monthly boundary counted from the join moment. */
export function periodFrom(startedAt: Date, start: Date, cycle: Cycle, timeZone: string): Period {
  const index = monthIndexAt(startedAt, start, timeZone);
  return { start, end: monthsAfter(startedAt, index + MONTHS[cycle], timeZone) };
}

/**
 * The period that holds `at`, when periods of this cycle follow each other from the boundary `start` on.
 * `at` must not lie before `start`.
 */
export function periodHolding(startedAt: Date, start: Date, cycle: Cycle, at: Date, timeZone: string): Period {
  const first = monthIndexAt(startedAt, start, timeZone);
  const passed = monthIndexAt(startedAt, at, timeZone) - first;
  const index = first + passed - (passed % MONTHS[cycle]);
  return {
    start: index === first ? start : monthsAfter(startedAt, index, timeZone),
    end: monthsAfter(startedAt, index + MONTHS[cycle], timeZone),
  };
}
