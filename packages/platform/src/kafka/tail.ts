import { randomUUID } from "node:crypto";
import type { Admin, Consumer, EachBatchPayload, Kafka, KafkaMessage } from "kafkajs";

export interface TailOptions {
  readonly kafka: Kafka;
  /** Full name; a topic that does not exist has no messages. */
  readonly topic: string;
  /** At most so many of the newest messages of each partition. */
  readonly perPartition: number;
  /** Rejects after this long, rather than answer with less than there is. */
  readonly timeoutMs: number;
}

export interface TailMessage {
  readonly partition: number;
  readonly raw: KafkaMessage;
}

interface Stretch {
  readonly partition: number;
  readonly from: bigint;
  /** Exclusive. */
  readonly to: bigint;
}

/** Between tries to join a group: a fresh broker takes some seconds to have a coordinator. */
const JOIN_AGAIN_MS = 200;

/**
 * The newest messages of a topic as they are now, read on demand: in order within a partition, nothing is committed
 * and no consumer group stays behind.
 */
export async function readTail(options: TailOptions): Promise<TailMessage[]> {
  const { kafka, topic } = options;
  const admin = kafka.admin();
  await admin.connect();
  try {
    if (!(await admin.listTopics()).includes(topic)) return [];
    return await tried(options.timeoutMs, async (leftMs) => {
      // A topic that was just made may have no leader yet.
      const stretches = (await admin.fetchTopicOffsets(topic)).flatMap((offsets) =>
        stretchOf(offsets.partition, BigInt(offsets.low), BigInt(offsets.high), BigInt(options.perPartition)),
      );
      return stretches.length === 0 ? [] : await readOnce(admin, stretches, { ...options, timeoutMs: leftMs });
    });
  } finally {
    await admin.disconnect();
  }
}

/** Again until the time is over, as long as what fails is the kind that passes. kafkajs gives up joining at once for some of it. */
async function tried<T>(timeoutMs: number, attempt: (leftMs: number) => Promise<T>): Promise<T> {
  const giveUpAt = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await attempt(giveUpAt - performance.now());
    } catch (error) {
      if (!passes(error) || performance.now() + JOIN_AGAIN_MS > giveUpAt) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, JOIN_AGAIN_MS));
  }
}

/** kafkajs marks them; its classes cannot be imported by name. */
function passes(error: unknown): boolean {
  return error instanceof Error && "retriable" in error && error.retriable === true;
}

async function readOnce(admin: Admin, stretches: readonly Stretch[], options: TailOptions): Promise<TailMessage[]> {
  const groupId = `tail-${randomUUID()}`;
  const consumer = options.kafka.consumer({ groupId, allowAutoTopicCreation: false });
  try {
    return await collect(consumer, stretches, options);
  } finally {
    await consumer.disconnect();
    await admin.deleteGroups([groupId]).catch(() => undefined);
  }
}

function stretchOf(partition: number, low: bigint, high: bigint, most: bigint): Stretch[] {
  const from = high - most > low ? high - most : low;
  return from < high ? [{ partition, from, to: high }] : [];
}

async function collect(
  consumer: Consumer,
  stretches: readonly Stretch[],
  { topic, timeoutMs }: TailOptions,
): Promise<TailMessage[]> {
  const found: TailMessage[] = [];
  const open = new Map(stretches.map((stretch) => [stretch.partition, stretch]));
  const { promise: complete, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => reject(new Error(`${topic} could not be read within ${timeoutMs} ms`)), timeoutMs);
  const take = ({ batch }: EachBatchPayload): Promise<void> => {
    const stretch = open.get(batch.partition);
    if (stretch === undefined) return Promise.resolve();
    for (const raw of batch.messages) {
      const offset = BigInt(raw.offset);
      if (offset >= stretch.from && offset < stretch.to) found.push({ partition: batch.partition, raw });
    }
    // Not the last message's offset: the end of a partition may hold offsets without messages.
    if (BigInt(batch.lastOffset()) >= stretch.to - 1n) open.delete(batch.partition);
    if (open.size === 0) resolve();
    return Promise.resolve();
  };
  try {
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
    await consumer.run({ autoCommit: false, eachBatch: take });
    // A crash in run is told by the event alone; without this look seek would complain of a group that is not there.
    await Promise.race([complete, Promise.resolve()]);
    for (const { partition, from } of stretches) consumer.seek({ topic, partition, offset: from.toString() });
    await complete;
    return found;
  } finally {
    clearTimeout(timer);
    complete.catch(() => undefined);
  }
}
