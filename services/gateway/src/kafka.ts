import { randomUUID } from "node:crypto";
import { createKafka } from "@stipend/platform/kafka/client";
import { EventConsumer } from "@stipend/platform/kafka/consumer";
import type { EventHandler } from "@stipend/platform/kafka/pipeline";
import { EventProducer } from "@stipend/platform/kafka/producer";
import { topicEnsurer, topicName } from "@stipend/platform/kafka/topics";
import type { Part } from "@stipend/platform/lifecycle/lifecycle";
import type { Log } from "@stipend/platform/log/log";
import type { GatewayConfig } from "./config.ts";
import { liveEvents } from "./events/live-events.ts";
import type { LiveHub } from "./events/live-hub.ts";
import type { StaffHub } from "./events/staff-hub.ts";
import { staffNews } from "./events/staff-news.ts";

/** What the gateway writes to Kafka and reads from it. */
export function connectKafka(config: GatewayConfig, log: Log) {
  const topic = (logical: string) => topicName(config.STIPEND_TOPIC_PREFIX, logical);
  const instance = randomUUID();
  const kafka = createKafka({ brokers: config.STIPEND_KAFKA_BROKERS, clientId: `gateway-${instance}`, log });
  const live = [topic("credits.v1"), topic("membership.v1"), topic("alerts.v1"), topic("admin.v1")];
  const plan = {
    topics: [...live, topic("security.v1")],
    partitions: config.STIPEND_KAFKA_PARTITIONS,
    replication: config.STIPEND_KAFKA_REPLICATION,
  };
  const ensureTopics = topicEnsurer(kafka, plan, log);
  const groupId = `${config.STIPEND_GROUP_PREFIX}.gateway-${instance}`;
  return {
    topic,
    group: ephemeralGroup(kafka, groupId, log),
    producer: new EventProducer({ kafka, log, ensureTopics }),
    // A group of this process alone, from now on: every instance sees every event, and none of the past.
    consumer: (hub: LiveHub, staff: StaffHub) =>
      new EventConsumer({
        kafka,
        groupId,
        topics: live,
        handler: both(liveEvents(hub), staffNews(staff)),
        fromBeginning: false,
        // Streams that were open while nothing was heard may have missed something: their readers come again, and
        // begin with the state as it is then.
        onPlaced: () => {
          hub.closeAll();
          staff.closeAll();
        },
        log,
        ensureTopics,
      }),
  };
}

/** Each takes its own types out of the same batch. */
function both(one: EventHandler, other: EventHandler): EventHandler {
  return {
    types: [...one.types, ...other.types],
    handle: async (batch, signal) => {
      await one.handle(batch, signal);
      await other.handle(batch, signal);
    },
  };
}

/** Stops after its consumer: nobody will ever ask for this group again. After a crash Kafka forgets it by itself. */
function ephemeralGroup(kafka: ReturnType<typeof createKafka>, groupId: string, log: Log): Part {
  return {
    name: "live events group",
    async stop() {
      const admin = kafka.admin();
      try {
        await admin.connect();
        await admin.deleteGroups([groupId]);
      } catch (error) {
        log.debug({ err: error, groupId }, "the consumer group is left for Kafka to forget");
      } finally {
        await admin.disconnect().catch(() => undefined);
      }
    },
  };
}
