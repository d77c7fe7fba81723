/** What a system leaves on engines that it was given by URL. Its own engines need none of this: their data goes with the home. */
import { SCHEMA_SERVICES, schemaNames } from "@stipend/local/services/schemas";
import type { Settings } from "@stipend/local/settings";
import { patchKafkajs } from "@stipend/platform/kafka/kafkajs-patch";
import { deprovision } from "@stipend/platform/mysql/provision";
import { Redis } from "ioredis";
import { Kafka, logLevel } from "kafkajs";

async function dropSchemas(adminUrl: string, namespace: string): Promise<void> {
  for (const service of SCHEMA_SERVICES) await deprovision(adminUrl, schemaNames(namespace, service));
}

async function deleteTopics(brokers: string, namespace: string): Promise<void> {
  patchKafkajs();
  const kafka = new Kafka({ clientId: "stipend-testing", brokers: brokers.split(","), logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  try {
    const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(`${namespace}.`));
    if (topics.length > 0) await admin.deleteTopics({ topics });
  } finally {
    await admin.disconnect();
  }
}

async function deleteKeys(redisUrl: string, namespace: string): Promise<void> {
  const redis = new Redis(redisUrl);
  try {
    for await (const keys of redis.scanStream({ match: `${namespace}:*`, count: 500 })) {
      if (Array.isArray(keys) && keys.length > 0) await redis.unlink(...(keys as string[]));
    }
  } finally {
    redis.disconnect();
  }
}

/** Removes the schemas, users, topics and keys of this system's namespace from engines given by URL. */
export async function cleanGivenEngines({ given, namespace }: Settings): Promise<void> {
  if (given.mysqlAdminUrl) await dropSchemas(given.mysqlAdminUrl, namespace);
  if (given.kafkaBrokers) await deleteTopics(given.kafkaBrokers, namespace);
  if (given.redisUrl) await deleteKeys(given.redisUrl, namespace);
}
