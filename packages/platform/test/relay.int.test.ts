import { randomBytes } from "node:crypto";
import { createRegistry, fromBinary } from "@bufbuild/protobuf";
import {
  file_stipend_membership_v1_events,
  MembershipExpiringSchema,
} from "@stipend/proto/events/membership/v1/events";
import { eventually } from "@stipend/testing/eventually";
import type { FreshDatabase } from "@stipend/testing/fresh-database";
import type { Kafka } from "kafkajs";
import { v7 as uuidv7 } from "uuid";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { fixedClock, systemClock } from "../src/clock/clock.ts";
import { createKafka } from "../src/kafka/client.ts";
import type { OutgoingEvent } from "../src/kafka/events.ts";
import { EventProducer, EventsUnavailable } from "../src/kafka/producer.ts";
import { ensureTopics, topicName } from "../src/kafka/topics.ts";
import type { Part } from "../src/lifecycle/lifecycle.ts";
import { silentLog } from "../src/log/log.ts";
import { Database } from "../src/mysql/database.ts";
import { OutboxRelay, type OutboxRelayOptions } from "../src/outbox/relay.ts";
import { engines, testSchema } from "./support/engines.ts";
import { deleteTopics, type ReadBack, readTopic } from "./support/read-topic.ts";

const log = silentLog();
const registry = createRegistry(file_stipend_membership_v1_events);
const parts: Part[] = [];
let kafka: Kafka;
let prefix: string;
let schema: FreshDatabase;
let db: Database;
let owner: Database;

beforeAll(async () => {
  kafka = createKafka({ brokers: engines().kafkaBrokers.split(","), clientId: "relay-test", log });
});

beforeEach(async () => {
  prefix = `t${randomBytes(4).toString("hex")}`;
  await ensureTopics(kafka, { topics: [topic()], partitions: 3, replication: 1 });
  schema = await testSchema();
  db = new Database({ url: schema.url, log });
  owner = new Database({ url: schema.ownerUrl, log, poolSize: 2 });
});

afterEach(async () => {
  for (const part of parts.splice(0).reverse()) await part.stop?.();
  await db.stop();
  await owner.stop();
  await schema.drop();
  await deleteTopics(kafka, prefix);
});

const topic = () => topicName(prefix, "membership.v1");

function producer(): EventProducer {
  const made = new EventProducer({ kafka, log });
  parts.push(made);
  return made;
}

function relay(options: Partial<OutboxRelayOptions> = {}): OutboxRelay {
  const made = new OutboxRelay({
    db,
    producer: options.producer ?? producer(),
    registry,
    source: "/test",
    topicPrefix: prefix,
    log,
    clock: systemClock,
    ...options,
  });
  parts.push(made);
  return made;
}

async function write(events: { user: string; days: number; type?: string }[], traceparent?: string): Promise<string[]> {
  const rows = events.map((event) => ({ id: uuidv7(), ...event }));
  await db.call("WriteEvents", rows, new Date("2026-01-31T00:00:00.123Z"), traceparent);
  return rows.map((row) => row.id);
}

const daysOf = (message: ReadBack) => fromBinary(MembershipExpiringSchema, message.value).daysLeft;

async function unpublished(): Promise<number> {
  const [row] = await owner.query<{ n: number }>("SELECT COUNT(*) AS n FROM outbox WHERE published_at IS NULL");
  return row?.n ?? -1;
}

describe("publishing", () => {
  it("sends each row as a CloudEvent in binary mode and marks it", async () => {
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const [id] = await write([{ user: "alice", days: 7 }], traceparent);
    await relay({ clock: fixedClock("2026-02-01T00:00:00.000Z") }).start();
    const [message] = await readTopic(kafka, topic(), 1);
    expect(message?.key).toBe("alice");
    expect(message?.headers).toEqual({
      ce_specversion: "1.0",
      ce_id: id,
      ce_type: "stipend.membership.v1.MembershipExpiring",
      ce_source: "/test",
      ce_subject: "alice",
      ce_time: "2026-01-31T00:00:00.123Z",
      "content-type": "application/protobuf",
      traceparent,
    });
    expect(message === undefined ? undefined : daysOf(message)).toBe(7);
    await eventually(async () => {
      const [row] = await owner.query<{ published_at: Date }>("SELECT published_at FROM outbox");
      expect(row?.published_at).toEqual(new Date("2026-02-01T00:00:00.000Z"));
    });
  });

  it("keeps the order of each subject over many batches and several writers", async () => {
    const users = ["u1", "u2", "u3", "u4"];
    const running = relay({ batchSize: 50 });
    await running.start();
    await Promise.all(
      users.map(async (user) => {
        for (let round = 0; round < 10; round++) {
          await write(Array.from({ length: 12 }, (_, i) => ({ user, days: round * 12 + i })));
          running.nudge();
        }
      }),
    );
    const messages = await readTopic(kafka, topic(), users.length * 120);
    for (const user of users) {
      const days = messages.filter((message) => message.key === user).map(daysOf);
      expect(days).toEqual(Array.from({ length: 120 }, (_, i) => i));
    }
    await eventually(async () => expect(await unpublished()).toBe(0));
  });

  it("publishes at once after a nudge, without waiting for the poll", async () => {
    const sent: number[] = [];
    const recording = { publish: () => Promise.resolve(void sent.push(performance.now())) } as unknown as EventProducer;
    const running = relay({ pollMs: 60_000, producer: recording });
    await running.start();
    await eventually(() => expect(running.state().active).toBe(true));
    await write([{ user: "warm", days: 1 }]);
    running.nudge();
    await eventually(() => expect(sent.length).toBe(1));
    await eventually(async () => expect(await unpublished()).toBe(0));
    const latencies: number[] = [];
    for (let i = 0; i < 20; i++) {
      await write([{ user: "alice", days: i }]);
      const committed = performance.now();
      running.nudge();
      await eventually(() => expect(sent.length).toBe(i + 2), { everyMs: 1 });
      latencies.push((sent.at(-1) ?? 0) - committed);
      await eventually(async () => expect(await unpublished()).toBe(0), { everyMs: 5 });
    }
    latencies.sort((a, b) => a - b);
    expect(latencies[10]).toBeLessThan(50);
  });
});

