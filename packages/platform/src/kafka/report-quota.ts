/**
 * What of one key is reported in a window: nothing of the first `tolerated` (default 0), then `quota`, then nothing more, as what is
 * above says nothing new. Bounded by `maxKeys`.
 */
export class ReportQuota {
  readonly #tolerated: number;
  readonly #quota: number;
  readonly #windowMs: number;
  readonly #maxKeys: number;
  #used = new Map<string, number>();
  #windowEnds = 0;

  constructor(options: { tolerated?: number; quota: number; windowMs: number; maxKeys: number }) {
    this.#tolerated = options.tolerated ?? 0;
    this.#quota = options.quota;
    this.#windowMs = options.windowMs;
    this.#maxKeys = options.maxKeys;
  }

  /** True when this one is to be reported. */
  take(key: string, now = performance.now()): boolean {
    if (now >= this.#windowEnds) {
      this.#used = new Map();
      this.#windowEnds = now + this.#windowMs;
    }
    const used = this.#used.get(key) ?? 0;
    if (used >= this.#tolerated + this.#quota) return false;
    if (used === 0 && this.#used.size >= this.#maxKeys) return false;
    this.#used.set(key, used + 1);
    return used >= this.#tolerated;
  }
}
