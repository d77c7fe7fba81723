/** Whole units to move by; months and years are calendar months in UTC. */
export interface ClockStep {
  readonly years?: number | undefined;
  readonly months?: number | undefined;
  readonly weeks?: number | undefined;
  readonly days?: number | undefined;
  readonly hours?: number | undefined;
  readonly minutes?: number | undefined;
  readonly seconds?: number | undefined;
}

const ISO = /^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/;

/** @param duration ISO 8601, whole units: P1M, P1DT12H. @throws RangeError. */
export function parseIsoDuration(duration: string): ClockStep {
  const match = ISO.exec(duration);
  if (match === null) throw new RangeError(`not an ISO 8601 duration: ${duration}`);
  const [years, months, weeks, days, hours, minutes, seconds] = match.slice(1).map((text) => Number(text ?? 0));
  return { years, months, weeks, days, hours, minutes, seconds };
}

/** Months first, clamped at month's end (31 January + 1 month is 28 or 29 February), then the rest. */
export function advance(from: Date, step: ClockStep): Date {
  const months = (step.years ?? 0) * 12 + (step.months ?? 0);
  const moved = new Date(from);
  if (months !== 0) {
    const day = moved.getUTCDate();
    moved.setUTCDate(1);
    moved.setUTCMonth(moved.getUTCMonth() + months);
    const lastDay = new Date(Date.UTC(moved.getUTCFullYear(), moved.getUTCMonth() + 1, 0)).getUTCDate();
    moved.setUTCDate(Math.min(day, lastDay));
  }
  const days = (step.weeks ?? 0) * 7 + (step.days ?? 0);
  const seconds = ((days * 24 + (step.hours ?? 0)) * 60 + (step.minutes ?? 0)) * 60 + (step.seconds ?? 0);
  return new Date(moved.getTime() + seconds * 1_000);
}
