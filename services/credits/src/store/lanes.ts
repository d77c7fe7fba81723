import { AsyncLocalStorage } from "node:async_hooks";

export interface LanesOptions<Item, Result> {
  /** How many batches may be under way at once. */
  readonly lanes: number;
  /** Most items in one transaction. */
  readonly maxBatch: number;
  /** Most items waiting in all lanes together; beyond that `submit` refuses at once. */
  readonly maxWaiting: number;
  /** Items of one account go through one lane and keep their order. */
  accountOf(item: Item): string;
  /** Items of different kinds never share a batch. */
  kindOf(item: Item): string;
  /** One transaction: resolves after COMMIT with a result an item, in order. */
  run(items: readonly Item[]): Promise<readonly Result[]>;
  /** Whether an error has nothing to do with the items (the database is away): splitting would not help then. */
  isTransient(error: unknown): boolean;
  onBatch?(size: number, kind: string): void;
  /** Told of each item when its first batch begins: seconds since `submit`. */
  onWaited?(seconds: number, kind: string): void;
  /** What `submit` rejects with when too many wait; nothing was done then. */
  full(): Error;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly account: string;
  readonly kind: string;
  readonly since: number;
  readonly inContext: ReturnType<typeof AsyncLocalStorage.snapshot>;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Turns single operations into batches without making anybody wait: an idle lane runs what it has at once, a busy
 * one collects until its transaction has committed. So a lone request meets no timer, and batches grow by themselves
 * under load. A batch that fails is halved until the item that spoils it stands alone and fails alone.
 */
export class Lanes<Item, Result> {
  readonly #options: LanesOptions<Item, Result>;
  readonly #lanes: Lane<Item, Result>[];
  #waiting = 0;

  constructor(options: LanesOptions<Item, Result>) {
    this.#options = options;
    this.#lanes = Array.from({ length: options.lanes }, () => new Lane(options));
  }

  /** Items submitted and not yet answered. */
  get waiting(): number {
    return this.#waiting;
  }

  /**
   * @throws what `full` makes when too many wait.
   * @throws whatever the transaction failed with; a transient error says that nothing is known to be wrong with the item.
   */
  async submit(item: Item): Promise<Result> {
    if (this.#waiting >= this.#options.maxWaiting) throw this.#options.full();
    this.#waiting += 1;
    try {
      const account = this.#options.accountOf(item);
      return await new Promise<Result>((resolve, reject) => {
        this.#laneOf(account).add({
          item,
          account,
          kind: this.#options.kindOf(item),
          since: performance.now(),
          inContext: AsyncLocalStorage.snapshot(),
          resolve,
          reject,
        });
      });
    } finally {
      this.#waiting -= 1;
    }
  }

  /** Resolves when everything submitted so far has been answered. */
  async drain(): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.idle()));
  }

  #laneOf(account: string): Lane<Item, Result> {
    const lane = this.#lanes[hash(account) % this.#lanes.length];
    if (lane === undefined) throw new RangeError("there must be at least one lane");
    return lane;
  }
}

class Lane<Item, Result> {
  readonly #options: LanesOptions<Item, Result>;
  #queue: Waiting<Item, Result>[] = [];
  #running: Promise<void> | undefined;

  constructor(options: LanesOptions<Item, Result>) {
    this.#options = options;
  }

  add(waiting: Waiting<Item, Result>): void {
    this.#queue.push(waiting);
    this.#running ??= this.#work();
  }

  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #work(): Promise<void> {
    // Begins at the end of this turn of the event loop: what arrived in the same turn comes along.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (this.#queue.length > 0) {
      const batch = this.#take();
      this.#tellWaits(batch);
      await this.#run(batch);
    }
    // In the same step as the look at the queue: an item added right after an answer must find the lane idle.
    this.#running = undefined;
  }

  /** The oldest item and those of its kind that no other kind of the same account stands before. */
  #take(): Waiting<Item, Result>[] {
    const kind = this.#queue[0]?.kind;
    const taken: Waiting<Item, Result>[] = [];
    const left: Waiting<Item, Result>[] = [];
    const passed = new Set<string>();
    this.#queue.forEach((waiting) => {
      const fits = waiting.kind === kind && taken.length < this.#options.maxBatch && !passed.has(waiting.account);
      if (fits) taken.push(waiting);
      else {
        left.push(waiting);
        passed.add(waiting.account);
      }
    });
    this.#queue = left;
    return taken;
  }

  #tellWaits(batch: readonly Waiting<Item, Result>[]): void {
    const { onWaited } = this.#options;
    if (onWaited === undefined) return;
    const now = performance.now();
    for (const { since, kind } of batch) onWaited((now - since) / 1_000, kind);
  }

  async #run(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    const first = batch[0];
    if (first === undefined) return;
    try {
      this.#options.onBatch?.(batch.length, first.kind);
      const items = batch.map((waiting) => waiting.item);
      const results = await first.inContext(() => this.#options.run(items));
      if (results.length !== batch.length) throw new Error("a batch was answered with another number of results");
      batch.forEach((waiting, index) => {
        waiting.resolve(results[index] as Result);
      });
    } catch (error) {
      await this.#failed(batch, error);
    }
  }

  async #failed(batch: readonly Waiting<Item, Result>[], error: unknown): Promise<void> {
    if (batch.length === 1 || this.#options.isTransient(error)) {
      for (const waiting of batch) waiting.reject(error);
      return;
    }
    const half = Math.ceil(batch.length / 2);
    // One after the other: the order of an account's operations must stay.
    await this.#run(batch.slice(0, half));
    await this.#run(batch.slice(half));
  }
}

/** FNV-1a; spreads accounts over lanes, nothing depends on it lasting. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return value >>> 0;
}
