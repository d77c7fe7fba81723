import { randomBytes } from "node:crypto";
import type { Kafka } from "kafkajs";

export interface ReadBack {
  readonly key: string | undefined;
  readonly value: Buffer;
  readonly headers: Record<string, string>;
  readonly partition: number;
  readonly offset: string;
}

/** The first messages of a topic, order kept within each partition. Rejects when they do not come in time. */
export async function readTopic(kafka: Kafka, topic: string, count: number, timeoutMs = 15_000): Promise<ReadBack[]> {
  const consumer = kafka.consumer({ groupId: `read-${randomBytes(6).toString("hex")}`, maxWaitTimeInMs: 100 });
  const messages: ReadBack[] = [];
  const enough = Promise.withResolvers<void>();
  const timer = setTimeout(
    () => enough.reject(new Error(`only ${messages.length} of ${count} messages came on ${topic}`)),
    timeoutMs,
  );
  try {
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachMessage: async ({ message, partition }) => {
        messages.push({
          key: message.key?.toString(),
          value: message.value ?? Buffer.alloc(0),
          headers: Object.fromEntries(
            Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)]),
          ),
          partition,
          offset: message.offset,
        });
        if (messages.length >= count) enough.resolve();
      },
    });
    await enough.promise;
    return messages;
  } finally {
    clearTimeout(timer);
    await consumer.disconnect();
  }
}

export async function deleteTopics(kafka: Kafka, prefix: string): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  const topics = (await admin.listTopics()).filter((name) => name.startsWith(`${prefix}.`));
  if (topics.length > 0) await admin.deleteTopics({ topics });
  await admin.disconnect();
}
