import { randomBytes } from "node:crypto";
import { create, toBinary } from "@bufbuild/protobuf";
import { MembershipExpiringSchema } from "@stipend/proto/events/membership/v1/events";
import { eventually } from "@stipend/testing/eventually";
import type { IHeaders, Kafka } from "kafkajs";
import { v7 as uuidv7 } from "uuid";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { recordInbox } from "../src/inbox/inbox.ts";
import { createKafka } from "../src/kafka/client.ts";
import { EventConsumer } from "../src/kafka/consumer.ts";
import { type IncomingEvent, messageOf } from "../src/kafka/events.ts";
import { DLQ } from "../src/kafka/letter.ts";
import { LetterBox } from "../src/kafka/letter-box.ts";
import { EventProducer, type RawMessage } from "../src/kafka/producer.ts";
import { readTail } from "../src/kafka/tail.ts";
import { dlqName, ensureTopics, topicName } from "../src/kafka/topics.ts";
import type { Part } from "../src/lifecycle/lifecycle.ts";
import { silentLog } from "../src/log/log.ts";
import { Database } from "../src/mysql/database.ts";
import { engines, testSchema } from "./support/engines.ts";
import { deleteTopics } from "./support/read-topic.ts";

const log = silentLog();
const NOW = new Date("2026-03-01T12:00:00.000Z");
const parts: Part[] = [];
let kafka: Kafka;
let prefix: string;
let topic: string;
let producer: EventProducer;

