import type { DescMessage } from "@bufbuild/protobuf";
import type { KafkaMessage } from "kafkajs";
import { CodedError, ServiceUnavailable } from "../errors/coded.ts";
import type { Log } from "../log/log.ts";
import { isTransient } from "../mysql/errors.ts";
import { counter, latency, sizes } from "../telemetry/metrics.ts";
import type { DeadLetter, DeadLetterQueue } from "./dead-letter.ts";
import { type Decoded, Decoder } from "./decode.ts";
import { type IncomingEvent, PoisonEvent } from "./events.ts";
import { traced } from "./trace-batch.ts";

export interface EventHandler {
  /** The types this consumer applies; others are counted and passed over. */
  readonly types: readonly DescMessage[];
  /**
   * Applies a batch of one partition, in order, in one transaction together with its inbox rows. No id of a source
   * stands twice in a batch, but an event may come again in a later one. Throw PoisonEvent for one event that can never be
   * applied; anything else thrown is tried again.
   *
   * @param signal aborted when the batch takes too long; it will be delivered again.
   */
  handle(batch: IncomingEvent[], signal: AbortSignal): Promise<void>;
}

export interface PipelineOptions {
  readonly groupId: string;
  readonly handler: EventHandler;
  readonly deadLetters: DeadLetterQueue;
  readonly log: Log;
  /** How long one call of the handler may take; longer than a statement of its may. Default 60,000 ms. */
  readonly handlerTimeoutMs?: number;
  /** Pauses before a failed batch is tried again in place. Default 50 and 250 ms. */
  readonly retryDelaysMs?: readonly number[];
}

/** Told that everything up to this offset has been applied, passed over or set aside. */
export type Progress = (offset: string) => void;

/** How often a single event may fail before it is set aside, with the tries as part of a batch not counted. */
const SINGLE_ATTEMPTS = 3;

const handled = counter("events_handled", "Events by outcome: applied, unknown, duplicate");
const retried = counter("events_retried", "Calls of a handler that failed, by kind of failure");
const handleSeconds = latency("events_handle_seconds", "Calls of a handler");
const delaySeconds = latency("events_delay_seconds", "From an event's time to its application");
const batchSizes = sizes("events_batch_size", "Events in one call of a handler");

/** The world is not ready (database away, Kafka away): everything after the last progress has to come again later. */
export class TryLater extends Error {
  readonly code = "try_later";
}

/** One event with the message it came in, which the dead letter queue needs. */
interface Item {
  readonly event: IncomingEvent;
  readonly raw: KafkaMessage;
}

/**
 * What happens to messages of one partition, from the outside in:
 *
 * 1. dead letter: what can never be applied is set aside, and the rest goes on
 * 2. retry: a failed batch is tried again; if it fails for good it is halved, down to the one event that is at fault
 * 3. timeout: a handler that hangs is given up
 * 4. metrics
 * 5. trace: the batch becomes part of the traces its events came from
 * 6. decode: headers and Protobuf, types that are not ours passed over
 * 7. apply: the handler
 *
 * (Decoding happens before the others because they work on events, and feeds the dead letter stage.)
 */
export class Pipeline {
  readonly #options: PipelineOptions;
  readonly #decoder: Decoder;
  readonly #log: Log;
  /** What has been set aside of messages that come again because others of them had to wait. */
  readonly #done = new Set<string>();

  constructor(options: PipelineOptions) {
    this.#options = options;
    this.#decoder = new Decoder(options.handler.types);
    this.#log = options.log;
  }

  /**
   * @param messages of one partition, in order.
   * @throws TryLater: deliver everything after the last progress again.
   */
  async process(
    topic: string,
    partition: number,
    messages: readonly KafkaMessage[],
    progress: Progress,
  ): Promise<void> {
    const last = messages.at(-1);
    if (last === undefined) return;
    const decoded = messages
      .filter(({ offset }) => !this.#done.has(place(topic, partition, offset)))
      .map((raw) => this.#decoder.decode(topic, partition, raw));
    try {
      await this.#setAsideUndecodable(topic, partition, decoded);
      await this.#apply(this.#eventsOf(decoded), progress);
    } catch (error) {
      throw error instanceof TryLater ? error : new TryLater(describe(error), { cause: error });
    }
    for (const { offset } of messages) this.#done.delete(place(topic, partition, offset));
    progress(last.offset);
  }

  async #setAsideUndecodable(topic: string, partition: number, decoded: readonly Decoded[]): Promise<void> {
    const letters = decoded.flatMap((item) =>
      item.kind === "undecodable"
        ? [{ topic, partition, raw: item.raw, reason: "undecodable" as const, error: item.reason, attempts: 1 }]
        : [],
    );
    await this.#put(letters);
  }

  /** Once each: while the database is away the same messages are delivered over and over. */
  async #put(letters: readonly DeadLetter[]): Promise<void> {
    await this.#options.deadLetters.put(letters);
    for (const { topic, partition, raw } of letters) this.#done.add(place(topic, partition, raw.offset));
  }

