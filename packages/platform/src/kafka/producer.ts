import { type Span, SpanKind } from "@opentelemetry/api";
import { type IHeaders, type Kafka, Partitioners, type Producer } from "kafkajs";
import { ServiceUnavailable } from "../errors/coded.ts";
import type { Part } from "../lifecycle/lifecycle.ts";
import type { Log } from "../log/log.ts";
import { counter, latency } from "../telemetry/metrics.ts";
import { formatTraceparent, parseTraceparent, remoteContext, tracer } from "../telemetry/trace.ts";
import { headersOf, type OutgoingEvent } from "./events.ts";

export interface EventProducerOptions {
  readonly kafka: Kafka;
  readonly log: Log;
  readonly name?: string;
  /** Run before the first send: see topicEnsurer. */
  readonly ensureTopics?: () => Promise<void>;
}

/** A message as it goes to Kafka, for dead letters. */
export interface RawMessage {
  readonly topic: string;
  /** Left out: by the key. */
  readonly partition?: number;
  readonly key: Buffer | string | null;
  readonly value: Buffer | null;
  readonly headers: IHeaders;
}

/** Bytes sent in one request: well below the brokers' default of 1 MiB a batch. */
const MAX_REQUEST_BYTES = 512 * 1_024;
/** Bytes of one message; larger ones would be refused by the broker for ever. */
export const MAX_MESSAGE_BYTES = 900 * 1_024;
/** Messages waiting for their turn; more are refused. */
const MAX_WAITING = 20_000;
/** After a failure, sends are refused at once for this long instead of each waiting for its own timeout. */
const HOLD_OFF_MS = 500;

const published = counter("events_published", "Messages that Kafka has acknowledged");
const publishSeconds = latency("events_publish_seconds", "From the call of publish to the acknowledgement");

/** Kafka did not acknowledge; the messages may or may not be there. Sending them again is right: consumers dedupe. */
export class EventsUnavailable extends ServiceUnavailable {
  constructor(message: string, cause?: unknown) {
    super("events_unavailable", { message, cause });
  }
}

/**
 * Sends events in order, one request at a time, acks=all, idempotent. After any failed send the kafkajs producer is
 * thrown away and a new producer id taken: kafkajs would reuse the sequence numbers of the failed request for other
 * messages, and a broker that did write the first ones would drop the others as duplicates while acknowledging them.
 */
export class EventProducer implements Part {
  readonly name: string;
  readonly #options: EventProducerOptions;
  readonly #log: Log;
  #producer: Producer | undefined;
  #turn: Promise<void> = Promise.resolve();
  #waiting = 0;
  #heldOffUntil = 0;
  #down = false;
  #stopped = false;

  constructor(options: EventProducerOptions) {
    this.#options = options;
    this.#log = options.log;
    this.name = options.name ?? "kafka-producer";
  }

