import type { Part } from "../lifecycle/lifecycle.ts";
import type { Log } from "../log/log.ts";
import { counter, gauge } from "../telemetry/metrics.ts";
import type { OutgoingEvent } from "./events.ts";

export interface EventSpoolOptions {
  /** For people, and the label of its metrics: "security events". */
  readonly name: string;
  readonly publish: (events: OutgoingEvent[]) => Promise<void>;
  readonly log: Log;
  /** How long `put` waits for Kafka. Default 1,000 ms. */
  readonly waitMs?: number;
  /** Events kept while Kafka is away. Default 10,000. */
  readonly size?: number;
}

const BATCH = 500;

const lost = counter("events_spool_lost", "Events dropped because the spool was full");

/**
 * Events that are told of something that has no transaction of its own. They are on their way before the caller goes
 * on; while Kafka is away they wait in this process, within a bound, and go out when it is back.
 */
export class EventSpool implements Part {
  readonly name: string;
  readonly #options: EventSpoolOptions;
  readonly #waiting: OutgoingEvent[] = [];
  #sending: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #endGauge: (() => void) | undefined;

  constructor(options: EventSpoolOptions) {
    this.name = options.name;
    this.#options = options;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  async start(): Promise<void> {
    this.#endGauge = gauge("events_spool_waiting", "Events that wait for Kafka", () => this.#waiting.length, {
      spool: this.name,
    });
    this.#timer = setInterval(() => void this.#flush(), 1_000);
    this.#timer.unref();
  }

  async drain(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.race([this.#flush(), this.#patience()]);
    if (this.#waiting.length > 0)
      this.#options.log.error({ lost: this.#waiting.length, spool: this.name }, "events lost at the end");
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#endGauge?.();
  }

  /**
   * Resolves when Kafka has them (acks=all), or after the patience of one answer; they go on waiting in the spool then.
   *
   * @returns false: there was no room for all of them, and none was taken.
   */
  async put(events: readonly OutgoingEvent[]): Promise<boolean> {
    if (this.#waiting.length + events.length > (this.#options.size ?? 10_000)) {
      lost.add(events.length, { spool: this.name });
      this.#options.log.error({ spool: this.name, lost: events.length }, "the spool is full: events lost");
      return false;
    }
    this.#waiting.push(...events);
    await Promise.race([this.#flushAll(), this.#patience()]);
    return true;
  }

  /** What was put in before the call is out when it resolves, unless Kafka refuses. */
  async #flushAll(): Promise<void> {
    await this.#sending;
    await this.#flush();
  }

  #flush(): Promise<void> {
    this.#sending ??= this.#send().finally(() => {
      this.#sending = undefined;
    });
    return this.#sending;
  }

  async #send(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.slice(0, BATCH);
      try {
        await this.#options.publish(batch);
      } catch (error) {
        this.#options.log.warn(
          { err: error, spool: this.name, waiting: this.#waiting.length },
          "events wait for Kafka",
        );
        return;
      }
      this.#waiting.splice(0, batch.length);
    }
  }

  #patience(): Promise<void> {
    return new Promise((resolve) => {
      setTimeout(resolve, this.#options.waitMs ?? 1_000).unref();
    });
  }
}
