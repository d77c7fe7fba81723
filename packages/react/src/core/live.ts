import type { CreditsError } from "./errors.ts";
import { asError } from "./errors.ts";
import { EventParser, type ServerEvent } from "./sse.ts";
import { pause } from "./time.ts";
import type { Environment, LiveStatus, LocksLike } from "./types.ts";

/** The server's heartbeat comes every 15 s: after three missed ones the stream is dead. */
export const SILENCE_MS = 45_000;
/** A holder that is not heard for so long is frozen: a visible window takes the stream over. */
const TAKE_OVER_MS = 60_000;
const WATCH_MS = 15_000;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 30_000;
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
  /** Milliseconds since another window's stream was heard. */
  readonly heardAgo: () => number;
  readonly onEvent: (event: ServerEvent) => void;
  /** Something came: what is known is right. */
  readonly onNews: () => void;
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
  #holding = false;
  #followingSince = 0;
  #steal: (() => void) | undefined;

  constructor(parts: LiveParts) {
    this.#parts = parts;
  }

  get holding(): boolean {
    return this.#holding;
  }

  start(): void {
    if (this.#running !== undefined) return;
    const running = new AbortController();
    this.#running = running;
    this.#parts.onStatus("connecting", null);
    void this.#run(running.signal);
    void this.#watch(running.signal);
  }

  stop(): void {
    this.#running?.abort();
    this.#running = undefined;
    this.#holding = false;
  }

  /** The network came back, or somebody looks: a wait between tries ends now. */
  hurry(): void {
    this.#hurry.abort();
    this.#hurry = new AbortController();
  }

  async #run(signal: AbortSignal): Promise<void> {
    let steal = false;
    while (!signal.aborted) {
      const locks = this.#parts.canShare() ? this.#parts.env.locks() : undefined;
      if (locks === undefined) return await this.#follow(signal);
      steal = await this.#takeTurn(locks, signal, steal);
    }
  }

  /** Waits for the lock and holds it as long as it can; true when the lock should be taken by force next. */
  async #takeTurn(locks: LocksLike, signal: AbortSignal, steal: boolean): Promise<boolean> {
    const { env, lockName } = this.#parts;
    const turn = new AbortController();
    const endTurn = (): void => turn.abort();
    signal.addEventListener("abort", endTurn);
    let byForce = false;
    this.#followingSince = env.monotonic();
    this.#steal = () => {
      byForce = true;
      endTurn();
    };
    let refused = false;
    try {
      await locks.request(lockName, steal ? { steal } : { signal: turn.signal }, async () => {
        this.#steal = undefined;
        await this.#follow(turn.signal);
      });
    } catch (error) {
      // AbortError: another window took the lock, or the wait was ended. All else: there are no locks on this page.
      refused = !(error instanceof Error && error.name === "AbortError");
    }
    endTurn();
    signal.removeEventListener("abort", endTurn);
    this.#steal = undefined;
    this.#holding = false;
    if (refused) await this.#follow(signal);
    else if (!byForce) await pause(env, FIRST_RETRY_MS, signal);
    return byForce;
  }

  /** A frozen window keeps its lock: who is seen and hears nothing takes the stream over. */
  async #watch(signal: AbortSignal): Promise<void> {
    const { env } = this.#parts;
    for (;;) {
      await pause(env, WATCH_MS, signal);
      if (signal.aborted) return;
      const quiet = Math.min(this.#parts.heardAgo(), env.monotonic() - this.#followingSince);
      if (env.visible() && quiet > TAKE_OVER_MS) this.#steal?.();
    }
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { env, onStatus } = this.#parts;
    this.#holding = !signal.aborted;
    for (let failures = 0; !signal.aborted; ) {
      let failed: CreditsError | null = null;
      const reached = await this.#read(signal).catch((error: unknown) => {
        failed = asError(error);
        return false;
      });
      if (signal.aborted) return;
      failures = reached ? 0 : failures + 1;
      onStatus("retrying", failed);
      // Spread out, so that a gateway that comes back is not met by all at once.
      const wait = retryAfter(failed, failures) * (0.75 + Math.random() / 2);
      await pause(env, wait, signal, this.#hurry.signal);
    }
  }

  /** Reads until the stream ends; true when it told anything. @throws when it breaks before that */
  async #read(signal: AbortSignal): Promise<boolean> {
    const { env, open, onEvent, onNews, onStatus } = this.#parts;
    const silence = new Silence(env, signal);
    let reached = false;
    try {
      const response = await open(silence.signal);
      const reader = response.body?.getReader();
      if (reader === undefined) return false;
      const decoder = new TextDecoder();
      const parser = new EventParser();
      for (;;) {
        const { done, value } = await reader.read();
        if (done || silence.signal.aborted) return reached;
        silence.broken();
        const events = parser.push(decoder.decode(value, { stream: true }));
        // Before the first whole state a sign of life says nothing about what is known.
        if (!reached && events.length > 0) onStatus("live", null);
        reached ||= events.length > 0;
        for (const event of events) onEvent(event);
        if (reached) onNews();
      }
    } catch (error) {
      if (reached) return true;
      throw error;
    } finally {
      silence.end();
    }
  }
}

/** Aborts when nothing is heard for too long, or with `signal`, or at its end. */
class Silence {
  readonly #controller = new AbortController();
  readonly #abort = (): void => this.#controller.abort();
  readonly #env: Environment;
  readonly #outer: AbortSignal;
  #timer: unknown;

  constructor(env: Environment, outer: AbortSignal) {
    this.#env = env;
    this.#outer = outer;
    this.#timer = env.setTimeout(this.#abort, SILENCE_MS);
    outer.addEventListener("abort", this.#abort);
    if (outer.aborted) this.#abort();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  broken(): void {
    this.#env.clearTimeout(this.#timer);
    this.#timer = this.#env.setTimeout(this.#abort, SILENCE_MS);
  }

  end(): void {
    this.#env.clearTimeout(this.#timer);
    this.#outer.removeEventListener("abort", this.#abort);
    this.#abort();
  }
}

function retryAfter(failed: CreditsError | null, failures: number): number {
  if (failed !== null && failed.status >= 400 && failed.status < 500 && ![401, 408, 429].includes(failed.status)) {
    return REFUSED_RETRY_MS;
  }
  const planned = Math.min(FIRST_RETRY_MS * 2 ** Math.max(0, failures - 1), LAST_RETRY_MS);
  return Math.max(planned, Math.min((failed?.retryAfterSeconds ?? 0) * 1_000, LAST_RETRY_MS));
}