beforeAll(() => {
  kafka = createKafka({ brokers: engines().kafkaBrokers.split(","), clientId: "letter-box-test", log });
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

function message(user: string | null, days: number, headers: IHeaders = {}): RawMessage {
  const value = toBinary(MembershipExpiringSchema, create(MembershipExpiringSchema, { daysLeft: days }));
  const standard = {
    ce_specversion: "1.0",
    ce_id: uuidv7(),
    ce_source: "/test",
    ce_type: MembershipExpiringSchema.typeName,
  };
  return { topic, key: user, value: Buffer.from(value), headers: { ...standard, ...headers } };
}

const daysOf = (event: IncomingEvent) => messageOf(event, MembershipExpiringSchema)?.daysLeft ?? -1;

/** A consumer that can't apply the days listed in `bad`. */
function consumer(group: string, bad: Set<number>, apply: (days: number, event: IncomingEvent) => unknown) {
  const handle = async (batch: IncomingEvent[]) => {
    const broken = batch.find((event) => bad.has(daysOf(event)));
    if (broken !== undefined) throw new Error(`${daysOf(broken)} days can't be`);
    for (const event of batch) await apply(daysOf(event), event);
  };
  const handler = { types: [MembershipExpiringSchema], handle };
  const made = new EventConsumer({ kafka, groupId: `${prefix}.${group}`, topics: [topic], producer, log, handler });
  parts.push(made);
  return made.start();
}

function box(more: Partial<ConstructorParameters<typeof LetterBox>[0]> = {}): LetterBox {
  return new LetterBox({ kafka, producer, topicPrefix: prefix, ...more });
}

async function lettersWhen(count: number) {
  return eventually(async () => {
    const { letters } = await box().read();
    expect(letters).toHaveLength(count);
    return letters;
  });
}

async function inTopic() {
  return readTail({ kafka, topic, perPartition: 100, timeoutMs: 10_000 });
}

describe("letters", () => {
  it("tell where they came from and why, and go back exactly as they were", async () => {
    const bad = new Set([4]);
    const seen: number[] = [];
    await producer.send([
      message("alice", 3),
      message("alice", 4, { twice: ["a", "b"], bytes: Buffer.from([0, 255]) }),
    ]);
    await consumer("group", bad, (days) => seen.push(days));
    const [letter] = await lettersWhen(1);
    expect(letter).toMatchObject({
      topic,
      dlq: dlqName(topic),
      reason: "failed",
      error: "Error: 4 days can't be",
      attempts: 3,
      group: `${prefix}.group`,
      type: MembershipExpiringSchema.typeName,
    });
    expect(letter?.replayed).toBeUndefined();

    bad.clear();
    expect(await box().replay(letter === undefined ? [] : [letter], "ada", NOW)).toBe(1);
    await eventually(() => expect(seen).toEqual([3, 4]));
    const [original, again] = (await inTopic()).filter(({ raw }) => raw.headers?.["twice"] !== undefined);
    expect(again?.partition).toBe(original?.partition);
    expect(again?.raw.key).toEqual(original?.raw.key);
    expect(again?.raw.value).toEqual(original?.raw.value);
    expect(again?.raw.headers).toEqual(original?.raw.headers);
    expect((await box().read()).letters).toMatchObject([
      { offset: letter?.offset, replayed: { by: "ada", time: NOW } },
    ]);
  });

  it("of one message that several groups set aside send it once, and all are marked", async () => {
    const bad = new Set([4]);
    await producer.send([message("alice", 4)]);
    await consumer("one", bad, () => undefined);
    await consumer("two", bad, () => undefined);
    const letters = await lettersWhen(2);
    expect(new Set(letters.map(({ group }) => group)).size).toBe(2);
    bad.clear();
    expect(await box().replay(letters, "ada", NOW)).toBe(1);
    expect(await inTopic()).toHaveLength(2);
    expect((await box().read()).letters.map(({ replayed }) => replayed?.by)).toEqual(["ada", "ada"]);
  });

  it("that fail again lie there anew, as open ones", async () => {
    await producer.send([message("alice", 4)]);
    await consumer("group", new Set([4]), () => undefined);
    const first = await lettersWhen(1);
    await box().replay(first, "ada", NOW);
    const both = await lettersWhen(2);
    expect(both.map(({ replayed }) => replayed !== undefined)).toEqual([true, false]);
    expect(both[1]?.origin.offset).not.toBe(both[0]?.origin.offset);
  });

  it("without a key go back to the partition they came from; several keep the order they had", async () => {
    const bad = new Set([0, 1, 2, 3]);
    const seen: number[] = [];
    await producer.send([...bad].map((days) => ({ ...message(null, days), partition: 2 })));
    await consumer("group", bad, (days, event) => seen.push(days + event.partition * 100));
    const letters = await lettersWhen(4);
    bad.clear();
    await box().replay([...letters].reverse(), "ada", NOW);
    await eventually(() => expect(seen).toEqual([200, 201, 202, 203]));
  });

  it("that lie in a topic but were never set aside by a consumer are sent nowhere", async () => {
    const foreign = { [DLQ.topic]: `${prefix}.credits.v1`, [DLQ.partition]: "0", [DLQ.offset]: "0" };
    await producer.send([
      { ...message("alice", 1, foreign), topic: dlqName(topic) },
      { ...message("alice", 2), topic: dlqName(topic) },
    ]);
    expect(await box().read()).toEqual({ letters: [], cut: [] });
  });

  it("beyond what is looked at are said to be left out", async () => {
    await producer.send([0, 1, 2].map((days) => message("alice", days)));
    await consumer("group", new Set([0, 1, 2]), () => undefined);
    await lettersWhen(3);
    const { letters, cut } = await box({ perPartition: 2 }).read(topic);
    expect(letters.map(({ origin }) => origin.offset)).toEqual(["1", "2"]);
    expect(cut).toEqual([dlqName(topic)]);
  });
});

describe("a crash between sending and marking", () => {
  it("leaves the letter open; sent again, it is applied once", async () => {
    const schema = await testSchema();
    const db = new Database({ url: schema.url, log });
    try {
      const bad = new Set([4]);
      const apply = (_days: number, { id, subject }: IncomingEvent) =>
        db.transaction(async (tx) => {
          const fresh = await recordInbox(tx, "test", [id], NOW);
          if (fresh.has(id)) await tx.call("ApplyEvents", [{ id, subject }]);
        });
      await producer.send([message("alice", 4)]);
      await consumer("group", bad, apply);
      const letters = await lettersWhen(1);
      bad.clear();

      const dies = {
        send: (messages: readonly RawMessage[]) =>
          messages.some(({ headers }) => headers[DLQ.replayedOffset] !== undefined)
            ? Promise.reject(new Error("the process died here"))
            : producer.send(messages),
      };
      await expect(box({ producer: dies }).replay(letters, "ada", NOW)).rejects.toThrow("died here");
      await eventually(async () => expect(await db.call("Applied")).toHaveLength(1));
      const still = await lettersWhen(1);
      expect(still[0]?.replayed).toBeUndefined();

      expect(await box().replay(still, "ada", NOW)).toBe(1);
      expect(await inTopic()).toHaveLength(3);
      // What comes after it has been applied, so it was read as well.
      await producer.send([message("alice", 5)]);
      await eventually(async () => expect(await db.call("Applied")).toHaveLength(2));
      expect((await box().read()).letters[0]?.replayed?.by).toBe("ada");
    } finally {
      for (const part of parts.splice(1).reverse()) await part.stop?.();
      await db.stop();
      await schema.drop();
    }
  });
});
