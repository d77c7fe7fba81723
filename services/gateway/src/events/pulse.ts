/** What wants to be told how time goes. */
export interface Pulsed {
  /**
   * Must not block and must not throw.
   *
   * @param now milliseconds since 1970 by the real clock.
   * @param beat true when it is this one's turn to say that it lives.
   */
  tick(now: number, beat: boolean): void;
}

/** A beat is spread over so many ticks, so that thousands do not write at once. */
const TURNS = 15;

/** One clock for all streams: a timer of its own for each would cost more than a stream keeps otherwise. */
export class Pulse {
  readonly #tickMs: number;
  readonly #turns: readonly Set<Pulsed>[] = Array.from({ length: TURNS }, () => new Set<Pulsed>());
  #turn = 0;
  #timer: NodeJS.Timeout | undefined;

  readonly #mayBeat: () => boolean;

  /**
   * @param beatMs between two beats of the same one; ticks come fifteen times as often.
   * @param mayBeat false: nobody beats at this tick.
   */
  constructor(beatMs: number, mayBeat: () => boolean = () => true) {
    this.#mayBeat = mayBeat;
    this.#tickMs = Math.max(1, Math.round(beatMs / TURNS));
  }

  /** Its first beat comes after a whole round, whatever turn it is. */
  add(one: Pulsed): void {
    this.#turns[this.#turn]?.add(one);
    this.#timer ??= setInterval(() => this.#tick(), this.#tickMs).unref();
  }

  remove(one: Pulsed): void {
    for (const turn of this.#turns) if (turn.delete(one)) break;
    if (this.#turns.every(({ size }) => size === 0)) this.#rest();
  }

  #tick(): void {
    const now = Date.now();
    const mayBeat = this.#mayBeat();
    this.#turn = (this.#turn + 1) % TURNS;
    // A copy each: whoever ends at this tick leaves its set.
    this.#turns.forEach((turn, index) => {
      for (const one of [...turn]) one.tick(now, mayBeat && index === this.#turn);
    });
  }

  #rest(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