  #eventsOf(decoded: readonly Decoded[]): Item[] {
    const seen = new Set<string>();
    const items: Item[] = [];
    for (const item of decoded) {
      if (item.kind === "unknown") {
        this.#count("unknown", 1, { type: item.type.slice(0, 128) });
      } else if (item.kind === "event") {
        // CloudEvents: an id is unique within its source only.
        const identity = JSON.stringify([item.event.source, item.event.id]);
        if (seen.has(identity)) this.#count("duplicate", 1);
        else items.push({ event: item.event, raw: item.raw });
        seen.add(identity);
      }
    }
    return items;
  }

  /** Stages 1 and 2. */
  async #apply(items: readonly Item[], progress: Progress): Promise<void> {
    const first = items[0];
    const last = items.at(-1);
    if (first === undefined || last === undefined) return;
    const failure = await this.#attempts(items);
    if (failure === undefined) {
      progress(last.event.offset);
      return;
    }
    const { error, attempts } = failure;
    const poison = error instanceof PoisonEvent ? items.find(({ event }) => event.id === error.eventId) : undefined;
    if (poison !== undefined) {
      await this.#setAside(poison, "poison", error, attempts);
      await this.#apply(
        items.filter((item) => item !== poison),
        progress,
      );
    } else if (items.length > 1) {
      this.#log.warn({ err: error, events: items.length, topic: first.event.topic }, "batch failed, halving it");
      const middle = Math.ceil(items.length / 2);
      await this.#apply(items.slice(0, middle), progress);
      await this.#apply(items.slice(middle), progress);
    } else {
      await this.#setAside(first, "failed", error, attempts);
      progress(first.event.offset);
    }
  }

  /** The failure that ended the attempts, undefined when one succeeded. */
  async #attempts(items: readonly Item[]): Promise<{ error: unknown; attempts: number } | undefined> {
    const delays = this.#options.retryDelaysMs ?? [50, 250];
    const allowed = items.length === 1 ? SINGLE_ATTEMPTS : 2;
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#call(items.map(({ event }) => event));
        return undefined;
      } catch (error) {
        if (isAway(error)) {
          retried.add(1, { group: this.#options.groupId, kind: "away" });
          throw new TryLater(describe(error), { cause: error });
        }
        const poison = error instanceof PoisonEvent;
        retried.add(1, { group: this.#options.groupId, kind: poison ? "poison" : "failed" });
        if (poison || attempt >= allowed) return { error, attempts: attempt };
        await pause(delays[Math.min(attempt - 1, delays.length - 1)] ?? 0);
      }
    }
  }

  /** Stages 3 to 5 around 7. */
  async #call(events: IncomingEvent[]): Promise<void> {
    const group = this.#options.groupId;
    const started = performance.now();
    batchSizes.record(events.length, { group });
    let outcome = "ok";
    try {
      await traced(group, events, () => this.#inTime(events));
    } catch (error) {
      outcome = "error";
      throw error;
    } finally {
      handleSeconds.record((performance.now() - started) / 1_000, { group, outcome });
    }
    this.#count("applied", events.length);
    const now = Date.now();
    for (const event of events) delaySeconds.record(Math.max(0, now - event.time.getTime()) / 1_000, { group });
  }

  async #inTime(events: IncomingEvent[]): Promise<void> {
    const limit = this.#options.handlerTimeoutMs ?? 60_000;
    const controller = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        controller.abort();
        // Counts against the event: what is away reports itself much sooner.
        reject(new CodedError("handler_timeout", { message: `the handler took longer than ${limit} ms` }));
      }, limit);
    });
    try {
      await Promise.race([this.#options.handler.handle(events, controller.signal), timeout]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #setAside(item: Item, reason: "poison" | "failed", error: unknown, attempts: number): Promise<void> {
    const { topic, partition } = item.event;
    await this.#options.deadLetters.put([
      { topic, partition, raw: item.raw, reason, error: describe(error), attempts },
    ]);
  }

  #count(outcome: string, count: number, more: Record<string, string> = {}): void {
    handled.add(count, { group: this.#options.groupId, outcome, ...more });
  }
}

/**
 * Failures of the surroundings, not of the event: retried for as long as they last and never a reason to set an event
 * aside. Everything else counts against the event.
 */
function isAway(error: unknown): boolean {
  return error instanceof ServiceUnavailable || (!(error instanceof CodedError) && isTransient(error));
}

function place(topic: string, partition: number, offset: string): string {
  return `${topic}/${partition}/${offset}`;
}

function describe(error: unknown): string {
  if (error instanceof PoisonEvent) return error.reason;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
