import { randomBytes } from "node:crypto";
import { create, toBinary } from "@bufbuild/protobuf";
import { MembershipExpiringSchema } from "@stipend/proto/events/membership/v1/events";
import { eventually } from "@stipend/testing/eventually";
import type { Kafka } from "kafkajs";
import { v7 as uuidv7 } from "uuid";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { recordInbox } from "../src/inbox/inbox.ts";
import { createKafka } from "../src/kafka/client.ts";
import { EventConsumer, type EventConsumerOptions } from "../src/kafka/consumer.ts";
import { type IncomingEvent, messageOf, type OutgoingEvent, PoisonEvent } from "../src/kafka/events.ts";
import { EventProducer } from "../src/kafka/producer.ts";
import { dlqName, ensureTopics, topicName } from "../src/kafka/topics.ts";
import type { Part } from "../src/lifecycle/lifecycle.ts";
import { silentLog } from "../src/log/log.ts";
import { Database } from "../src/mysql/database.ts";
import { groupState } from "./support/consumer-group.ts";
import { engines, testSchema, viaPort } from "./support/engines.ts";
import { TestProxy } from "./support/proxy.ts";
import { deleteTopics, readTopic } from "./support/read-topic.ts";

const log = silentLog();
const parts: Part[] = [];
let kafka: Kafka;
let prefix: string;
let topic: string;
let producer: EventProducer;

beforeAll(() => {
  kafka = createKafka({ brokers: engines().kafkaBrokers.split(","), clientId: "consumer-test", log });
});

beforeEach(async () => {
  prefix = `t${randomBytes(4).toString("hex")}`;
  topic = topicName(prefix, "membership.v1");
  await ensureTopics(kafka, { topics: [topic], partitions: 3, replication: 1 });
  producer = new EventProducer({ kafka, log });
  parts.push(producer);
});

afterEach(async () => {
  for (const part of parts.splice(0).reverse()) await part.stop?.();
  await deleteTopics(kafka, prefix);
});

function event(user: string, days: number, more: Partial<OutgoingEvent> = {}): OutgoingEvent {
  const message = create(MembershipExpiringSchema, { userId: user, daysLeft: days });
  return {
    id: uuidv7(),
    type: MembershipExpiringSchema.typeName,
    source: "/test",
    subject: user,
    time: new Date(),
    topic,
    data: toBinary(MembershipExpiringSchema, message),
    ...more,
  };
}

const daysOf = (incoming: IncomingEvent) => messageOf(incoming, MembershipExpiringSchema)?.daysLeft ?? -1;

function consumer(handle: (batch: IncomingEvent[]) => Promise<void>, options: Partial<EventConsumerOptions> = {}) {
  const made = new EventConsumer({
    kafka,
    groupId: `${prefix}.group`,
    topics: [topic],
    producer,
    log,
    handler: { types: [MembershipExpiringSchema], handle },
    ...options,
  });
  parts.push(made);
  return made;
}

const group = () => groupState(kafka, `${prefix}.group`);

describe("a reader from now on", () => {
  it("says when it has found its places: whatever is published after that is handed over, and after each joining again", async () => {
    const users = ["u1", "u2", "u3", "u4", "u5", "u6"];
    const seen = new Set<number>();
    let placed = 0;
    const options = {
      fromBeginning: false,
      onPlaced: () => {
        placed += 1;
      },
    };
    await producer.publish(users.map((user) => event(user, 1)));
    const handle = async (batch: IncomingEvent[]) => {
      for (const each of batch) seen.add(daysOf(each));
    };
    await consumer(handle, options).start();
    await eventually(() => expect(placed).toBe(1), { timeoutMs: 20_000 });
    await producer.publish(users.map((user, at) => event(user, 10 + at)));
    await eventually(() => expect([...seen].sort()).toEqual([10, 11, 12, 13, 14, 15]));
    // A second member takes some of the partitions: both have places to find.
    await consumer(handle, options).start();
    await eventually(() => expect(placed).toBeGreaterThanOrEqual(3), { timeoutMs: 30_000 });
    await producer.publish(users.map((user, at) => event(user, 20 + at)));
    await eventually(() => expect([...seen].filter((days) => days >= 20).sort()).toEqual([20, 21, 22, 23, 24, 25]));
    expect(seen.has(1)).toBe(false);
  }, 60_000);
});

