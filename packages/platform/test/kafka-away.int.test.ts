/** The broker breaks its connections, goes away or falls silent, and comes back: nobody has to be restarted. */
import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import { create, createRegistry, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  file_stipend_membership_v1_events,
  MembershipExpiringSchema,
} from "@stipend/proto/events/membership/v1/events";
import { eventually } from "@stipend/testing/eventually";
import type { Kafka } from "kafkajs";
import { v7 as uuidv7 } from "uuid";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock } from "../src/clock/clock.ts";
import { createKafka } from "../src/kafka/client.ts";
import { EventConsumer } from "../src/kafka/consumer.ts";
import { type IncomingEvent, messageOf, type OutgoingEvent } from "../src/kafka/events.ts";
import { EventProducer } from "../src/kafka/producer.ts";
import { topicEnsurer, topicName } from "../src/kafka/topics.ts";
import type { Part } from "../src/lifecycle/lifecycle.ts";
import { silentLog } from "../src/log/log.ts";
import { Database } from "../src/mysql/database.ts";
import { OutboxRelay } from "../src/outbox/relay.ts";
import { engines, testSchema } from "./support/engines.ts";
import { TestProxy } from "./support/proxy.ts";
import { deleteTopics, readTopic } from "./support/read-topic.ts";

const log = silentLog();
const parts: Part[] = [];
let direct: Kafka;
let viaProxy: Kafka;
let proxy: TestProxy;
let prefix: string;
let topic: string;
let ensureTopics: () => Promise<void>;

beforeEach(async () => {
  const brokers = engines().kafkaBrokers.split(",");
  prefix = `t${randomBytes(4).toString("hex")}`;
  topic = topicName(prefix, "membership.v1");
  direct = createKafka({ brokers, clientId: "direct", log });
  proxy = new TestProxy(`kafka://${brokers[0]}`);
  await proxy.open();
  viaProxy = createKafka({
    brokers,
    clientId: "via-proxy",
    log,
    socketFactory: ({ onConnect }) => connect({ host: "127.0.0.1", port: proxy.port }, onConnect),
  });
  ensureTopics = topicEnsurer(viaProxy, { topics: [topic], partitions: 1, replication: 1 }, log);
});

afterEach(async () => {
  for (const part of parts.splice(0).reverse()) await part.stop?.();
  await proxy.close();
  await deleteTopics(direct, prefix);
});

function event(days: number): OutgoingEvent {
  return {
    id: uuidv7(),
    type: MembershipExpiringSchema.typeName,
    source: "/test",
    subject: "alice",
    time: new Date(),
    topic,
    data: toBinary(MembershipExpiringSchema, create(MembershipExpiringSchema, { userId: "alice", daysLeft: days })),
  };
}

const daysOf = (incoming: IncomingEvent) => messageOf(incoming, MembershipExpiringSchema)?.daysLeft ?? -1;

async function part<P extends Part>(made: P): Promise<P> {
  parts.push(made);
  await made.start?.();
  return made;
}

function sender(kafka: Kafka): Promise<EventProducer> {
  return part(new EventProducer({ kafka, log, ensureTopics }));
}

function receiver(seen: number[]): Promise<EventConsumer> {
  const handle = async (batch: IncomingEvent[]) => void seen.push(...batch.map(daysOf));
  return part(
    new EventConsumer({
      kafka: viaProxy,
      groupId: `${prefix}.group`,
      topics: [topic],
      log,
      ensureTopics,
      sessionTimeoutMs: 6_000,
      handler: { types: [MembershipExpiringSchema], handle },
    }),
  );
}

async function reached(producer: EventProducer, days: number): Promise<void> {
  await eventually(() => producer.publish([event(days)]), { timeoutMs: 20_000, everyMs: 200 });
}

