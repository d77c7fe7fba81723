import type { Part } from "../lifecycle/lifecycle.ts";
import type { Log } from "../log/log.ts";
import { counter, latency } from "../telemetry/metrics.ts";

export interface IntervalJobOptions {
  readonly name: string;
  /** Pause between the end of one run and the beginning of the next, ±10 %, so that instances do not run in step. */
  readonly everyMs: number;
  /** One bounded piece of work. Return true when there is more: the next run then begins at once. */
  readonly run: (signal: AbortSignal) => Promise<boolean | undefined> | Promise<void>;
  readonly log: Log;
  /** Pause before the first run. Default: a random part of everyMs, at most 5 s. */
  readonly firstMs?: number;
  /** After failures in a row the pause doubles up to this. Default 60,000 ms or everyMs, whichever is more. */
  readonly maxBackoffMs?: number;
}

const jobSeconds = latency("job_seconds", "Runs of a job");
const jobFailures = counter("job_failures", "Runs of a job that failed");

/** Runs a job again and again, never twice at once in this process. Errors are logged and never end it. */
export class IntervalJob implements Part {
  readonly name: string;
  readonly #options: IntervalJobOptions;
  readonly #abort = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #again = false;
  #failures = 0;
  #started = false;

  constructor(options: IntervalJobOptions) {
    this.#options = options;
    this.name = `job:${options.name}`;
  }

  async start(): Promise<void> {
    this.#started = true;
    const { everyMs, firstMs } = this.#options;
    this.#schedule(firstMs ?? Math.random() * Math.min(5_000, everyMs));
    await Promise.resolve();
  }

  /** Runs as soon as possible: now, or right after the run that is under way. Resolves when such a run has ended. */
  async trigger(): Promise<void> {
    if (this.#abort.signal.aborted) return;
    if (this.#running !== undefined) {
      this.#again = true;
      await this.#running;
      if (this.#running !== undefined) await this.#running;
      return;
    }
    clearTimeout(this.#timer);
    await this.#begin();
  }

  /** Lets the run under way finish; its signal is aborted so that it can end early. */
  async drain(): Promise<void> {
    this.#abort.abort();
    clearTimeout(this.#timer);
    await this.#running;
  }

  async stop(): Promise<void> {
    await this.drain();
  }

  #schedule(ms: number): void {
    if (this.#abort.signal.aborted) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#begin(), ms);
  }

  #begin(): Promise<void> {
    this.#again = false;
    this.#running = this.#once().then((more) => {
      this.#running = undefined;
      if (this.#again || (more && this.#started)) {
        if (this.#again) void this.#begin();
        else this.#schedule(0);
      } else if (this.#started) {
        this.#schedule(this.#nextPause());
      }
    });
    return this.#running;
  }

  #nextPause(): number {
    const { everyMs, maxBackoffMs } = this.#options;
    const longest = Math.max(everyMs, maxBackoffMs ?? 60_000);
    const pause = Math.min(longest, everyMs * 2 ** Math.min(this.#failures, 10));
    return pause * (0.9 + Math.random() * 0.2);
  }

  /** True when there is more to do. */
  async #once(): Promise<boolean> {
    const started = performance.now();
    const { name, log } = this.#options;
    try {
      const more = await this.#options.run(this.#abort.signal);
      this.#failures = 0;
      jobSeconds.record((performance.now() - started) / 1_000, { name, outcome: "ok" });
      return more === true;
    } catch (error) {
      this.#failures += 1;
      jobFailures.add(1, { name });
      jobSeconds.record((performance.now() - started) / 1_000, { name, outcome: "error" });
      const line = { err: error, job: name, failures: this.#failures };
      if (this.#failures === 1) log.warn(line, "job failed");
      else log.debug(line, "job failed again");
      return false;
    }
  }
}