describe("applying", () => {
  it("hands over batches of one partition in order and commits them", async () => {
    const users = ["u1", "u2", "u3", "u4"];
    const seen: IncomingEvent[] = [];
    const batches: IncomingEvent[][] = [];
    const events = Array.from({ length: 100 }, (_, i) => users.map((user) => event(user, i))).flat();
    await producer.publish(events);
    const first = consumer(
      async (batch) => {
        batches.push(batch);
        seen.push(...batch);
      },
      { maxBatch: 30 },
    );
    await first.start();
    await eventually(() => expect(seen.length).toBe(400));
    for (const user of users) {
      expect(seen.filter((e) => e.subject === user).map(daysOf)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    }
    for (const batch of batches) {
      expect(batch.length).toBeLessThanOrEqual(30);
      expect(new Set(batch.map((e) => e.partition)).size).toBe(1);
    }
    expect(first.ready()).toBe(true);
    await first.stop();
    // A new member of the group begins behind what was committed.
    const later: IncomingEvent[] = [];
    await consumer(async (batch) => void later.push(...batch)).start();
    await producer.publish([event("u1", 999)]);
    await eventually(() => expect(later.map(daysOf)).toEqual([999]));
  });

  it("passes over types that it does not handle", async () => {
    const seen: number[] = [];
    await producer.publish([
      event("alice", 1),
      event("alice", 2, { type: "stipend.membership.v1.SomethingNewer" }),
      event("alice", 3),
    ]);
    await consumer(async (batch) => void seen.push(...batch.map(daysOf))).start();
    await eventually(() => expect(seen).toEqual([1, 3]));
  });

  it("applies an event once however often it is delivered", async () => {
    const schema = await testSchema();
    const db = new Database({ url: schema.url, log });
    try {
      const twice = event("alice", 1);
      await producer.publish([twice, event("alice", 2), twice]);
      await producer.publish([twice, event("alice", 3)]);
      const apply = async (batch: IncomingEvent[]) => {
        await db.transaction(async (tx) => {
          const ids = batch.map(({ id }) => id);
          const fresh = await recordInbox(tx, "test", ids, new Date());
          const news = batch.filter(({ id }) => fresh.has(id));
          await tx.call(
            "ApplyEvents",
            news.map(({ id, subject }) => ({ id, subject })),
          );
        });
      };
      await consumer(apply, { maxBatch: 2 }).start();
      // Another group of the same service reads the same events: delivered anew, applied already.
      await consumer(apply, { groupId: `${prefix}.again` }).start();
      await eventually(async () => expect((await db.call("Applied")).length).toBe(3));
    } finally {
      for (const part of parts.splice(1).reverse()) await part.stop?.();
      await db.stop();
      await schema.drop();
    }
  });
});

describe("events that cannot be applied", () => {
  it("sets aside what cannot be decoded, with the reason and where it stood", async () => {
    const seen: number[] = [];
    const broken = event("alice", 2, { data: new Uint8Array([0xff, 0xff, 0xff]) });
    await producer.publish([event("alice", 1), broken, event("alice", 3)]);
    await consumer(async (batch) => void seen.push(...batch.map(daysOf))).start();
    await eventually(() => expect(seen).toEqual([1, 3]));
    const [dead] = await readTopic(kafka, dlqName(topic), 1);
    expect(dead?.headers).toMatchObject({
      ce_id: broken.id,
      dlq_reason: "undecodable",
      dlq_topic: topic,
      dlq_offset: "1",
      dlq_group: `${prefix}.group`,
    });
    expect(dead?.headers["dlq_error"]).toContain("the value is no stipend.membership.v1.MembershipExpiring");
    expect([...(dead?.value ?? [])]).toEqual([0xff, 0xff, 0xff]);
    expect(dead?.key).toBe("alice");
  });

  it("sets a poison event aside at once and applies the rest of its batch", async () => {
    const seen: number[] = [];
    let calls = 0;
    await producer.publish(Array.from({ length: 10 }, (_, i) => event("alice", i)));
    await consumer(async (batch) => {
      calls += 1;
      const bad = batch.find((e) => daysOf(e) === 4);
      if (bad !== undefined) throw new PoisonEvent(bad.id, "four is not allowed");
      seen.push(...batch.map(daysOf));
    }).start();
    await eventually(() => expect(seen).toEqual([0, 1, 2, 3, 5, 6, 7, 8, 9]));
    expect(calls).toBe(2);
    const [dead] = await readTopic(kafka, dlqName(topic), 1);
    expect(dead?.headers).toMatchObject({ dlq_reason: "poison", dlq_error: "four is not allowed", dlq_attempts: "1" });
  });

  it("finds the one event that makes its batch fail by halving, keeping order", async () => {
    const seen: number[] = [];
    await producer.publish(Array.from({ length: 16 }, (_, i) => event("alice", i)));
    await consumer(async (batch) => {
      if (batch.some((e) => daysOf(e) === 11)) throw new Error("a bug in the handler");
      seen.push(...batch.map(daysOf));
    }).start();
    await eventually(() => expect(seen).toEqual(Array.from({ length: 16 }, (_, i) => i).filter((i) => i !== 11)));
    const [dead] = await readTopic(kafka, dlqName(topic), 1);
    expect(dead?.headers).toMatchObject({ dlq_reason: "failed", dlq_error: "Error: a bug in the handler" });
  });

  it("counts and passes over what it cannot apply when it has no dead letter queue", async () => {
    const seen: number[] = [];
    await producer.publish([event("alice", 1, { data: new Uint8Array([0xff]) }), event("alice", 2)]);
    const options = {
      kafka,
      groupId: `${prefix}.bare`,
      topics: [topic],
      log,
      handler: {
        types: [MembershipExpiringSchema],
        handle: async (batch: IncomingEvent[]) => void seen.push(...batch.map(daysOf)),
      },
    };
    const bare = new EventConsumer(options);
    parts.push(bare);
    await bare.start();
    await eventually(() => expect(seen).toEqual([2]));
  });
});

describe("surroundings that go away", () => {
  it("waits for the database without losing or setting aside anything, and stays in its group", async () => {
    const schema = await testSchema();
    const proxy = new TestProxy(schema.url);
    await proxy.open();
    const db = new Database({ url: viaPort(schema.url, proxy.port), log });
    try {
      const running = consumer(async (batch) => {
        await db.call(
          "ApplyEvents",
          batch.map(({ id, subject }) => ({ id, subject })),
        );
      });
      await running.start();
      await producer.publish([event("alice", 1)]);
      await eventually(async () => expect((await db.call("Applied")).length).toBe(1));
      await proxy.close();
      const waiting = [event("alice", 2), event("bob", 1), event("alice", 3)];
      await producer.publish(waiting);
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      expect(running.ready()).toBe(true);
      await proxy.open();
      await eventually(
        async () => {
          const rows = await db.call<{ subject: string }>("Applied");
          expect(rows.map((row) => row.subject).sort()).toEqual(["alice", "alice", "alice", "bob"]);
        },
        { timeoutMs: 15_000 },
      );
      await expect(readTopic(kafka, dlqName(topic), 1, 1_000)).rejects.toThrow(/only 0 of 1/);
    } finally {
      for (const part of parts.splice(1).reverse()) await part.stop?.();
      await db.stop();
      await proxy.close();
      await schema.drop();
    }
  });

  it("finishes the batch in hand when drained, and commits it", async () => {
    const release = Promise.withResolvers<void>();
    const seen: number[] = [];
    const running = consumer(async (batch) => {
      await release.promise;
      seen.push(...batch.map(daysOf));
    });
    await running.start();
    await producer.publish([event("alice", 1)]);
    await eventually(() => expect(running.ready()).toBe(true));
    const drained = running.drain();
    setTimeout(() => release.resolve(), 300);
    await drained;
    const later: number[] = [];
    await consumer(async (batch) => void later.push(...batch.map(daysOf))).start();
    await producer.publish([event("alice", 2)]);
    await eventually(() => expect([...seen, ...later]).toEqual([1, 2]));
  });

  it("who stops while it waits to be let into its group leaves it at once: nobody waits for it, no partition is given to it", async () => {
    const release = Promise.withResolvers<void>();
    const busy = Promise.withResolvers<void>();
    const seen: number[] = [];
    const first = consumer(async (batch) => {
      busy.resolve();
      await release.promise;
      seen.push(...batch.map(daysOf));
    });
    await first.start();
    await producer.publish([event("alice", 1)]);
    await busy.promise;
    // Who is not missed for five minutes would keep its partitions for as long.
    const second = consumer(async () => undefined, { sessionTimeoutMs: 300_000 });
    await second.start();
    await eventually(async () => expect(await group()).toEqual({ state: "PreparingRebalance", members: 2 }));
    const began = performance.now();
    await second.drain();
    expect(performance.now() - began).toBeLessThan(6_000);
    await eventually(async () => expect((await group()).members).toBe(1), { timeoutMs: 2_000 });
    release.resolve();
    await producer.publish(Array.from({ length: 30 }, (_, i) => event(`u${i}`, 100 + i)));
    await eventually(() => expect(seen.filter((days) => days >= 100)).toHaveLength(30), { timeoutMs: 20_000 });
  });

  it("who stops while its group shares the partitions anew leaves it at once too", async () => {
    const release = Promise.withResolvers<void>();
    const busy = Promise.withResolvers<void>();
    const first = consumer(
      async (batch) => {
        if (!batch.some((each) => daysOf(each) === 1)) return;
        busy.resolve();
        await release.promise;
      },
      { concurrency: 1 },
    );
    await first.start();
    const second = consumer(async () => undefined, { sessionTimeoutMs: 300_000 });
    await second.start();
    await eventually(async () => expect(await group()).toEqual({ state: "Stable", members: 2 }), {
      timeoutMs: 20_000,
    });
    await producer.publish(Array.from({ length: 30 }, (_, i) => event(`u${i}`, 1)));
    await busy.promise;
    // Somebody new makes all of them join again, and the first one is not there yet.
    await consumer(async () => undefined).start();
    await eventually(async () => expect(await group()).toEqual({ state: "PreparingRebalance", members: 3 }));
    await eventually(() => expect(second.ready()).toBe(false));
    await second.drain();
    await eventually(async () => expect((await group()).members).toBe(2), { timeoutMs: 2_000 });
    release.resolve();
  });

  it("shares partitions with a second member, and takes all of them when that one leaves", async () => {
    const seen = new Set<string>();
    const collect = (name: string) => async (batch: IncomingEvent[]) => {
      for (const e of batch) seen.add(`${name} ${e.partition}`);
    };
    const first = consumer(collect("first"));
    const second = consumer(collect("second"));
    await first.start();
    await second.start();
    await eventually(
      async () => {
        await producer.publish(Array.from({ length: 30 }, (_, i) => event(`u${i}`, i)));
        expect([...seen].some((s) => s.startsWith("second"))).toBe(true);
        expect([...seen].some((s) => s.startsWith("first"))).toBe(true);
      },
      { timeoutMs: 20_000, everyMs: 500 },
    );
    await second.stop();
    seen.clear();
    await eventually(
      async () => {
        await producer.publish(Array.from({ length: 30 }, (_, i) => event(`u${i}`, i)));
        expect([...seen].sort()).toEqual(["first 0", "first 1", "first 2"]);
      },
      { timeoutMs: 20_000, everyMs: 500 },
    );
  });

  it("starts without Kafka, is not ready, and stops at once", async () => {
    const nowhere = createKafka({ brokers: ["127.0.0.1:9"], clientId: "nowhere", log });
    const lost = consumer(async () => undefined, { kafka: nowhere });
    const mute = new EventProducer({ kafka: nowhere, log });
    await lost.start();
    await mute.start();
    const started = performance.now();
    await expect(mute.publish([event("alice", 1)])).rejects.toMatchObject({ code: "events_unavailable" });
    await expect(mute.publish([event("alice", 1)])).rejects.toMatchObject({ code: "events_unavailable" });
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(lost.ready()).toBe(false);
    await mute.stop();
    await lost.stop();
  });
});
