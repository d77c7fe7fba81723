import type { KafkaMessage } from "kafkajs";
import type { Log } from "../log/log.ts";
import { counter } from "../telemetry/metrics.ts";
import { headerText } from "./decode.ts";
import { HEADERS } from "./events.ts";
import { DLQ } from "./letter.ts";
import type { EventProducer } from "./producer.ts";
import { dlqName } from "./topics.ts";

export interface DeadLetter {
  readonly topic: string;
  readonly partition: number;
  readonly raw: KafkaMessage;
  /** undecodable, poison, failed. */
  readonly reason: "undecodable" | "poison" | "failed";
  readonly error: string;
  readonly attempts: number;
}

const deadLetters = counter("events_dead_lettered", "Messages that could not be applied");

/** Longest error text in a header. */
const MAX_ERROR = 1_000;

/**
 * Sends messages to `<topic>.dlq` as they were, with headers that say where they stood and why they are there. Without
 * a producer (a consumer that may miss events) they are counted, logged and passed over.
 */
export class DeadLetterQueue {
  readonly #producer: EventProducer | undefined;
  readonly #groupId: string;
  readonly #log: Log;

  constructor(options: { producer: EventProducer | undefined; groupId: string; log: Log }) {
    this.#producer = options.producer;
    this.#groupId = options.groupId;
    this.#log = options.log;
  }

  /** @throws EventsUnavailable: the messages must then not be passed over. */
  async put(letters: readonly DeadLetter[]): Promise<void> {
    if (letters.length === 0) return;
    await this.#producer?.send(letters.map((letter) => this.#message(letter)));
    for (const { topic, partition, raw, reason, error, attempts } of letters) {
      deadLetters.add(1, { group: this.#groupId, topic, reason });
      const eventId = headerText(raw.headers, HEADERS.id);
      this.#log.error({ topic, partition, offset: raw.offset, eventId, reason, error, attempts }, "event set aside");
    }
  }

  #message(letter: DeadLetter) {
    const { raw } = letter;
    return {
      topic: dlqName(letter.topic),
      key: raw.key,
      value: raw.value,
      headers: {
        ...raw.headers,
        [DLQ.reason]: letter.reason,
        [DLQ.error]: letter.error.slice(0, MAX_ERROR),
        [DLQ.topic]: letter.topic,
        [DLQ.partition]: String(letter.partition),
        [DLQ.offset]: raw.offset,
        [DLQ.attempts]: String(letter.attempts),
        [DLQ.group]: this.#groupId,
        [DLQ.time]: new Date().toISOString(),
      },
    };
  }
}
