import type { Log } from "../log/log.ts";

/** A statement that has been sent and not answered. */
export interface InFlight {
  /** When its work began: later than it was sent where it waits by intention. */
  readonly startedAt: number;
  readonly timeoutMs: number;
  /** Rejects the statement and destroys its connection. */
  abandon(reason: "server_silent" | "timeout"): void;
}

export interface WatchdogOptions {
  readonly log: Log;
  /** A statement older than this makes the watchdog ask whether the server answers at all. */
  readonly suspectAfterMs: number;
  /** Asks the server something trivial over a connection of its own; resolves false after its own bound. */
  readonly probe: () => Promise<boolean>;
}

const TICK_MS = 100;

/**
 * Tells a slow statement from a server that has stopped answering (frozen, or behind a network that swallows
 * packets). A slow statement may take its time; when the server does not even answer a probe, every statement in
 * flight is given up at once, so that requests fail within 2 s instead of after the kernel's TCP timeout.
 */
export class Watchdog {
  readonly #options: WatchdogOptions;
  readonly #inFlight = new Set<InFlight>();
  #timer: NodeJS.Timeout | undefined;
  #probing = false;
  #lastGoodProbe = 0;

  constructor(options: WatchdogOptions) {
    this.#options = options;
  }

  watch(item: InFlight): void {
    this.#inFlight.add(item);
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS).unref();
  }

  /** True while a statement has gone unanswered for long and the server has not been heard since. */
  get suspicious(): boolean {
    const now = performance.now();
    for (const item of this.#inFlight) {
      if (now - item.startedAt > this.#options.suspectAfterMs && this.#lastGoodProbe < item.startedAt) return true;
    }
    return false;
  }

  forget(item: InFlight): void {
    this.#inFlight.delete(item);
  }

  get inFlight(): number {
    return this.#inFlight.size;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    if (this.#inFlight.size === 0) {
      this.stop();
      return;
    }
    const now = performance.now();
    let suspicious = false;
    for (const item of [...this.#inFlight]) {
      const age = now - item.startedAt;
      if (age > item.timeoutMs) this.#abandon(item, this.#lastGoodProbe > item.startedAt ? "timeout" : "server_silent");
      else if (age > this.#options.suspectAfterMs) suspicious = true;
    }
    if (suspicious && !this.#probing && now - this.#lastGoodProbe > this.#options.suspectAfterMs) void this.#probe();
  }

  async #probe(): Promise<void> {
    this.#probing = true;
    const suspects = [...this.#inFlight];
    try {
      if (await this.#options.probe()) {
        this.#lastGoodProbe = performance.now();
        return;
      }
      const silent = suspects.filter((item) => this.#inFlight.has(item));
      if (silent.length === 0) return;
      this.#options.log.error(
        { statements: silent.length },
        "the database has stopped answering, giving up what is in flight",
      );
      for (const item of silent) this.#abandon(item, "server_silent");
    } finally {
      this.#probing = false;
    }
  }

  #abandon(item: InFlight, reason: "server_silent" | "timeout"): void {
    this.#inFlight.delete(item);
    item.abandon(reason);
  }
}
