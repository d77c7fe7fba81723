import { AsyncLocalStorage } from "node:async_hooks";

/** How long an item waits for one of the first half of the batches before it may begin one of the second half. */
const PATIENCE_MS = 25;

export interface LanesOptions<Item, Result> {
  /** How many batches may be under way at once; the second half of them only for items that have waited for 25 ms (50 behind one's own batch). */
  readonly lanes: number;
  /** Most items in one transaction. */
  readonly maxBatch: number;
  /** Most items waiting and under way together; beyond that `submit` refuses at once. */
  readonly maxWaiting: number;
  /** Items of one account keep their order and are never in two batches at once. */
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
  readonly timing?: LanesTiming;
}

/** The time that lanes go by; left out, the process's own. */
export interface LanesTiming {
  /** Milliseconds on a clock that nobody sets, from any start. */
  stopwatch(): number;
  /** Calls `wake` once, after so many milliseconds. */
  after(ms: number, wake: () => void): void;
}

const OWN_TIMING: LanesTiming = { stopwatch: () => performance.now(), after: (ms, wake) => void setTimeout(wake, ms) };

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly account: string;
  readonly kind: string;
  /** By the stopwatch. */
  readonly since: number;
  readonly inContext: ReturnType<typeof AsyncLocalStorage.snapshot>;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Turns single operations into batches: when little is under way, an item begins at once, otherwise it waits for a batch to commit
 * and goes with all others that wait. So a lone request meets no timer, and batches grow by themselves under load. Few batches at
 * once are also the fastest, since each transaction costs more than a place in one (ADR 0022). A batch that hangs must not hold up
 * those outside of it: who has waited for long begins another one. A batch that fails is halved until the item that spoils it
 * stands alone and fails alone.
 */
export class Lanes<Item, Result> {
  readonly #options: LanesOptions<Item, Result>;
  readonly #timing: LanesTiming;
  /** Batches that begin at once. */
  readonly #eager: number;
  /** What waits, by account. */
  readonly #queues = new Map<string, Waiting<Item, Result>[]>();
  /** Accounts that have items waiting and none under way, in the order in which they became so. */
  readonly #ready = new Set<string>();
  readonly #underWay = new Set<string>();
  #batches = 0;
  #unanswered = 0;
  #beginning = false;
  #watching = false;
  #drained: (() => void)[] = [];

  constructor(options: LanesOptions<Item, Result>) {
    if (options.lanes < 1) throw new RangeError("there must be at least one lane");
    this.#options = options;
    this.#timing = options.timing ?? OWN_TIMING;
    this.#eager = Math.ceil(options.lanes / 2);
  }

  /** Items submitted and not yet answered. */
  get waiting(): number {
    return this.#unanswered;
  }

  /**
   * @throws what `full` makes when too many wait.
   * @throws whatever the transaction failed with; a transient error says that nothing is known to be wrong with the item.
   */
  async submit(item: Item): Promise<Result> {
    if (this.#unanswered >= this.#options.maxWaiting) throw this.#options.full();
    this.#unanswered += 1;
    try {
      return await new Promise<Result>((resolve, reject) => {
        this.#add({
          item,
          account: this.#options.accountOf(item),
          kind: this.#options.kindOf(item),
          since: this.#timing.stopwatch(),
          inContext: AsyncLocalStorage.snapshot(),
          resolve,
          reject,
        });
      });
    } finally {
      this.#unanswered -= 1;
      if (this.#unanswered === 0) for (const drained of this.#drained.splice(0)) drained();
    }
  }

  /** Resolves when everything submitted has been answered. */
  async drain(): Promise<void> {
    if (this.#unanswered > 0) await new Promise<void>((resolve) => this.#drained.push(resolve));
  }

  #add(waiting: Waiting<Item, Result>): void {
    const { account } = waiting;
    const queue = this.#queues.get(account);
    if (queue === undefined) this.#queues.set(account, [waiting]);
    else queue.push(waiting);
    if (!this.#underWay.has(account)) this.#ready.add(account);
    if (this.#beginning) return;
    this.#beginning = true;
    // At the end of this turn of the event loop: what arrives in the same turn comes along.
    setImmediate(() => {
      this.#beginning = false;
      this.#begin();
    });
  }

  #begin(): void {
    while (this.#mayBegin()) void this.#work(this.#take());
    this.#watch();
  }

  #mayBegin(): boolean {
    const first = this.#first();
    if (first === undefined || this.#batches >= this.#options.lanes) return false;
    return this.#batches < this.#eager || this.#timing.stopwatch() - first.since >= PATIENCE_MS;
  }

  #first(): Waiting<Item, Result> | undefined {
    for (const account of this.#ready) return this.#queues.get(account)?.[0];
    return undefined;
  }

  /** Comes back when the first has waited for long enough, however long the batches under way take. */
  #watch(): void {
    const first = this.#first();
    if (first === undefined || this.#watching || this.#batches >= this.#options.lanes) return;
    this.#watching = true;
    this.#timing.after(Math.max(1, first.since + PATIENCE_MS - this.#timing.stopwatch()), () => {
      this.#watching = false;
      this.#begin();
    });
  }

  async #work(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    this.#batches += 1;
    try {
      this.#tellWaits(batch);
      await this.#run(batch);
    } finally {
      this.#batches -= 1;
      for (const { account } of batch) {
        this.#underWay.delete(account);
        if (this.#queues.has(account)) this.#ready.add(account);
      }
      this.#begin();
    }
  }

  /** The first item of the first account that is ready and, of every other, the first ones of its kind. */
  #take(): Waiting<Item, Result>[] {
    const kind = this.#first()?.kind;
    const taken: Waiting<Item, Result>[] = [];
    for (const account of this.#ready) {
      const queue = this.#queues.get(account) ?? [];
      let fits = 0;
      while (fits < this.#options.maxBatch - taken.length && queue[fits]?.kind === kind) fits += 1;
      if (fits > 0) {
        taken.push(...queue.splice(0, fits));
        if (queue.length === 0) this.#queues.delete(account);
        this.#ready.delete(account);
        this.#underWay.add(account);
      }
      if (taken.length === this.#options.maxBatch) break;
    }
    return taken;
  }

  #tellWaits(batch: readonly Waiting<Item, Result>[]): void {
    const { onWaited } = this.#options;
    if (onWaited === undefined) return;
    const now = this.#timing.stopwatch();
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
