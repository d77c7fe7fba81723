import { Temporal } from "temporal-polyfill";

export type Interval = "hour" | "day" | "month";

export const MOST_BUCKETS = 1_000;

/**
 * The edges of the buckets from `from` to `to` in a time zone: hours, days and months begin where the zone's clock
 * says so, so a day may have 23 or 25 hours. The first and the last bucket are cut at `from` and `to`.
 *
 * @returns n + 1 ascending edges of n buckets, or null when there would be none or more than MOST_BUCKETS.
 */
export function bucketEdges(interval: Interval, from: Date, to: Date, timeZone: string): readonly Date[] | null {
  if (from >= to) return null;
  const edges = [from];
  let bucket = floor(zoned(from, timeZone), interval);
  for (;;) {
    bucket = next(bucket, interval);
    if (bucket.epochMilliseconds >= to.getTime()) return [...edges, to];
    if (edges.length >= MOST_BUCKETS) return null;
    edges.push(new Date(bucket.epochMilliseconds));
  }
}

/** Where a series begins that names no start: so many whole buckets, the present one included. */
export function defaultFrom(interval: Interval, to: Date, timeZone: string): Date {
  const start = floor(zoned(new Date(to.getTime() - 1), timeZone), interval);
  const back = interval === "hour" ? { hours: 47 } : interval === "day" ? { days: 29 } : { months: 11 };
  return new Date(start.subtract(back).epochMilliseconds);
}

function zoned(at: Date, timeZone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(timeZone);
}

function floor(at: Temporal.ZonedDateTime, interval: Interval): Temporal.ZonedDateTime {
  if (interval === "hour") return at.round({ smallestUnit: "hour", roundingMode: "floor" });
  return interval === "day" ? at.startOfDay() : at.with({ day: 1 }).startOfDay();
}

function next(at: Temporal.ZonedDateTime, interval: Interval): Temporal.ZonedDateTime {
  if (interval === "hour") return at.add({ hours: 1 });
  const date = at.toPlainDate();
  const following = interval === "day" ? date.add({ days: 1 }) : date.with({ day: 1 }).add({ months: 1 });
  return following.toZonedDateTime({ timeZone: at.timeZoneId });
}
