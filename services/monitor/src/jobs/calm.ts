import type { Clock } from "@stipend/platform/clock/clock";

/** More than clocks drift and jobs are late. */
const JUMP_MS = 60_000;
/** Real time that the services get to catch up with a clock that jumped. */
const SETTLE_MS = 30_000;

/** Whether the clock has run evenly of late. In development somebody may move it by a month. */
export class Calm {
  readonly #clock: Clock;
  #offset: number | undefined;
  #calmAt = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  isCalm(): boolean {
    const real = performance.now();
    const offset = this.#clock.now().getTime() - real;
    if (this.#offset !== undefined && Math.abs(offset - this.#offset) > JUMP_MS) this.#calmAt = real + SETTLE_MS;
    this.#offset = offset;
    return real >= this.#calmAt;
  }
}
