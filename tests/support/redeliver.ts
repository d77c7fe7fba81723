import { createKafka } from "@stipend/platform/kafka/client";
import { createLog } from "@stipend/platform/log/log";
import { eventually } from "@stipend/testing/eventually";
import type { Admin, IHeaders, Kafka } from "kafkajs";

/** A message as it stands in a topic, or as it is to be put there; without a partition its key chooses one. */
export interface Recorded {
  readonly partition?: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: IHeaders;
}

/** Kafka as an outsider sees it: reads what a topic holds and puts the very same bytes in again. */
export class Redelivery {
  readonly #kafka: Kafka;
  readonly #topic: string;

  constructor(brokers: string, topic: string) {
    const log = createLog({ service: "tests", level: "silent" });
    this.#kafka = createKafka({ clientId: "stipend-tests", brokers: brokers.split(","), log });
    this.#topic = topic;
  }

  /** Every message of the topic with this key, oldest first. */
  async read(key: string): Promise<Recorded[]> {
    const admin = this.#kafka.admin();
    const consumer = this.#kafka.consumer({ groupId: `stipend-tests-${crypto.randomUUID()}` });
    const found: Recorded[] = [];
    try {
      await admin.connect();
      const missing = new Map(
        (await admin.fetchTopicOffsets(this.#topic))
          .filter(({ low, high }) => BigInt(high) > BigInt(low))
          .map(({ partition, high }) => [partition, BigInt(high)]),
      );
      if (missing.size === 0) return [];
      const { promise: done, resolve } = Promise.withResolvers<void>();
      await consumer.connect();
      await consumer.subscribe({ topic: this.#topic, fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachMessage: async ({ partition, message }) => {
          if (message.key?.toString() === key) {
            found.push({ partition, key: message.key, value: message.value, headers: message.headers ?? {} });
          }
          const end = missing.get(partition);
          if (end !== undefined && BigInt(message.offset) + 1n >= end) missing.delete(partition);
          if (missing.size === 0) resolve();
        },
      });
      await done;
      return found;
    } finally {
      await consumer.disconnect();
      await admin.disconnect();
    }
  }

  /**
   * Puts the messages in again, byte for byte, to the partitions they came from, and waits until every consumer group
   * whose name contains `reader` has committed past them.
   */
  async repeat(messages: readonly Recorded[], times: number, reader: string): Promise<void> {
    const producer = this.#kafka.producer();
    await producer.connect();
    try {
      for (let round = 0; round < times; round += 1) {
        await producer.send({ topic: this.#topic, acks: -1, messages: [...messages] });
      }
    } finally {
      await producer.disconnect();
    }
    await this.#readToTheEnd(reader);
  }

  /** Waits until the groups called like this have committed everything the topic holds now. */
  async #readToTheEnd(reader: string): Promise<void> {
    const admin = this.#kafka.admin();
    await admin.connect();
    try {
      const ends = (await admin.fetchTopicOffsets(this.#topic)).filter(({ high, low }) => BigInt(high) > BigInt(low));
      const { groups } = await admin.listGroups();
      const readers = groups.map((group) => group.groupId).filter((id) => id.includes(reader));
      await eventually(
        async () => {
          const read = await Promise.all(readers.map((groupId) => this.#committed(admin, groupId)));
          // A group of that name that never read this topic reads others.
          const concerned = read.filter((offsets) => offsets.size > 0);
          const done = concerned.every((at) => ends.every((end) => (at.get(end.partition) ?? -1n) >= BigInt(end.high)));
          if (concerned.length === 0 || !done) throw new Error(`${reader} has not read ${this.#topic} to its end`);
        },
        { timeoutMs: 20_000 },
      );
    } finally {
      await admin.disconnect();
    }
  }

  async #committed(admin: Admin, groupId: string): Promise<Map<number, bigint>> {
    const [read] = await admin.fetchOffsets({ groupId, topics: [this.#topic] });
    const committed = (read?.partitions ?? []).filter(({ offset }) => offset !== "-1");
    return new Map(committed.map(({ partition, offset }) => [partition, BigInt(offset)]));
  }
}
