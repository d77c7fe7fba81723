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
import { readOutboxState } from "../src/outbox/state.ts";
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

const daysSent = (event: OutgoingEvent) => fromBinary(MembershipExpiringSchema, event.data).daysLeft;

const recording = (sent: OutgoingEvent[]) =>
  ({ publish: (events: OutgoingEvent[]) => Promise.resolve(void sent.push(...events)) }) as unknown as EventProducer;

async function unpublished(): Promise<number> {
  const [row] = await owner.query<{ n: number }>("SELECT COUNT(*) AS n FROM outbox WHERE published_at IS NULL");
  return row?.n ?? -1;
}

describe("publishing", () => {
  it("sends each row as a CloudEvent in binary mode and marks it", async () => {
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const [id] = await write([{ user: "alice", days: 7 }], traceparent);
    await relay({ clock: fixedClock("2026-02-01T00:00:00.000Z") }).start();
    // A broker that has just started refuses its first groups ("coordinator loading"), and kafkajs gives up: another one gets in.
    const [message] = await eventually(() => readTopic(kafka, topic(), 1, 3_000));
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
    const timing = { publish: () => Promise.resolve(void sent.push(performance.now())) } as unknown as EventProducer;
    const running = relay({ pollMs: 60_000, producer: timing });
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
        // As its own user: MySQL lets nobody else end it.
        const rows = await db.query<{ id: number }>(
          "SELECT IS_USED_LOCK(CONCAT('stipend:outbox:', LEFT(SHA2(DATABASE(), 256), 40))) AS id",
        );
        await db.query(`KILL ${Number(rows[0]?.id)}`);
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

  it("parks an event that cannot be encoded: its subject waits behind it, the others go on, until it is given up", async () => {
    await write([
      { user: "alice", days: 1 },
      { user: "alice", days: 2, type: "stipend.membership.v1.Nonsense" },
      { user: "bob", days: 1 },
      { user: "alice", days: 3 },
    ]);
    const running = relay({ statsMs: 50 });
    await running.start();
    const first = await readTopic(kafka, topic(), 2);
    expect(first.map((m) => [m.key, daysOf(m)]).sort()).toEqual([
      ["alice", 1],
      ["bob", 1],
    ]);
    const failure = await eventually(async () => {
      const [row] = await db.call<{ id: number; place: number; error: string }>("OutboxFailedEvents", 10);
      expect(row?.error).toContain("stipend.membership.v1.Nonsense is not known");
      return row;
    });
    await write([
      { user: "alice", days: 4 },
      { user: "bob", days: 2 },
    ]);
    running.nudge();
    expect((await readTopic(kafka, topic(), 3)).length).toBe(3);
    await eventually(async () => expect(await unpublished()).toBe(0));
    expect(await readOutboxState(db)).toMatchObject({ pending: 3, failed: 1, waiting: 2 });
    await eventually(() => expect(running.state()).toMatchObject({ ok: false, failed: 1, pending: 3 }));
    // One that only waits can't be given up.
    expect(await db.call("OutboxGiveUp", Number(failure?.id) + 2, 1)).toEqual([{ given_up: 0 }]);
    expect(await db.call("OutboxGiveUp", failure?.id, failure?.place)).toEqual([{ given_up: 1 }]);
    const all = await readTopic(kafka, topic(), 5);
    expect(all.filter((m) => m.key === "alice").map(daysOf)).toEqual([1, 3, 4]);
    await eventually(async () =>
      expect(await readOutboxState(db)).toMatchObject({ pending: 0, givenUp: 0, oldestAt: null }),
    );
    const [row] = await owner.query<{ last_error: string }>("SELECT last_error FROM outbox WHERE id = ?", [
      failure?.id,
    ]);
    expect(row?.last_error).toContain("event 1 given up: the type");
  });

  it("tries what was parked again when a relay starts, over several pages and in order, once each", async () => {
    await write(Array.from({ length: 9 }, (_, i) => ({ user: `u${i % 2}`, days: i })));
    const old = relay({ registry: createRegistry() });
    await old.start();
    await eventually(async () => expect(await readOutboxState(db)).toMatchObject({ failed: 2, waiting: 7 }));
    await old.stop();
    const sent: OutgoingEvent[] = [];
    await relay({ producer: recording(sent), batchSize: 2 }).start();
    await eventually(async () => expect((await readOutboxState(db)).pending).toBe(0));
    expect(sent.filter(({ subject }) => subject === "u0").map(daysSent)).toEqual([0, 2, 4, 6, 8]);
    expect(sent.filter(({ subject }) => subject === "u1").map(daysSent)).toEqual([1, 3, 5, 7]);
    expect(await db.call("OutboxFailedEvents", 10)).toEqual([]);
  });

  it("tries again only up to the one that still fails, and lets nothing behind it overtake, on later pages either", async () => {
    await write(
      [0, 1, 2, 3, 4].map((days) => ({ user: "alice", days, ...(days === 2 ? { type: "a.Nonsense" } : {}) })),
    );
    const old = relay({ registry: createRegistry() });
    await old.start();
    await eventually(async () => expect(await readOutboxState(db)).toMatchObject({ failed: 1, waiting: 4 }));
    await old.stop();
    const sent: OutgoingEvent[] = [];
    const running = relay({ producer: recording(sent), batchSize: 1, statsMs: 50 });
    await running.start();
    await eventually(async () => expect(await readOutboxState(db)).toMatchObject({ failed: 1, waiting: 2 }));
    await write([{ user: "bob", days: 7 }]);
    running.nudge();
    await eventually(() => expect(sent.map(daysSent)).toEqual([0, 1, 7]));
    const [failure] = await db.call<{ id: number; error: string }>("OutboxFailedEvents", 10);
    expect(failure?.error).toBe("the type a.Nonsense is not known");
    await db.call("OutboxGiveUp", failure?.id, 1);
    await eventually(() => expect(sent.map(daysSent)).toEqual([0, 1, 7, 3, 4]));
  });

  it("parks nothing while Kafka is away, and everything it has to once Kafka is back", async () => {
    let away = true;
    const sent: OutgoingEvent[] = [];
    const flaky = {
      publish: (events: OutgoingEvent[]) =>
        away ? Promise.reject(new EventsUnavailable("away")) : Promise.resolve(void sent.push(...events)),
    } as unknown as EventProducer;
    await write([
      { user: "alice", days: 1, type: "a.Nonsense" },
      { user: "alice", days: 2 },
      { user: "bob", days: 3 },
    ]);
    const running = relay({ producer: flaky });
    await running.start();
    await eventually(() => expect(running.state().ok).toBe(false));
    expect(await owner.query("SELECT * FROM outbox_parked")).toEqual([]);
    away = false;
    await eventually(async () =>
      expect(await readOutboxState(db)).toMatchObject({ failed: 1, waiting: 1, pending: 2 }),
    );
    expect(sent.map(daysSent)).toEqual([3]);
  });

  it("takes an id that becomes visible late before the parked one of its subject that is behind it", async () => {
    const sent: OutgoingEvent[] = [];
    await write([
      { user: "alice", days: 1 },
      { user: "alice", days: 2, type: "a.Nonsense" },
      { user: "alice", days: 3 },
    ]);
    // Its transaction commits after the next one's was published.
    await owner.query("UPDATE outbox SET published_at = '2026-01-01' ORDER BY id LIMIT 1");
    await relay({ producer: recording(sent) }).start();
    await eventually(async () => expect(await readOutboxState(db)).toMatchObject({ failed: 1, waiting: 1 }));
    await owner.query("UPDATE outbox SET published_at = NULL ORDER BY id LIMIT 1");
    await eventually(() => expect(sent.map(daysSent)).toEqual([1]));
    await eventually(async () => expect(await unpublished()).toBe(0));
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
  it("removes published rows that are old enough, and no others: none with a parked event either", async () => {
    await write([1, 2, 3, 4].map((days) => ({ user: "alice", days })));
    await owner.query("UPDATE outbox SET published_at = '2026-01-01' ORDER BY id LIMIT 2");
    await owner.query("UPDATE outbox SET published_at = '2026-01-09' WHERE published_at IS NULL ORDER BY id LIMIT 1");
    const [first] = await owner.query<{ id: number }>("SELECT MIN(id) AS id FROM outbox");
    const parked = [{ id: first?.id, place: 1, topic: "membership.v1", subject: "alice" }];
    await db.call("OutboxPark", parked, new Date());
    // Twice, as when somebody marks its row as unpublished by hand: it stays parked.
    await db.call("OutboxPark", parked, new Date());
    const purge = async (limit: number) =>
      (await db.call<{ purged: number }>("OutboxPurge", new Date("2026-01-05T00:00:00Z"), limit))[0]?.purged;
    expect(await purge(1)).toBe(1);
    expect(await purge(100)).toBe(0);
    expect(await owner.query("SELECT COUNT(*) AS n FROM outbox")).toEqual([{ n: 3 }]);
    await db.call("OutboxRetried", [[first?.id, 1]], []);
    expect(await purge(100)).toBe(1);
  });
});
