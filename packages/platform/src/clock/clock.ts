/** Where domain time comes from. Token expiry and timeouts are judged by the real clock instead. */
export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };

/** A clock that stands still; for tests. */
export function fixedClock(date: Date | string): Clock {
  const at = new Date(date).getTime();
  if (Number.isNaN(at)) throw new RangeError(`fixedClock: not a date: ${String(date)}`);
  return { now: () => new Date(at) };
}

/** Far enough for any tour (200 years), near enough that every result is a valid DATETIME. */
const MAX_OFFSET_MS = 200 * 366 * 86_400_000;

/** The real time plus an offset that a developer sets. Exists only where STIPEND_DEV_CLOCK is on. */
export class DevClock implements Clock {
  #offsetMs = 0;
  readonly #listeners = new Set<(offsetMs: number) => void>();

  now(): Date {
    return new Date(Date.now() + this.#offsetMs);
  }

  get offsetMs(): number {
    return this.#offsetMs;
  }

  /** @param ms whole milliseconds, within 200 years either way; RangeError otherwise. */
  setOffset(ms: number): void {
    if (!Number.isSafeInteger(ms) || Math.abs(ms) > MAX_OFFSET_MS) {
      throw new RangeError(`DevClock: offset ${ms} is not a whole number of milliseconds within 200 years`);
    }
    this.#offsetMs = ms;
    for (const listener of this.#listeners) listener(ms);
  }

  /** Calls fn after every change; returns the function that ends it. */
  onChange(fn: (offsetMs: number) => void): () => void {
    this.#listeners.add(fn);
    return () => this.#listeners.delete(fn);
  }
}
