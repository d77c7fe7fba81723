/** How long a member that could not be settled is left alone before it is tried again. */
const RETRY_AFTER_MS = 60_000;
/** More than these are not remembered: the oldest is forgotten, and tried again. */
const MAX_REMEMBERED = 500;

export interface PassedOverOptions {
  /** Told of every failure, once a try. */
  readonly onFailure?: (userId: string, error: unknown) => void;
  /** Milliseconds that only rise; not the clock of the domain, which developers move. */
  readonly elapsedMs: () => number;
}

/** Members that the job could not settle and leaves alone for a minute, so that it comes to those behind them. */
export class PassedOver {
  readonly #until = new Map<string, number>();
  readonly #onFailure: (userId: string, error: unknown) => void;
  readonly #elapsedMs: () => number;

  constructor(options: PassedOverOptions) {
    this.#onFailure = options.onFailure ?? (() => undefined);
    this.#elapsedMs = options.elapsedMs;
  }

  /** How many may be among those that are claimed next; at most 500. */
  get size(): number {
    return this.#until.size;
  }

  add(userId: string, error: unknown): void {
    const oldest = this.#until.size >= MAX_REMEMBERED ? this.#until.keys().next() : undefined;
    if (oldest?.done === false) this.#until.delete(oldest.value);
    this.#until.set(userId, this.#elapsedMs() + RETRY_AFTER_MS);
    this.#onFailure(userId, error);
  }

  has(userId: string): boolean {
    const until = this.#until.get(userId);
    if (until === undefined) return false;
    if (until > this.#elapsedMs()) return true;
    this.#until.delete(userId);
    return false;
  }
}
