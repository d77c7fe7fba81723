import { fromBinary } from "@bufbuild/protobuf";
import { createKafka } from "@stipend/platform/kafka/client";
import { EventProducer } from "@stipend/platform/kafka/producer";
import { readTail } from "@stipend/platform/kafka/tail";
import { ensureTopics } from "@stipend/platform/kafka/topics";
import { silentLog } from "@stipend/platform/log/log";
import { AccessRefusedSchema } from "@stipend/proto/events/security/v1/events";
import { testEngines } from "@stipend/testing/engines/test-engines";
import { eventually } from "@stipend/testing/eventually";
import { expect, onTestFinished, test } from "vitest";
import { RefusalLog } from "../src/security/refusal-log.ts";

const REFUSED = {
  code: "role_required",
  subject: "mallory",
  roles: ["user"],
  method: "PUT",
  route: "/api/admin/users/:userId/membership",
  caller: { ip: "203.0.113.7", userAgent: "curl/8", requestId: "request-0001", traceparent: undefined },
};

async function kafkaWithTopic() {
  const topic = `gw${Math.random().toString(36).slice(2)}.security.v1`;
  const kafka = createKafka({ brokers: testEngines().kafkaBrokers.split(","), clientId: "test", log: silentLog() });
  await ensureTopics(kafka, { topics: [topic], partitions: 1, replication: 1 });
  const producer = new EventProducer({ kafka, log: silentLog() });
  await producer.start();
  onTestFinished(async () => {
    await producer.stop();
    const admin = kafka.admin();
    await admin.connect();
    await admin.deleteTopics({ topics: [topic, `${topic}.dlq`] });
    await admin.disconnect();
  });
  const read = async () => {
    const messages = await readTail({ kafka, topic, perPartition: 100, timeoutMs: 10_000 });
    return messages.map(({ raw }) => ({
      key: raw.key?.toString(),
      event: fromBinary(AccessRefusedSchema, raw.value ?? new Uint8Array()),
    }));
  };
  return { topic, producer, read };
}

test("a refused attempt stands in Kafka when record resolves", async () => {
  const { topic, producer, read } = await kafkaWithTopic();
  const refusals = new RefusalLog({
    publish: (events) => producer.publish(events),
    topic,
    log: silentLog(),
    waitMs: 10_000,
  });
  await refusals.record(REFUSED);
  expect(refusals.waiting).toBe(0);
  await refusals.record({ ...REFUSED, subject: "", code: "token_expired" });
  const events = await read();
  expect(events.map(({ key }) => key)).toEqual(["mallory", "203.0.113.7"]);
  expect(events[0]?.event).toMatchObject({
    subject: "mallory",
    roles: ["user"],
    code: "role_required",
    method: "PUT",
    route: "/api/admin/users/:userId/membership",
    ip: "203.0.113.7",
    userAgent: "curl/8",
    requestId: "request-0001",
  });
});

test("Kafka away: nobody waits for long, nothing is lost within the bound, and all goes out when it is back", async () => {
  const { topic, producer, read } = await kafkaWithTopic();
  let up = false;
  const publish = (events: Parameters<typeof producer.publish>[0]) =>
    up ? producer.publish(events) : Promise.reject(new Error("away"));
  const refusals = new RefusalLog({ publish, topic, log: silentLog(), waitMs: 100, spoolSize: 5 });
  await refusals.start();
  onTestFinished(() => refusals.stop());
  const started = performance.now();
  for (let n = 0; n < 8; n++) await refusals.record({ ...REFUSED, subject: `user-${n}` });
  expect(performance.now() - started).toBeLessThan(2_000);
  expect(refusals.waiting).toBe(5);
  up = true;
  await eventually(() => expect(refusals.waiting).toBe(0));
  expect((await read()).map(({ key }) => key)).toEqual([0, 1, 2, 3, 4].map((n) => `user-${n}`));
});
