import type { Admin, ITopicConfig, Kafka } from "kafkajs";
import type { Log } from "../log/log.ts";

/** The full name of a logical topic: "membership.v1" → "stipend.membership.v1". */
export function topicName(prefix: string, logical: string): string {
  return `${prefix}.${logical}`;
}

/** Where messages go that this topic's consumers could not apply. */
export function dlqName(topic: string): string {
  return `${topic}.dlq`;
}

export interface TopicPlan {
  /** Full names; each gets its dead letter topic as well. */
  readonly topics: readonly string[];
  /** Those of topics that never forget a message. */
  readonly forever?: readonly string[];
  readonly partitions: number;
  readonly replication: number;
}

/** How long a topic keeps what nobody may have read yet: a service may be away for a week. */
export const TOPIC_RETENTION_MS = 7 * 86_400_000;
const LEADER_TIMEOUT_MS = 10_000;
/** Dead letters wait for a person. */
const DLQ_RETENTION_MS = 90 * 86_400_000;

/** Creates the topics that do not exist; those that do are left as they are. Throws while Kafka is away. */
export async function ensureTopics(kafka: Kafka, plan: TopicPlan): Promise<void> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    const existing = new Set(await admin.listTopics());
    const missing = wanted(plan).filter(({ topic }) => !existing.has(topic));
    // Another service may be creating the same ones: kafkajs takes "exists already" for success (returns false).
    if (missing.length > 0) await admin.createTopics({ topics: missing, waitForLeaders: false, timeout: 10_000 });
    await untilLed(
      admin,
      wanted(plan).map(({ topic }) => topic),
    );
  } finally {
    await admin.disconnect();
  }
}

/** Until every partition has a leader, also of topics that another service is creating right now. */
async function untilLed(admin: Admin, topics: string[]): Promise<void> {
  const giveUpAt = performance.now() + LEADER_TIMEOUT_MS;
  for (;;) {
    try {
      const metadata = await admin.fetchTopicMetadata({ topics });
      if (metadata.topics.every(({ partitions }) => partitions.every(({ leader }) => leader >= 0))) return;
      if (performance.now() > giveUpAt) throw new Error("the topics have no leaders");
    } catch (error) {
      // A broker that has not heard of a topic yet says that it does not host it.
      if (performance.now() > giveUpAt) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function wanted(plan: TopicPlan): ITopicConfig[] {
  return plan.topics.flatMap((topic) => [
    config(topic, plan, plan.forever?.includes(topic) === true ? -1 : TOPIC_RETENTION_MS),
    config(dlqName(topic), plan, DLQ_RETENTION_MS),
  ]);
}

function config(topic: string, plan: TopicPlan, retentionMs: number): ITopicConfig {
  return {
    topic,
    numPartitions: plan.partitions,
    replicationFactor: plan.replication,
    configEntries: [
      { name: "retention.ms", value: String(retentionMs) },
      { name: "min.insync.replicas", value: String(Math.max(1, Math.ceil(plan.replication / 2))) },
    ],
  };
}

/**
 * ensureTopics that succeeds once and is then free; concurrent callers share one attempt. Handed to the producer and
 * the consumer, so that whoever reaches Kafka first creates the topics.
 */
export function topicEnsurer(kafka: Kafka, plan: TopicPlan, log: Log): () => Promise<void> {
  let done = false;
  let running: Promise<void> | undefined;
  return () => {
    if (done) return Promise.resolve();
    running ??= ensureTopics(kafka, plan)
      .then(() => {
        done = true;
        log.debug({ topics: plan.topics }, "topics exist");
      })
      .finally(() => {
        running = undefined;
      });
    return running;
  };
}
