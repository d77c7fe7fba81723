import { asError, type CreditsError } from "./errors.ts";
import { EventParser, type ServerEvent } from "./sse.ts";
import { pause } from "./time.ts";
import type { Environment, LiveStatus, LocksLike } from "./types.ts";

/** The server's heartbeat comes every 15 s: after three missed ones the stream is dead, wherever it is. */
export const SILENCE_MS = 45_000;
const WATCH_MS = 15_000;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 10_000;
/** A stream that was refused for good (role, path) is not asked for more often than this. */
const REFUSED_RETRY_MS = 300_000;

export interface LiveParts {
  readonly env: Environment;
  /** One for each origin, scope and user. */
  readonly lockName: string;
  /** Opens the stream; a good answer whose body was not read. */
  readonly open: (signal: AbortSignal) => Promise<Response>;
  /** False: other windows can't hear us, so each needs a stream of its own. */
  readonly canShare: () => boolean;
  /** Milliseconds since another window was heard that holds the stream. */
  readonly heardAgo: () => number;
  /** Something came, be it a sign of life: what is known is right. */
  readonly onNews: (events: readonly ServerEvent[]) => void;
  readonly onStatus: (status: LiveStatus, error: CreditsError | null) => void;
}

/**
 * Holds the live stream, or waits to: of all windows that can hear each other one holds a Web Lock, and with it the stream. The
 * lock goes on with the window, so the next one takes over at once. Without locks or ways to share, each window has its own.
 */
export class Live {
  readonly #parts: LiveParts;
  #running: AbortController | undefined;
  #hurry = new AbortController();
  /** The try that is under way. */
  #attempt = new AbortController();
  #quietSince = 0;
  /** Gives up waiting, to take the lock by force. */
  #rob: (() => void) | undefined;
  isHolding = false;

  constructor(parts: LiveParts) {
    this.#parts = parts;
  }

  start(): void {
    if (this.#running) return;
    this.#running = new AbortController();
    const { signal } = this.#running;
    this.#parts.onStatus("connecting", null);
    void this.#run(signal);
    void this.#watch(signal);
  }

  stop(): void {
    this.#running?.abort();
    this.#running = undefined;
    this.isHolding = false;
  }

  /** The network came back, or somebody looks: a wait between tries ends now. */
  hurry(): void {
    this.#hurry.abort();
    this.#hurry = new AbortController();
  }

  async #run(signal: AbortSignal): Promise<void> {
    let steal = false;
    while (!signal.aborted) {
      const locks = this.#parts.canShare() && this.#parts.env.locks();
      if (!locks) return await this.#follow(signal);
      steal = await this.#takeTurn(locks, signal, steal);
    }
  }

  /** Waits for the lock and holds it as long as it can; true when the lock should be taken by force next. */
  async #takeTurn(locks: LocksLike, signal: AbortSignal, steal: boolean): Promise<boolean> {
    const { env, lockName } = this.#parts;
    const over = new AbortController();
    const turn = AbortSignal.any([signal, over.signal]);
    let byForce = false;
    this.#quietSince = env.monotonic();
    this.#rob = () => {
      byForce = true;
      over.abort();
    };
    try {
      await locks.request(lockName, steal ? { steal } : { signal: turn }, async () => {
        this.#rob = undefined;
        await this.#follow(turn);
      });
    } catch (error) {
      // AbortError: another window took the lock, or the wait was ended. All else: there are no locks on this page.
      if ((error as Error).name !== "AbortError") await this.#follow(signal);
    }
    over.abort();
    // The page may have come back meanwhile: what stands there is of its new turn.
    if (signal.aborted) return false;
    this.#rob = undefined;
    this.isHolding = false;
    if (!byForce) await pause(env, FIRST_RETRY_MS, signal);
    return byForce;
  }

  /** A stream that died in silence is begun anew; a window that is frozen keeps its lock, so who is seen takes it. */
  async #watch(signal: AbortSignal): Promise<void> {
    const { env, heardAgo } = this.#parts;
    for (;;) {
      await pause(env, WATCH_MS, signal);
      if (signal.aborted) return;
      const quiet = env.monotonic() - this.#quietSince;
      if (quiet < SILENCE_MS) continue;
      if (this.isHolding) this.#attempt.abort();
      else if (env.visible() && heardAgo() > SILENCE_MS) this.#rob?.();
    }
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { env, onStatus } = this.#parts;
    let failures = 0;
    while (!signal.aborted) {
      this.isHolding = true;
      let failed: CreditsError | null = null;
      const reached = await this.#read(signal).catch((error: unknown) => {
        failed = asError(error);
      });
      if (signal.aborted) return;
      failures = reached ? 0 : failures + 1;
      onStatus("retrying", failed);
      // Spread out, so that a gateway that comes back is not met by all at once.
      await pause(env, retryAfter(failed, failures) * (0.75 + Math.random() / 2), signal, this.#hurry.signal);
    }
  }

  /** Reads until the stream ends; true when it told anything. @throws when it breaks before that */
  async #read(outer: AbortSignal): Promise<boolean> {
    const { env, open, onNews, onStatus } = this.#parts;
    this.#attempt = new AbortController();
    this.#quietSince = env.monotonic();
    const signal = AbortSignal.any([outer, this.#attempt.signal]);
    let reached = false;
    try {
      const reader = (await open(signal)).body?.getReader();
      const decoder = new TextDecoder();
      const parser = new EventParser();
      for (;;) {
        const { done, value } = (await reader?.read()) ?? { done: true };
        if (done || signal.aborted) return reached;
        this.#quietSince = env.monotonic();
        const events = parser.push(decoder.decode(value, { stream: true }));
        // Before the first whole state a sign of life says nothing about what is known.
        if (!reached && events.length === 0) continue;
        if (!reached) onStatus("live", null);
        reached = true;
        onNews(events);
      }
    } catch (error) {
      if (reached) return true;
      throw error;
    } finally {
      this.#attempt.abort();
    }
  }
}

function retryAfter(failed: CreditsError | null, failures: number): number {
  const { status = 0, retryAfterSeconds } = failed ?? {};
  if (/^4(?!01|08|29)/.test(`${status}`)) return REFUSED_RETRY_MS;
  const wait = Math.max(FIRST_RETRY_MS * 2 ** Math.max(0, failures - 1), (retryAfterSeconds ?? 0) * 1_000);
  return Math.min(wait, LAST_RETRY_MS);
}
