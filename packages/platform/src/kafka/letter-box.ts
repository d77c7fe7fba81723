import type { Kafka } from "kafkajs";
import { INBOX_RETENTION_MS } from "../inbox/retention.ts";
import { DLQ, type Letter, letterOf, replayMarkOf } from "./letter.ts";
import type { EventProducer, RawMessage } from "./producer.ts";
import { readTail } from "./tail.ts";
import { dlqName, TOPIC_RETENTION_MS } from "./topics.ts";

export interface LetterBoxOptions {
  readonly kafka: Kafka;
  /** Only for replay. */
  readonly producer?: Pick<EventProducer, "send">;
  /** Begins every topic of this installation: "stipend". */
  readonly topicPrefix: string;
  /** At most so many of the newest messages of each partition are looked at, marks included. Default 10,000. */
  readonly perPartition?: number;
  /** For one topic. Default 30,000 ms. */
  readonly timeoutMs?: number;
}

export interface Letters {
  /** Oldest first. */
  readonly letters: readonly Letter[];
  /** Topics with more messages than were looked at: what is older is not told of. */
  readonly cut: readonly string[];
}

/**
 * True when groups that applied this event long ago may have forgotten it by now and would apply it again. Counted from
 * the day they may have met it: a slow group can set aside what others applied a topic's life before.
 */
export function mayBeForgotten(letter: Letter, now: Date): boolean {
  return now.getTime() - letter.time.getTime() > INBOX_RETENTION_MS - TOPIC_RETENTION_MS;
}

/** Letters sent again, and their marks written, before the next ones are: what a crash may leave unmarked. */
const CHUNK = 100;

/**
 * What lies in the dead letter topics, and the way back.
 *
 * A replay puts the message into the topic it came from, as it was, and then writes a mark into the dead letter topic
 * beside the letter; a letter with a mark is no longer open. Marks live as long as letters do, in the same place, and
 * no other store can disagree with them. A crash between the two leaves a letter that was sent but still counts as open;
 * sent again it does no harm, because every consumer applies an event (ce_source, ce_id) once.
 */
export class LetterBox {
  readonly #options: LetterBoxOptions;

  constructor(options: LetterBoxOptions) {
    this.#options = options;
  }

  /**
   * @param topic full name of the topic the letters came from; left out: every topic of the installation.
   * @throws Error when a topic can't be read in time, rather than tell less than there is.
   */
  async read(topic?: string): Promise<Letters> {
    const topics = topic === undefined ? await this.#dlqTopics() : [dlqName(topic)];
    const found = { letters: [] as Letter[], cut: [] as string[] };
    for (const dlq of topics) {
      const { letters, cut } = await this.#readOne(dlq);
      found.letters.push(...letters);
      if (cut) found.cut.push(dlq);
    }
    found.letters.sort((a, b) => a.time.getTime() - b.time.getTime());
    return found;
  }

  /**
   * Sends each message to the topic it came from, those of one partition in the order they stood in there, and marks its
   * letters. Several letters of one message (each consumer group sets it aside for itself) send it once.
   *
   * @param by who does it, for the mark.
   * @returns how many messages were sent.
   * @throws EventsUnavailable, after which the same call is right.
   */
  async replay(letters: readonly Letter[], by: string, now: Date): Promise<number> {
    const { producer } = this.#options;
    if (producer === undefined) throw new Error("a letter box without a producer cannot replay");
    const byOrigin = Map.groupBy(
      letters,
      (letter) => `${letter.topic}/${letter.origin.partition}/${letter.origin.offset}`,
    );
    const messages = [...byOrigin.values()].sort((a, b) => compareOrigins(a[0], b[0]));
    for (let at = 0; at < messages.length; at += CHUNK) {
      const chunk = messages.slice(at, at + CHUNK);
      await producer.send(chunk.flatMap(([first]) => (first === undefined ? [] : [original(first)])));
      await producer.send(chunk.flat().map((letter) => mark(letter, by, now)));
    }
    return messages.length;
  }

  async #dlqTopics(): Promise<readonly string[]> {
    const admin = this.#options.kafka.admin();
    await admin.connect();
    try {
      const mine = (name: string): boolean => name.startsWith(`${this.#options.topicPrefix}.`) && name.endsWith(".dlq");
      return (await admin.listTopics()).filter(mine).sort();
    } finally {
      await admin.disconnect();
    }
  }

  async #readOne(dlq: string): Promise<{ letters: readonly Letter[]; cut: boolean }> {
    const { kafka, perPartition = 10_000, timeoutMs = 30_000 } = this.#options;
    const messages = await readTail({ kafka, topic: dlq, perPartition, timeoutMs });
    const marks = new Map(messages.flatMap(({ partition, raw }) => replayMarkOf(partition, raw)));
    const letters = messages.flatMap(({ partition, raw }) => {
      const letter = letterOf(dlq, partition, raw);
      if (letter === undefined) return [];
      const replayed = marks.get(`${partition}/${raw.offset}`);
      return [replayed === undefined ? letter : { ...letter, replayed }];
    });
    const full = [...Map.groupBy(messages, ({ partition }) => partition).values()];
    return { letters, cut: full.some((part) => part.length >= perPartition && BigInt(part[0]?.raw.offset ?? 0) > 0n) };
  }
}

function compareOrigins(a: Letter | undefined, b: Letter | undefined): number {
  if (a === undefined || b === undefined) return 0;
  if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1;
  if (a.origin.partition !== b.origin.partition) return a.origin.partition - b.origin.partition;
  return Number(BigInt(a.origin.offset) - BigInt(b.origin.offset));
}

/** The message as it was: its own key, value and headers, to its own topic; the key finds its partition again. */
function original(letter: Letter): RawMessage {
  return {
    topic: letter.topic,
    key: letter.key,
    value: letter.value,
    headers: letter.headers,
    ...(letter.key === null ? { partition: letter.origin.partition } : {}),
  };
}

function mark(letter: Letter, by: string, now: Date): RawMessage {
  return {
    topic: letter.dlq,
    partition: letter.partition,
    key: letter.key,
    value: null,
    headers: {
      [DLQ.replayedOffset]: letter.offset,
      [DLQ.replayedTime]: now.toISOString(),
      [DLQ.replayedBy]: by,
    },
  };
}
