/** At most `quota` a key in a window; what is above is to be counted, not reported. Bounded by `maxKeys`. */
export class ReportQuota {
  readonly #quota: number;
  readonly #windowMs: number;
  readonly #maxKeys: number;
  #used = new Map<string, number>();
  #windowEnds = 0;

  constructor(options: { quota: number; windowMs: number; maxKeys: number }) {
    this.#quota = options.quota;
    this.#windowMs = options.windowMs;
    this.#maxKeys = options.maxKeys;
  }

  /** True when this one is still within the quota. */
  take(key: string, now = performance.now()): boolean {
    if (now >= this.#windowEnds) {
      this.#used = new Map();
      this.#windowEnds = now + this.#windowMs;
    }
    const used = this.#used.get(key) ?? 0;
    if (used >= this.#quota) return false;
    if (used === 0 && this.#used.size >= this.#maxKeys) return false;
    this.#used.set(key, used + 1);
    return true;
  }
}
