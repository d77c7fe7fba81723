/** How long a page is to keep its locks on average. The longest of thousands takes up to four and a half times as long, and nobody is to wait 200 ms. */
const WANTED_MS = 40;
const FIRST = 100;
const SMALLEST = 25;
/** Beyond it a call makes its work tables anew each time (LedgerBegin). */
const LARGEST = 300;
/** What one page counts against those before it: one that was held up by chance does not make the next ones tiny. */
const WEIGHT = 0.15;

/** How many accounts the next page of a sweep takes, by how long the last ones kept their locks: as many as this machine manages in time. */
export class PageSize {
  #msEach = WANTED_MS / FIRST;

  get accounts(): number {
    return Math.round(Math.min(LARGEST, Math.max(SMALLEST, WANTED_MS / this.#msEach)));
  }

  /** @param ms from before the claim to after the COMMIT */
  tookMs(accounts: number, ms: number): void {
    // A page that found few says nothing about larger ones.
    if (accounts < this.accounts / 2) return;
    this.#msEach += WEIGHT * (ms / accounts - this.#msEach);
  }
}