describe("failures", () => {
  it("publishes again what was published but not marked: the crash between the two", async () => {
    const ids = await write([1, 2, 3].map((days) => ({ user: "alice", days })));
    const real = producer();
    let crashed = false;
    const crashing = {
      publish: async (events: OutgoingEvent[]) => {
        await real.publish(events);
        if (crashed) return;
        crashed = true;
        // The connection that holds the lock and would mark dies right after Kafka has acknowledged.
        const rows = await owner.query<{ id: number }>(
          "SELECT IS_USED_LOCK(CONCAT('stipend:outbox:', LEFT(SHA2(DATABASE(), 256), 40))) AS id",
        );
        await owner.query(`KILL ${Number(rows[0]?.id)}`);
      },
    } as unknown as EventProducer;
    await relay({ producer: crashing }).start();
    const messages = await readTopic(kafka, topic(), 6);
    expect(messages.map((message) => message.headers["ce_id"])).toEqual([...ids, ...ids]);
    await eventually(async () => expect(await unpublished()).toBe(0));
  });

  it("loses nothing while Kafka is away, and says so", async () => {
    let away = true;
    const real = producer();
    const flaky = {
      publish: (events: OutgoingEvent[]) =>
        away ? Promise.reject(new EventsUnavailable("away")) : real.publish(events),
    } as unknown as EventProducer;
    const running = relay({ producer: flaky });
    await running.start();
    await write([1, 2, 3].map((days) => ({ user: "alice", days })));
    running.nudge();
    await eventually(() => expect(running.state().ok).toBe(false));
    expect(await unpublished()).toBe(3);
    away = false;
    const messages = await readTopic(kafka, topic(), 3);
    expect(messages.map(daysOf)).toEqual([1, 2, 3]);
    await eventually(() => expect(running.state().ok).toBe(true));
  });

  it("sets a row aside that cannot be encoded: its subject waits behind it, the others go on", async () => {
    await write([
      { user: "alice", days: 1 },
      { user: "alice", days: 2, type: "stipend.membership.v1.Nonsense" },
      { user: "bob", days: 1 },
      { user: "alice", days: 3 },
    ]);
    const running = relay();
    await running.start();
    const first = await readTopic(kafka, topic(), 2);
    expect(first.map((m) => [m.key, daysOf(m)]).sort()).toEqual([
      ["alice", 1],
      ["bob", 1],
    ]);
    await eventually(async () => {
      const [failure] = await db.call<{ last_error: string }>("OutboxFailures", 10);
      expect(failure?.last_error).toContain("stipend.membership.v1.Nonsense is not known");
    });
    await write([
      { user: "alice", days: 4 },
      { user: "bob", days: 2 },
    ]);
    running.nudge();
    expect((await readTopic(kafka, topic(), 3)).length).toBe(3);
    expect(await unpublished()).toBe(3);
    const [failure] = await db.call<{ id: number }>("OutboxFailures", 10);
    await db.call("OutboxSkip", failure?.id, new Date());
    running.nudge();
    const all = await readTopic(kafka, topic(), 5);
    expect(all.filter((m) => m.key === "alice").map(daysOf)).toEqual([1, 3, 4]);
  });

  it("tries what was set aside again when a relay starts", async () => {
    await write([{ user: "alice", days: 1 }]);
    const old = relay({ registry: createRegistry() });
    await old.start();
    await eventually(async () => expect((await db.call("OutboxFailures", 10)).length).toBe(1));
    await old.stop();
    await relay().start();
    expect((await readTopic(kafka, topic(), 1)).map(daysOf)).toEqual([1]);
    expect(await db.call("OutboxFailures", 10)).toEqual([]);
  });

  it("lets one relay of a schema be active, and another take over when it ends", async () => {
    const first = relay();
    const second = relay();
    await first.start();
    await eventually(() => expect(first.state().active).toBe(true));
    await second.start();
    await write([{ user: "alice", days: 1 }]);
    await readTopic(kafka, topic(), 1);
    expect(second.state().active).toBe(false);
    await first.stop();
    await eventually(() => expect(second.state().active).toBe(true));
    await write([{ user: "alice", days: 2 }]);
    expect((await readTopic(kafka, topic(), 2)).map(daysOf)).toEqual([1, 2]);
  });

  it("publishes what was committed before the stop", async () => {
    const running = relay({ pollMs: 60_000 });
    await running.start();
    await eventually(() => expect(running.state().active).toBe(true));
    await write([{ user: "alice", days: 1 }]);
    await running.drain();
    expect(await unpublished()).toBe(0);
  });
});

describe("purging", () => {
  it("removes published rows that are old enough, and no others", async () => {
    await write([1, 2, 3].map((days) => ({ user: "alice", days })));
    await owner.query("UPDATE outbox SET published_at = '2026-01-01' ORDER BY id LIMIT 1");
    await owner.query("UPDATE outbox SET published_at = '2026-01-09' WHERE published_at IS NULL ORDER BY id LIMIT 1");
    const [row] = await db.call<{ purged: number }>("OutboxPurge", new Date("2026-01-05T00:00:00Z"), 100);
    expect(row?.purged).toBe(1);
    expect(await owner.query("SELECT COUNT(*) AS n FROM outbox")).toEqual([{ n: 2 }]);
  });
});