  /** Begins to connect and returns: Kafka may be away at boot. */
  async start(): Promise<void> {
    this.#inTurn(0, async () => {
      await this.#connected();
    }).catch((error: unknown) => this.#noteFailure(error));
    await Promise.resolve();
  }

  /** Whether the last attempt to reach Kafka succeeded. */
  ready(): boolean {
    return this.#producer !== undefined && !this.#down;
  }

  /**
   * Resolves when Kafka has all events. The spans of the sends continue each event's traceparent.
   *
   * @throws EventsUnavailable (`events_unavailable`): at once while Kafka is known to be away.
   */
  async publish(events: readonly OutgoingEvent[]): Promise<void> {
    if (events.length === 0) return;
    const started = performance.now();
    const spans = events.map((event) => startSpan(event));
    try {
      await this.send(
        events.map((event, index) => ({
          topic: event.topic,
          key: event.subject,
          value: Buffer.from(event.data.buffer, event.data.byteOffset, event.data.byteLength),
          headers: headersOf(event, traceparentOf(spans[index]) ?? event.traceparent),
        })),
      );
    } finally {
      for (const span of spans) span?.end();
      publishSeconds.record((performance.now() - started) / 1_000, { producer: this.name });
    }
  }

  /** publish for messages that are encoded already. */
  async send(messages: readonly RawMessage[]): Promise<void> {
    if (messages.length === 0) return;
    await this.#inTurn(messages.length, async () => {
      try {
        const producer = await this.#connected();
        for (const request of requestsOf(messages)) {
          await producer.sendBatch({ acks: -1, timeout: 5_000, topicMessages: byTopic(request) });
          published.add(request.length, { producer: this.name });
        }
        this.#noteSuccess();
      } catch (error) {
        this.#noteFailure(error);
        await this.#discard();
        throw new EventsUnavailable("Kafka did not take the events", error);
      }
    });
  }

  /** Waits for what has been handed over. */
  async drain(): Promise<void> {
    await this.#turn;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#turn;
    await this.#discard();
  }

  #inTurn(messages: number, task: () => Promise<void>): Promise<void> {
    if (this.#stopped) return Promise.reject(new EventsUnavailable("the producer has stopped"));
    if (this.#waiting + messages > MAX_WAITING) {
      return Promise.reject(new EventsUnavailable("too many events wait for Kafka"));
    }
    this.#waiting += messages;
    const result = this.#turn.then(async () => {
      try {
        if (messages > 0 && performance.now() < this.#heldOffUntil) throw new EventsUnavailable("Kafka is away");
        await task();
      } finally {
        this.#waiting -= messages;
      }
    });
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async #connected(): Promise<Producer> {
    if (this.#producer !== undefined) return this.#producer;
    const producer = this.#options.kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: Partitioners.DefaultPartitioner,
      // kafkajs would retry an idempotent send for ever; the relay and the callers decide that here.
      retry: { retries: 2, initialRetryTime: 100, maxRetryTime: 400 },
    });
    try {
      await this.#options.ensureTopics?.();
      await producer.connect();
    } catch (error) {
      await producer.disconnect().catch(() => undefined);
      throw error;
    }
    this.#producer = producer;
    return producer;
  }

  async #discard(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    await producer?.disconnect().catch((error: unknown) => this.#log.debug({ err: error }, "producer disconnect"));
  }

  #noteSuccess(): void {
    if (this.#down) this.#log.info({ producer: this.name }, "Kafka takes events again");
    this.#down = false;
  }

  #noteFailure(error: unknown): void {
    if (error instanceof EventsUnavailable) return;
    if (!this.#down) this.#log.warn({ err: error, producer: this.name }, "Kafka does not take events");
    this.#down = true;
    this.#heldOffUntil = performance.now() + HOLD_OFF_MS;
  }
}

/** Without a trace to continue there is no span: pollers would make one each for nobody. */
function startSpan(event: OutgoingEvent): Span | undefined {
  if (parseTraceparent(event.traceparent) === undefined) return undefined;
  const attributes = {
    "messaging.system": "kafka",
    "messaging.operation.type": "send",
    "messaging.destination.name": event.topic,
    "messaging.message.id": event.id,
    "cloudevents.event_type": event.type,
  };
  const options = { kind: SpanKind.PRODUCER, attributes };
  return tracer().startSpan(`send ${event.topic}`, options, remoteContext(event.traceparent));
}

function traceparentOf(span: Span | undefined): string | undefined {
  return span?.isRecording() === true ? formatTraceparent(span.spanContext()) : undefined;
}

function* requestsOf(messages: readonly RawMessage[]): Iterable<RawMessage[]> {
  let request: RawMessage[] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = (message.value?.length ?? 0) + 500;
    if (request.length > 0 && bytes + size > MAX_REQUEST_BYTES) {
      yield request;
      request = [];
      bytes = 0;
    }
    request.push(message);
    bytes += size;
  }
  if (request.length > 0) yield request;
}

function byTopic(messages: readonly RawMessage[]) {
  const topics = new Map<string, Omit<RawMessage, "topic">[]>();
  for (const { topic, ...message } of messages) {
    const list = topics.get(topic) ?? [];
    list.push(message);
    topics.set(topic, list);
  }
  return [...topics].map(([topic, list]) => ({ topic, messages: list }));
}
