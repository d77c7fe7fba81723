import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DescMessage } from "@bufbuild/protobuf";
import { InternalTokenSigner } from "@stipend/platform/auth/internal";
import { DevClock } from "@stipend/platform/clock/clock";
import { createKafka } from "@stipend/platform/kafka/client";
import { EventConsumer } from "@stipend/platform/kafka/consumer";
import type { IncomingEvent } from "@stipend/platform/kafka/events";
import { EventProducer } from "@stipend/platform/kafka/producer";
import { topicEnsurer, topicName } from "@stipend/platform/kafka/topics";
import { createLog } from "@stipend/platform/log/log";
import { AdminActionRecordedSchema } from "@stipend/proto/events/admin/v1/events";
import { MembershipChangedSchema, MembershipExpiringSchema } from "@stipend/proto/events/membership/v1/events";
import { testEngines } from "@stipend/testing/engines/test-engines";
import { type FreshDatabase, freshDatabase } from "@stipend/testing/fresh-database";
import { exportJWK, generateKeyPair } from "jose";
import { type App, createApp } from "../src/app.ts";
import type { Config } from "../src/config.ts";

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever came
  readonly body: any;
  readonly headers: Headers;
}

export interface CallOptions {
  readonly as?: string;
  readonly roles?: string;
  readonly email?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly token?: string | null;
}

/** The whole service over real engines, called as the gateway calls it, with everything it publishes collected. */
export interface Harness {
  readonly app: App;
  readonly clock: DevClock;
  readonly schema: FreshDatabase;
  readonly topicPrefix: string;
  readonly events: IncomingEvent[];
  readonly producer: EventProducer;
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  close(): Promise<void>;
}

const log = createLog({ service: "membership-test", level: process.env.TEST_LOG ?? "silent" });

export async function startHarness(overrides: Partial<Config> = {}): Promise<Harness> {
  const engines = testEngines();
  const schema = await freshDatabase(engines.mysqlAdminUrl, "membership");
  const keys = await makeKeys();
  const prefix = `mt${randomBytes(5).toString("hex")}`;
  const config: Config = {
    NODE_ENV: "test",
    STIPEND_LOG_LEVEL: "silent",
    STIPEND_HTTP_HOST: "127.0.0.1",
    STIPEND_HTTP_PORT: 0,
    STIPEND_METRICS_PORT: 0,
    STIPEND_MYSQL_URL: schema.url,
    STIPEND_MYSQL_POOL_SIZE: 8,
    STIPEND_KAFKA_BROKERS: engines.kafkaBrokers.split(","),
    STIPEND_KAFKA_PARTITIONS: 2,
    STIPEND_KAFKA_REPLICATION: 1,
    STIPEND_TOPIC_PREFIX: prefix,
    STIPEND_GROUP_PREFIX: prefix,
    STIPEND_REDIS_URL: engines.redisUrl,
    STIPEND_REDIS_PREFIX: `${prefix}:`,
    STIPEND_INTERNAL_JWKS_FILE: join(keys.dir, "internal.jwks.json"),
    STIPEND_TIMEZONE: "UTC",
    STIPEND_DEV_CLOCK: true,
    STIPEND_REMINDER_DAYS: [7, 3, 1],
    STIPEND_MEMBERSHIP_JOB_MS: 200,
    STIPEND_REMINDER_JOB_MS: 200,
    STIPEND_MEMBERSHIP_JOB_BATCH: 100,
    ...overrides,
  };
  const app = createApp(config, log);
  await app.lifecycle.start();
  const collector = await collect(config);
  if (!(app.clock instanceof DevClock)) throw new Error("the test needs the development clock");
  return {
    app,
    clock: app.clock,
    schema,
    topicPrefix: prefix,
    events: collector.events,
    producer: collector.producer,
    call: (method, path, options) => call(app, keys.signer, method, path, options),
    close: async () => {
      await collector.stop();
      await app.lifecycle.stop();
      await schema.drop();
      await rm(keys.dir, { recursive: true });
    },
  };
}

async function makeKeys() {
  const dir = await mkdtemp(join(tmpdir(), "stipend-membership-"));
  const { publicKey, privateKey } = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
  const name = { kid: "gateway", alg: "EdDSA" };
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), ...name, use: "sig" }] };
  await writeFile(join(dir, "internal.jwks.json"), JSON.stringify(jwks));
  const keyFile = join(dir, "gateway.private.jwk.json");
  await writeFile(keyFile, JSON.stringify({ ...(await exportJWK(privateKey)), ...name }));
  return { dir, signer: new InternalTokenSigner({ keyFile }) };
}

/** Reads what the service publishes, from the beginning, in a group of its own. */
async function collect(config: Config) {
  const events: IncomingEvent[] = [];
  const kafka = createKafka({ brokers: config.STIPEND_KAFKA_BROKERS, clientId: "collector", log });
  const topics = ["membership.v1", "admin.v1", "credits.v1"].map((topic) =>
    topicName(config.STIPEND_TOPIC_PREFIX, topic),
  );
  const ensureTopics = topicEnsurer(kafka, { topics, partitions: 2, replication: 1 }, log);
  const producer = new EventProducer({ kafka, log, ensureTopics });
  const types: DescMessage[] = [MembershipChangedSchema, MembershipExpiringSchema, AdminActionRecordedSchema];
  const handler = { types, handle: async (batch: IncomingEvent[]) => void events.push(...batch) };
  const groupId = `${config.STIPEND_GROUP_PREFIX}.collector`;
  const consumer = new EventConsumer({ kafka, groupId, topics: topics.slice(0, 2), handler, log, ensureTopics });
  await consumer.start();
  const stop = async () => {
    await consumer.stop();
    await producer.stop();
  };
  return { events, producer, stop };
}

async function call(
  app: App,
  signer: InternalTokenSigner,
  method: string,
  path: string,
  options: CallOptions = {},
): Promise<Answer> {
  const { as = "root", roles = "admin", token = await signer.tokenFor("membership"), body } = options;
  const response = await fetch(app.http.url + path, {
    method,
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      "stipend-actor": as,
      "stipend-actor-roles": roles,
      "stipend-client-ip": "203.0.113.7",
      "stipend-user-agent": encodeURIComponent("browser/1 (ünïcode)"),
      ...(options.email === undefined ? {} : { "stipend-actor-email": options.email }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...options.headers,
    },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === "" ? undefined : JSON.parse(text), headers: response.headers };
}
