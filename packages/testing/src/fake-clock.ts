import type { Clock } from "@stipend/platform/clock/clock";

const UNITS_MS = { days: 86_400_000, hours: 3_600_000, minutes: 60_000, seconds: 1_000 } as const;
export type ClockStep = Partial<Record<keyof typeof UNITS_MS, number>>;

/** A clock that stands still until a test moves it. */
export class FakeClock implements Clock {
  #now: Date;

  constructor(start: Date | string) {
    this.#now = new Date(start);
  }

  now(): Date {
    return new Date(this.#now);
  }

  set(to: Date | string): void {
    this.#now = new Date(to);
  }

  advance(step: ClockStep): Date {
    let millis = this.#now.getTime();
    for (const unit of Object.keys(step) as (keyof ClockStep)[]) millis += (step[unit] ?? 0) * UNITS_MS[unit];
    this.#now = new Date(millis);
    return this.now();
  }
}
