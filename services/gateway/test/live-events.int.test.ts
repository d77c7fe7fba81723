import { create, toBinary } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { createKafka } from "@stipend/platform/kafka/client";
import { EventConsumer } from "@stipend/platform/kafka/consumer";
import { EventProducer } from "@stipend/platform/kafka/producer";
import { ensureTopics } from "@stipend/platform/kafka/topics";
import { silentLog } from "@stipend/platform/log/log";
import { AccountStatus, CreditsChangedSchema } from "@stipend/proto/events/credits/v1/events";
import {
  MembershipChange,
  MembershipChangedSchema,
  MembershipCycle,
  MembershipStatus,
} from "@stipend/proto/events/membership/v1/events";
import { CreditsEvent, MembershipEvent } from "@stipend/proto/http/gateway";
import { testEngines } from "@stipend/testing/engines/test-engines";
import { eventually } from "@stipend/testing/eventually";
import { expect, onTestFinished, test } from "vitest";
import { liveEvents } from "../src/events/live-events.ts";
import { LiveHub } from "../src/events/live-hub.ts";
import type { LiveState } from "../src/events/states.ts";

const at = timestampFromDate(new Date("2026-02-01T00:00:00.000Z"));

const changed = (userId: string, version: number) =>
  create(CreditsChangedSchema, {
    userId,
    version: BigInt(version),
    balance: 249n,
    held: 1n,
    available: 248n,
    status: AccountStatus.ACTIVE,
    allowance: { tier: "pro", monthlyCredits: 250n, remaining: 249n, nextResetAt: at },
    transaction: {
      id: "7",
      type: "consume",
      amount: -1n,
      balanceBefore: 250n,
      balanceAfter: 249n,
      heldAfter: 1n,
      reason: "r",
      createdAt: at,
    },
  });

const joined = (userId: string, version: number) =>
  create(MembershipChangedSchema, {
    userId,
    version: BigInt(version),
    change: MembershipChange.STARTED,
    membership: {
      membershipId: "m1",
      status: MembershipStatus.ACTIVE,
      cycle: MembershipCycle.MONTHLY,
      terms: { tier: "pro", monthlyCredits: 250n },
      startedAt: at,
      currentPeriodStart: at,
    },
  });

test("every gateway hears every change from its start on, as the state its readers know", async () => {
  const prefix = `gw${Math.random().toString(36).slice(2)}`;
  const topics = [`${prefix}.credits.v1`, `${prefix}.membership.v1`];
  const [creditsTopic = "", membershipTopic = ""] = topics;
  const kafka = createKafka({ brokers: testEngines().kafkaBrokers.split(","), clientId: prefix, log: silentLog() });
  await ensureTopics(kafka, { topics, partitions: 2, replication: 1 });
  const producer = new EventProducer({ kafka, log: silentLog() });
  await producer.start();
  const send = (topic: string, subject: string, type: string, data: Uint8Array) =>
    producer.publish([
      { id: `${subject}-${Math.random()}`, topic, type, source: "/test", subject, time: new Date(), data },
    ]);
  const tellCredits = (user: string, version: number) =>
    send(creditsTopic, user, CreditsChangedSchema.typeName, toBinary(CreditsChangedSchema, changed(user, version)));
  const tellMembership = (user: string, version: number) =>
    send(
      membershipTopic,
      user,
      MembershipChangedSchema.typeName,
      toBinary(MembershipChangedSchema, joined(user, version)),
    );
  await tellCredits("alice", 1);

  const gateways = ["one", "two"].map((name) => {
    const hub = new LiveHub({ perUser: 5, total: 5 });
    const heard: LiveState[] = [];
    const nothing = () => undefined;
    hub.add({
      token: { sub: "alice", expiresAt: 0 },
      push: (state) => void heard.push(state),
      tick: nothing,
      close: nothing,
    });
    const handler = liveEvents(hub);
    let readings = 0;
    const consumer = new EventConsumer({
      kafka,
      groupId: `${prefix}.${name}`,
      topics,
      handler,
      fromBeginning: false,
      onPlaced: () => {
        readings += 1;
      },
      log: silentLog(),
    });
    return { heard, consumer, readings: () => readings };
  });
  onTestFinished(async () => {
    for (const { consumer } of gateways) await consumer.stop();
    await producer.stop();
    const admin = kafka.admin();
    await admin.connect();
    await admin.deleteGroups(["one", "two"].map((name) => `${prefix}.${name}`));
    await admin.deleteTopics({ topics: topics.flatMap((topic) => [topic, `${topic}.dlq`]) });
    await admin.disconnect();
  });
  for (const { consumer } of gateways) await consumer.start();
  await eventually(() => expect(gateways.map(({ consumer }) => consumer.ready())).toEqual([true, true]), {
    timeoutMs: 20_000,
  });
  // A group that has just formed asks for the end of the log with its first fetch; from then on nothing is missed.
  await eventually(() => expect(gateways.map(({ readings }) => readings())).toEqual([1, 1]));
  await tellCredits("alice", 2);
  for (const { heard } of gateways) await eventually(() => expect(heard.map(({ version }) => version)).toEqual([2]));
  await tellCredits("bob", 1);
  await tellMembership("alice", 1);
  for (const { heard } of gateways) {
    await eventually(() => expect(heard.at(-1)?.kind).toBe("membership"));
    expect(
      heard.every(({ userId, version: seen, kind }) => userId === "alice" && (kind === "membership" || seen > 1)),
    ).toBe(true);
    const credits = heard.find(({ kind }) => kind === "credits");
    expect(CreditsEvent.parse(credits?.data)).toMatchObject({
      userId: "alice",
      balance: 249,
      available: 248,
      status: "active",
      allowance: { tier: "pro", monthlyCredits: 250, remaining: 249, nextResetAt: "2026-02-01T00:00:00.000Z" },
      transaction: { id: "7", type: "consume", amount: -1, feature: null },
    });
    expect(MembershipEvent.parse(heard.at(-1)?.data)).toMatchObject({
      tier: "pro",
      status: "active",
      cycle: "monthly",
      monthlyCredits: 250,
      expiresAt: null,
      version: 1,
    });
  }
}, 60_000);
