import type { Log } from "../log/log.ts";
import { shutdownTelemetry } from "../telemetry/shutdown.ts";
import { handleCrashes } from "./crash.ts";

/** Everything long-running is a Part: it starts, finishes what it has begun (drain), and lets go of its resources (stop). */
export interface Part {
  readonly name: string;
  /** Resolves when the part works. Must not wait for something that may stay away for long (Kafka): boot would hang. */
  start?(): Promise<void>;
  /** Takes no new work and resolves when the work in hand is done. */
  drain?(): Promise<void>;
  /** Releases everything. Called also when start or drain failed; must not throw for being called twice. */
  stop?(): Promise<void>;
}

export interface LifecycleOptions {
  readonly log: Log;
  /** Longest time one part may take to drain. Default 10,000 ms. */
  readonly drainTimeoutMs?: number;
  /** Longest time one part may take to stop. Default 5,000 ms. */
  readonly stopTimeoutMs?: number;
}

/**
 * Starts parts in the order they were added and ends them in reverse: first every part drains, then every part
 * stops. So the doors (added last) close first and the pools (added first) are the last to go.
 */
export class Lifecycle {
  readonly #log: Log;
  readonly #drainTimeoutMs: number;
  readonly #stopTimeoutMs: number;
  readonly #parts: Part[] = [];
  #started: Part[] = [];
  #stopping: Promise<void> | undefined;

  constructor(options: LifecycleOptions) {
    this.#log = options.log;
    this.#drainTimeoutMs = options.drainTimeoutMs ?? 10_000;
    this.#stopTimeoutMs = options.stopTimeoutMs ?? 5_000;
  }

  add(part: Part): this {
    this.#parts.push(part);
    return this;
  }

  /** Starts every part in order. When one fails, those before it are stopped and its error is thrown. */
  async start(): Promise<void> {
    for (const part of this.#parts) {
      if (this.#stopping !== undefined) return;
      this.#started.push(part);
      try {
        await part.start?.();
      } catch (error) {
        this.#log.error({ err: error, part: part.name }, "part failed to start");
        await this.stop();
        throw error;
      }
      this.#log.debug({ part: part.name }, "part started");
    }
  }

  /**
   * Starts everything, then waits for SIGTERM or SIGINT and ends everything; resolves when all is stopped. A second
   * signal ends the process at once with status 1.
   */
  async run(): Promise<void> {
    const ended = Promise.withResolvers<string>();
    const noCrashes = handleCrashes(this.#log, async () => {
      ended.resolve("crash");
      await this.stop();
    });
    const signal = this.#nextSignal();
    void signal.promise.then(ended.resolve);
    await Promise.race([this.start(), ended.promise]);
    const reason = await ended.promise;
    this.#log.info({ reason }, "stopping");
    process.once("SIGINT", () => process.exit(1));
    process.once("SIGTERM", () => process.exit(1));
    await this.stop();
    this.#log.info("stopped");
    await shutdownTelemetry();
    noCrashes();
    this.#log.flush?.();
    // Whatever a library left open (a timer, a socket) must not keep a stopped service alive.
    setTimeout(() => process.exit(process.exitCode ?? 0), 1_000).unref();
  }

  /** Drains, then stops, every started part in reverse order. Bounded, never throws; calling twice waits for the first. */
  stop(): Promise<void> {
    this.#stopping ??= this.#end();
    return this.#stopping;
  }

  async #end(): Promise<void> {
    const parts = [...this.#started].reverse();
    this.#started = [];
    for (const part of parts) await this.#step(part, "drain", this.#drainTimeoutMs);
    for (const part of parts) await this.#step(part, "stop", this.#stopTimeoutMs);
  }

  async #step(part: Part, step: "drain" | "stop", timeoutMs: number): Promise<void> {
    const action = part[step]?.bind(part);
    if (action === undefined) return;
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<"timeout">((resolve) => {
      timer = setTimeout(() => resolve("timeout"), timeoutMs);
    });
    try {
      const outcome = await Promise.race([action(), timeout]);
      if (outcome === "timeout") this.#log.error({ part: part.name, step, timeoutMs }, "part took too long, going on");
    } catch (error) {
      this.#log.error({ err: error, part: part.name, step }, "part failed while ending, going on");
    } finally {
      clearTimeout(timer);
    }
  }

  #nextSignal(): { promise: Promise<NodeJS.Signals> } {
    const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>();
    const onSignal = (name: NodeJS.Signals) => {
      process.off("SIGTERM", onSignal);
      process.off("SIGINT", onSignal);
      resolve(name);
    };
    process.on("SIGTERM", onSignal);
    process.on("SIGINT", onSignal);
    return { promise };
  }
}
