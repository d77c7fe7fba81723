interface Timer {
  readonly at: number;
  readonly run: () => void;
}

/** A clock that a test moves: two hands, as a browser has them, and the timers of all windows. */
export class TestClock {
  #steady = 1_000;
  #wall = Date.parse("2026-03-01T12:00:00Z");
  readonly #timers = new Map<number, Timer>();
  #ids = 0;

  readonly now = (): number => this.#wall;
  readonly monotonic = (): number => this.#steady;

  readonly setTimeout = (run: () => void, ms: number): unknown => {
    this.#ids += 1;
    this.#timers.set(this.#ids, { at: this.#steady + Math.max(0, ms), run });
    return this.#ids;
  };

  /** Somebody sets the clock. */
  setWall(byMs: number): void {
    this.#wall += byMs;
  }

  /** Time goes on, timer by timer, and everything that follows from each runs before the next. */
  async advance(ms: number): Promise<void> {
    const end = this.#steady + ms;
    await settle();
    for (;;) {
      const [id, next] = [...this.#timers].sort(([, a], [, b]) => a.at - b.at)[0] ?? [];
      if (id === undefined || next === undefined || next.at > end) break;
      this.#timers.delete(id);
      this.#move(next.at);
      next.run();
      await settle();
    }
    this.#move(end);
    await settle();
  }

  #move(to: number): void {
    this.#wall += to - this.#steady;
    this.#steady = to;
  }
}

/** Until promises and streams have nothing left to do. */
export async function settle(): Promise<void> {
  for (let round = 0; round < 8; round += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}
