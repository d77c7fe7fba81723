import { Temporal } from "temporal-polyfill";

/** A half-open stretch of time: `start` belongs to it, `end` does not. */
export interface Period {
  readonly start: Date;
  readonly end: Date;
}

/**
 * Allowance periods as docs of membership define them, computed here from the membership alone: a proof that takes
 * credits' word for a period would find what credits finds.
 */
export function allowancePeriodAt(
  terms: { readonly cycle: string; readonly anchor: string; readonly startedAt: Date },
  at: Date,
  timeZone: string,
): Period {
  if (terms.cycle !== "yearly" && terms.anchor === "calendar") return calendarMonthAt(at, timeZone);
  const index = monthIndexAt(terms.startedAt, at, timeZone);
  return {
    start: monthsAfter(terms.startedAt, index, timeZone),
    end: monthsAfter(terms.startedAt, index + 1, timeZone),
  };
}

/** The same day and time of day so many months later, clamped at the month's end; always counted from the first one. */
export function monthsAfter(from: Date, months: number, timeZone: string): Date {
  return new Date(zoned(from, timeZone).add({ months }, { overflow: "constrain" }).epochMilliseconds);
}

/** How many whole months after `from` the moment `at` lies; not below 0. */
export function monthIndexAt(from: Date, at: Date, timeZone: string): number {
  const first = zoned(from, timeZone);
  const then = zoned(at, timeZone);
  // The difference in calendar months is right to within one; day and time of day decide.
  let index = Math.max(0, (then.year - first.year) * 12 + then.month - first.month);
  while (index > 0 && monthsAfter(from, index, timeZone) > at) index -= 1;
  while (monthsAfter(from, index + 1, timeZone) <= at) index += 1;
  return index;
}

function calendarMonthAt(at: Date, timeZone: string): Period {
  const first = zoned(at, timeZone).toPlainDate().with({ day: 1 });
  return {
    start: new Date(first.toZonedDateTime({ timeZone }).epochMilliseconds),
    end: new Date(first.add({ months: 1 }).toZonedDateTime({ timeZone }).epochMilliseconds),
  };
}

/** Hour 0 to 23, and weekday 1 (Monday) to 7, as the clock on the wall shows them there. */
export function wallClock(
  at: Date,
  timeZone: string,
): { readonly hour: number; readonly minute: number; readonly weekday: number } {
  const { hour, minute, dayOfWeek } = zoned(at, timeZone);
  return { hour, minute, weekday: dayOfWeek };
}

function zoned(at: Date, timeZone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(timeZone);
}
