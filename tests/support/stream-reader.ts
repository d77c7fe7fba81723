/** Reads one stream in the background, for as long as a test wants it. */
export class StreamReader<E> {
  readonly #events: E[] = [];
  readonly #stop = new AbortController();
  readonly #read: Promise<void>;
  #failure: unknown;

  constructor(open: (signal: AbortSignal) => AsyncIterable<E>) {
    this.#read = this.#run(open(this.#stop.signal));
  }

  /** What has come so far. @throws what the stream ended with, when the API refused it for good. */
  get events(): readonly E[] {
    if (this.#failure !== undefined) throw this.#failure;
    return this.#events;
  }

  /** What the stream ended with; undefined while it is read. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Cuts the connection. Resolves when nothing more comes. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#read;
  }

  async #run(events: AsyncIterable<E>): Promise<void> {
    try {
      for await (const event of events) this.#events.push(event);
    } catch (error) {
      this.#failure = error;
    }
  }
}
