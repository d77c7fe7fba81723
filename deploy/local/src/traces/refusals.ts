const EVERY_MS = 60_000;

/** Counts the exports that were refused and logs them at most once a minute, with the newest reason. */
export class Refusals {
  readonly #log: (line: string) => void;
  #count = 0;
  #reason = "";
  #timer: NodeJS.Timeout | undefined;

  constructor(log: (line: string) => void) {
    this.#log = log;
  }

  add(reason: string): void {
    this.#count += 1;
    this.#reason = reason;
    this.#timer ??= setTimeout(() => this.flush(), EVERY_MS).unref();
  }

  /** Logs what was counted since the last time; nothing when there was nothing. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#count > 0) this.#log(`${this.#count} exports were refused; the last one: ${this.#reason}`);
    this.#count = 0;
  }
}
