/**
 * A whole small service in one process, run with --import telemetry/register.ts: HTTP → transaction → outbox → Kafka →
 * consumer → transaction. Serves one request to itself, waits until its event has been applied, and ends.
 */
import { createRegistry } from "@bufbuild/protobuf";
import {
  file_stipend_membership_v1_events,
  MembershipExpiringSchema,
} from "@stipend/proto/events/membership/v1/events";
import { request } from "undici";
import { v7 as uuidv7 } from "uuid";
import { z } from "zod";
import { systemClock } from "../../src/clock/clock.ts";
import { defineRoute } from "../../src/http/contract.ts";
import { serve } from "../../src/http/serve.ts";
import { HttpServer } from "../../src/http/server.ts";
import { recordInbox } from "../../src/inbox/inbox.ts";
import { createKafka } from "../../src/kafka/client.ts";
import { EventConsumer } from "../../src/kafka/consumer.ts";
import { EventProducer } from "../../src/kafka/producer.ts";
import { topicEnsurer, topicName } from "../../src/kafka/topics.ts";
import { createLog } from "../../src/log/log.ts";
import { Database } from "../../src/mysql/database.ts";
import { OutboxRelay } from "../../src/outbox/relay.ts";
import { shutdownTelemetry } from "../../src/telemetry/shutdown.ts";

const [url = "", brokers = "", prefix = ""] = process.argv.slice(2);
const log = createLog({ service: "traced" });
const db = new Database({ url, log, poolSize: 4 });
const kafka = createKafka({ brokers: brokers.split(","), clientId: prefix, log });
const topic = topicName(prefix, "membership.v1");
const ensureTopics = topicEnsurer(kafka, { topics: [topic], partitions: 1, replication: 1 }, log);
const producer = new EventProducer({ kafka, log, ensureTopics });
const registry = createRegistry(file_stipend_membership_v1_events);
const relay = new OutboxRelay({
  db,
  producer,
  registry,
  source: "/test",
  topicPrefix: prefix,
  log,
  clock: systemClock,
});
const applied = Promise.withResolvers<void>();
const consumer = new EventConsumer({
  kafka,
  groupId: `${prefix}.traced`,
  topics: [topic],
  producer,
  log,
  ensureTopics,
  handler: {
    types: [MembershipExpiringSchema],
    async handle(batch) {
      await db.transaction(
        async (tx) => {
          const fresh = await recordInbox(
            tx,
            "traced",
            batch.map((event) => event.id),
            new Date(),
          );
          const events = batch.filter((event) => fresh.has(event.id));
          await tx.call(
            "ApplyEvents",
            events.map(({ id, subject }) => ({ id, subject })),
          );
        },
        { name: "test.apply" },
      );
      applied.resolve();
    },
  },
});
const http = new HttpServer({ host: "127.0.0.1", port: 0, log });
const contract = defineRoute({
  id: "test.write",
  method: "POST",
  path: "/api/write/:user",
  roles: "anyone",
  summary: "writes an event",
  params: z.strictObject({ user: z.string() }),
  responses: { 200: { description: "written" } },
  errors: [],
});
serve(http.app, contract, async (ctx) => {
  const events = [{ id: uuidv7(), user: ctx.params.user, days: 3 }];
  const rows = await db.transaction((tx) => tx.call("WriteEvents", events, new Date(), ctx.traceparent), {
    name: "test.write",
  });
  relay.nudge();
  log.info("written");
  return { body: { rows, traceparent: ctx.traceparent } };
});
for (const part of [producer, relay, consumer, http]) await part.start();
const answer = await request(`${http.url}/api/write/alice`, { method: "POST" });
process.stdout.write(`${JSON.stringify({ answer: await answer.body.json() })}\n`);
await applied.promise;
for (const part of [http, consumer, relay, producer]) await part.drain();
for (const part of [http, consumer, relay, producer, db]) await part.stop();
await shutdownTelemetry();
