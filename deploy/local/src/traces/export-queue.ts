/** What the queue may hold; both bounds count exports that are being forwarded as well as those that wait. */
export interface ExportQueueBounds {
  /** bytes of bodies as they arrived (compressed or not), all exports together */
  readonly maxBytes: number;
  /** exports that are inflated and forwarded at the same time */
  readonly atOnce: number;
}

/** A bounded queue of exports in first-come order: what doesn't fit is refused at once, so that memory stays bounded. */
export class ExportQueue {
  readonly #bounds: ExportQueueBounds;
  readonly #waiting: (() => void)[] = [];
  #bytes = 0;
  #running = 0;

  constructor(bounds: ExportQueueBounds) {
    this.#bounds = bounds;
  }

  /** Keeps room for this many bytes; false when there is none. What was reserved must be given back by release(). */
  reserve(bytes: number): boolean {
    if (this.#bytes + bytes > this.#bounds.maxBytes) return false;
    this.#bytes += bytes;
    return true;
  }

  release(bytes: number): void {
    this.#bytes -= bytes;
  }

  /** Runs the work when its turn comes; its error is the caller's. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running < this.#bounds.atOnce) this.#running += 1;
    // whoever ends hands its place over, so the count stays as it is
    else await new Promise<void>((go) => this.#waiting.push(go));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running -= 1;
    }
  }
}
