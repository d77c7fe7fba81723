import type { Admin, Kafka } from "kafkajs";

/** How many groups are asked about at most: instances of the gateway come and go with groups of their own. */
const MAX_GROUPS = 100;

export interface GroupLag {
  /** With the installation's prefix. */
  readonly group: string;
  /** Without it. */
  readonly name: string;
  /** Not read yet. */
  readonly messages: number;
  readonly topics: readonly { readonly topic: string; readonly messages: number }[];
}

export interface Letters {
  readonly topic: string;
  /** There now. */
  readonly messages: number;
  /** That ever came. */
  readonly ever: number;
}

export interface KafkaWatchOptions {
  readonly kafka: Kafka;
  readonly groupPrefix: string;
  readonly topicPrefix: string;
}

/** Looks at Kafka from outside: how far groups are behind, and what lies in the dead letter topics. */
export class KafkaWatch {
  readonly name = "kafka-watch";
  readonly #options: KafkaWatchOptions;
  #admin: Admin | undefined;

  constructor(options: KafkaWatchOptions) {
    this.#options = options;
  }

  /** Of every group of this installation whose name is wanted. @throws Error while Kafka is away. */
  async lags(wanted: (name: string) => boolean): Promise<readonly GroupLag[]> {
    return await this.#asking(async (admin) => {
      const prefix = `${this.#options.groupPrefix}.`;
      const { groups } = await admin.listGroups();
      const names = groups
        .map(({ groupId }) => groupId)
        .filter((id) => id.startsWith(prefix) && wanted(id.slice(prefix.length)))
        .slice(0, MAX_GROUPS);
      const ends = new Map<string, ReadonlyMap<number, bigint>>();
      const lags: GroupLag[] = [];
      for (const group of names) {
        const topics: { topic: string; messages: number }[] = [];
        for (const { topic, partitions } of await admin.fetchOffsets({ groupId: group })) {
          if (!topic.startsWith(`${this.#options.topicPrefix}.`)) continue;
          const end = ends.get(topic) ?? (await endsOf(admin, topic));
          ends.set(topic, end);
          const messages = partitions.reduce(
            (sum, { partition, offset }) => sum + behind(end.get(partition), offset),
            0,
          );
          topics.push({ topic, messages });
        }
        const messages = topics.reduce((sum, each) => sum + each.messages, 0);
        lags.push({ group, name: group.slice(prefix.length), messages, topics });
      }
      return lags;
    });
  }

  /** Of every dead letter topic of this installation. @throws Error while Kafka is away. */
  async deadLetters(): Promise<readonly Letters[]> {
    return await this.#asking(async (admin) => {
      const topics = (await admin.listTopics()).filter(
        (topic) => topic.startsWith(`${this.#options.topicPrefix}.`) && topic.endsWith(".dlq"),
      );
      const letters: Letters[] = [];
      for (const topic of topics) {
        const offsets = await admin.fetchTopicOffsets(topic);
        const messages = offsets.reduce((sum, { high, low }) => sum + Number(BigInt(high) - BigInt(low)), 0);
        letters.push({ topic, messages, ever: offsets.reduce((sum, { high }) => sum + Number(high), 0) });
      }
      return letters;
    });
  }

  async stop(): Promise<void> {
    const admin = this.#admin;
    this.#admin = undefined;
    await admin?.disconnect().catch(() => undefined);
  }

  /** One connection, made when it is needed; after a failure a new one. */
  async #asking<T>(ask: (admin: Admin) => Promise<T>): Promise<T> {
    try {
      if (this.#admin === undefined) {
        const admin = this.#options.kafka.admin();
        await admin.connect();
        this.#admin = admin;
      }
      return await ask(this.#admin);
    } catch (error) {
      await this.stop();
      throw error;
    }
  }
}

async function endsOf(admin: Admin, topic: string): Promise<ReadonlyMap<number, bigint>> {
  const offsets = await admin.fetchTopicOffsets(topic);
  return new Map(offsets.map(({ partition, high }) => [partition, BigInt(high)]));
}

/** A partition of which nothing was committed is read from its beginning, whose messages may be gone: it does not count. */
function behind(end: bigint | undefined, committed: string): number {
  if (end === undefined || BigInt(committed) < 0n) return 0;
  const messages = end - BigInt(committed);
  return messages > 0n ? Number(messages) : 0;
}