describe("Kafka away at boot", () => {
  it("lets everything start, creates the topics when it comes, and delivers", async () => {
    await proxy.close();
    const seen: number[] = [];
    const producer = await sender(viaProxy);
    const consumer = await receiver(seen);
    await expect(producer.publish([event(1)])).rejects.toMatchObject({ code: "events_unavailable" });
    expect(consumer.ready()).toBe(false);
    expect(producer.ready()).toBe(false);
    await proxy.open();
    await reached(producer, 2);
    await eventually(() => expect(seen).toEqual([2]), { timeoutMs: 20_000 });
    expect(consumer.ready()).toBe(true);
    expect(producer.ready()).toBe(true);
  }, 60_000);
});

describe("Kafka away for a while", () => {
  it("is survived by producer and consumer", async () => {
    const seen: number[] = [];
    const producer = await sender(viaProxy);
    const consumer = await receiver(seen);
    await reached(producer, 1);
    await eventually(() => expect(seen).toEqual([1]));
    await proxy.close();
    await expect(producer.publish([event(-1)])).rejects.toMatchObject({ code: "events_unavailable" });
    await eventually(() => expect(consumer.ready()).toBe(false), { timeoutMs: 30_000 });
    await proxy.open();
    await reached(producer, 2);
    // The one that was refused may have been written all the same: that is what "may or may not be there" means.
    await eventually(() => expect(seen.filter((n) => n > 0)).toEqual([1, 2]), { timeoutMs: 30_000 });
    await eventually(() => expect(consumer.ready()).toBe(true));
  }, 90_000);

  it("is survived when connections merely break", async () => {
    const seen: number[] = [];
    const producer = await sender(viaProxy);
    await receiver(seen);
    await reached(producer, 1);
    await eventually(() => expect(seen).toEqual([1]));
    proxy.cut();
    await reached(producer, 2);
    await eventually(() => expect(seen).toEqual([1, 2]), { timeoutMs: 30_000 });
  }, 60_000);

  it("is survived when it falls silent instead", async () => {
    const seen: number[] = [];
    const producer = await sender(viaProxy);
    const consumer = await receiver(seen);
    await reached(producer, 1);
    await eventually(() => expect(seen).toEqual([1]));
    proxy.freeze();
    await eventually(() => expect(consumer.ready()).toBe(false), { timeoutMs: 40_000 });
    proxy.thaw();
    const other = await sender(direct);
    await reached(other, 2);
    await eventually(() => expect(seen).toContain(2), { timeoutMs: 40_000 });
  }, 120_000);

  it("makes the outbox wait, and every row arrive in order when it is back", async () => {
    const schema = await testSchema();
    const db = new Database({ url: schema.url, log });
    try {
      const producer = await sender(viaProxy);
      const relay = await part(
        new OutboxRelay({
          db,
          producer,
          registry: createRegistry(file_stipend_membership_v1_events),
          source: "/test",
          topicPrefix: prefix,
          log,
          clock: systemClock,
        }),
      );
      const write = (days: number) =>
        db.call("WriteEvents", [{ id: uuidv7(), user: "alice", days }], new Date(), undefined);
      await ensureTopics();
      await write(0);
      relay.nudge();
      await readTopic(direct, topic, 1);
      await proxy.close();
      for (let days = 1; days <= 50; days++) {
        await write(days);
        relay.nudge();
      }
      await eventually(() => expect(relay.state().ok).toBe(false), { timeoutMs: 20_000 });
      await proxy.open();
      const messages = await eventually(() => readTopic(direct, topic, 51, 5_000), { timeoutMs: 40_000 });
      // A row may have come twice, but none before its turn.
      const days = [...new Set(messages.map(({ value }) => fromBinary(MembershipExpiringSchema, value).daysLeft))];
      expect(days).toEqual(Array.from({ length: days.length }, (_, i) => i));
      await eventually(async () => {
        const [stats] = await db.call<{ pending: number }>("OutboxStats");
        expect(stats?.pending).toBe(0);
      });
    } finally {
      for (const started of parts.splice(0).reverse()) await started.stop?.();
      await db.stop();
      await schema.drop();
    }
  }, 90_000);
});
