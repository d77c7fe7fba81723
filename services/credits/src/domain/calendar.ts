import { Temporal } from "temporal-polyfill";

/** A half-open stretch of time: `start` belongs to it, `end` does not. */
export interface Period {
  readonly start: Date;
  readonly end: Date;
}

/** The year has twelve allowance periods. */
export const MONTHS_OF_YEAR = 12;

function zoned(at: Date, timeZone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(timeZone);
}

function toDate(at: Temporal.ZonedDateTime): Date {
  return new Date(at.epochMilliseconds);
}

export function contains(period: Period, at: Date): boolean {
  return period.start <= at && at < period.end;
}

// The month that was asked for last: a sweep asks for the same one a million times, and it takes 40 µs to find.
let lastMonth: { readonly timeZone: string; readonly period: Period } | null = null;

/** The calendar month of the business time zone that `at` lies in: from the 1st to the next 1st, each at the day's first moment. */
export function calendarMonthAt(at: Date, timeZone: string): Period {
  if (lastMonth === null || lastMonth.timeZone !== timeZone || !contains(lastMonth.period, at)) {
    lastMonth = { timeZone, period: findCalendarMonth(at, timeZone) };
  }
  return lastMonth.period;
}

function findCalendarMonth(at: Date, timeZone: string): Period {
  const first = zoned(at, timeZone).toPlainDate().with({ day: 1 });
  // Where midnight is skipped by a change of the clocks, the day begins at its first existing moment.
  return {
    start: toDate(first.toZonedDateTime({ timeZone })),
    end: toDate(first.add({ months: 1 }).toZonedDateTime({ timeZone })),
  };
}

/**
 * The n-th monthly boundary after the join moment, in local time: the same day and time of day, clamped at the
 * month's end. Always counted from the join moment itself, so that 31 January gives 28 February and then 31 March.
 */
export function monthsAfter(anchor: Date, months: number, timeZone: string): Date {
  return toDate(zoned(anchor, timeZone).add({ months }, { overflow: "constrain" }));
}

/**
 * The month counted from the join moment that `at` lies in. Before the join moment it is the first month.
 * `index` counts from 0.
 */
export function anchoredMonthAt(anchor: Date, at: Date, timeZone: string): Period & { readonly index: number } {
  const index = Math.max(0, anchoredIndexAt(anchor, at, timeZone));
  return anchoredMonth(anchor, index, timeZone);
}

export function anchoredMonth(anchor: Date, index: number, timeZone: string): Period & { readonly index: number } {
  return { index, start: monthsAfter(anchor, index, timeZone), end: monthsAfter(anchor, index + 1, timeZone) };
}

function anchoredIndexAt(anchor: Date, at: Date, timeZone: string): number {
  const from = zoned(anchor, timeZone);
  const to = zoned(at, timeZone);
  // The difference in calendar months is right to within one; clamping and clock changes decide the rest.
  let index = (to.year - from.year) * MONTHS_OF_YEAR + (to.month - from.month);
  while (monthsAfter(anchor, index, timeZone) > at) index -= 1;
  while (monthsAfter(anchor, index + 1, timeZone) <= at) index += 1;
  return index;
}

/**
 * The twelve months of the membership year that `at` lies in, counted from the join moment. `yearStart` is where some
 * year of this membership begins: a monthly member who changes to yearly begins it at the k-th month after joining.
 */
export function yearOfTwelve(
  anchor: Date,
  yearStart: Date,
  at: Date,
  timeZone: string,
): readonly (Period & { readonly index: number })[] {
  const offset = anchoredMonthAt(anchor, yearStart, timeZone).index;
  const { index } = anchoredMonthAt(anchor, at, timeZone);
  const first = offset + Math.floor((index - offset) / MONTHS_OF_YEAR) * MONTHS_OF_YEAR;
  return Array.from({ length: MONTHS_OF_YEAR }, (_, n) => anchoredMonth(anchor, first + n, timeZone));
}

/**
 * What a member who joins inside a period gets of its quota: the days from the join day on (that day included) as a
 * share of the period's days in the business time zone, rounded up to a whole credit in the member's favour.
 */
export function prorate(quota: number, period: Period, joinedAt: Date, timeZone: string): number {
  if (joinedAt <= period.start) return quota;
  if (joinedAt >= period.end) return 0;
  const start = zoned(period.start, timeZone).toPlainDate();
  const joined = zoned(joinedAt, timeZone).toPlainDate();
  const end = zoned(period.end, timeZone).toPlainDate();
  const days = start.until(end, { largestUnit: "days" }).days;
  const left = joined.until(end, { largestUnit: "days" }).days;
  // Quotas are far below 2^53 / 366, so the product is exact.
  return Math.min(quota, Math.ceil((quota * left) / days));
}
