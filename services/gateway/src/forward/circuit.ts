/**
 * Stops calling what keeps failing: after `failures` faults in a row it opens for `openMs`, then lets one call
 * through to see. Pure bookkeeping; the caller says what a fault is.
 */
export class Circuit {
  readonly #failures: number;
  readonly #openMs: number;
  readonly #now: () => number;
  #inARow = 0;
  #openUntil = 0;
  #probing = false;

  constructor(options: { failures: number; openMs: number; now?: () => number }) {
    this.#failures = options.failures;
    this.#openMs = options.openMs;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Whether a call may be made now. A true answer while half open makes the caller the probe: it must report back. */
  enter(): boolean {
    if (this.#inARow < this.#failures) return true;
    if (this.#now() < this.#openUntil || this.#probing) return false;
    this.#probing = true;
    return true;
  }

  succeeded(): void {
    this.#inARow = 0;
    this.#probing = false;
  }

  failed(): void {
    this.#inARow += 1;
    this.#probing = false;
    if (this.#inARow >= this.#failures) this.#openUntil = this.#now() + this.#openMs;
  }

  /** The call ended in a way that says nothing about the upstream (the client went away). */
  unknown(): void {
    this.#probing = false;
  }

  get open(): boolean {
    return this.#inARow >= this.#failures && this.#now() < this.#openUntil;
  }
}
