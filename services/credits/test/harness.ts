import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { InternalTokenSigner } from "@stipend/platform/auth/internal";
import { createKafka } from "@stipend/platform/kafka/client";
import type { OutgoingEvent } from "@stipend/platform/kafka/events";
import { EventProducer } from "@stipend/platform/kafka/producer";
import { Lifecycle } from "@stipend/platform/lifecycle/lifecycle";
import { createLog, type Log } from "@stipend/platform/log/log";
import {
  AllowanceAnchor,
  FirstPeriod,
  MembershipChangedSchema,
  MembershipCycle,
  MembershipStatus,
  OnExpiry,
  type TierTermsSchema,
} from "@stipend/proto/events/membership/v1/events";
import { testEngines } from "@stipend/testing/engines/test-engines";
import { eventually } from "@stipend/testing/eventually";
import { FakeClock } from "@stipend/testing/fake-clock";
import { type FreshDatabase, freshDatabase } from "@stipend/testing/fresh-database";
import { exportJWK, generateKeyPair } from "jose";
import { type App, createApp } from "../src/app.ts";
import { type Config, loadConfig } from "../src/config.ts";

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly body: any;
}

export interface CallOptions {
  readonly body?: unknown;
  /** Idempotency-Key; a new one when left out, none when null. */
  readonly key?: string | null;
  readonly user?: string;
  readonly roles?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Of another instance; the harness' own when left out. */
  readonly baseUrl?: string;
}

/** The credits service in this process, over real engines, with a clock that stands still. */
export interface CreditsHarness {
  readonly clock: FakeClock;
  readonly config: Config;
  readonly database: FreshDatabase;
  readonly app: App;
  readonly log: Log;
  /** The topic prefix, unique to this harness. */
  readonly prefix: string;
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  /** As a service that acts for users. */
  service(method: string, path: string, body?: unknown, options?: CallOptions): Promise<Answer>;
  admin(method: string, path: string, body?: unknown, options?: CallOptions): Promise<Answer>;
  /** A user's own call. */
  as(user: string, method: string, path: string, body?: unknown, options?: CallOptions): Promise<Answer>;
  publish(events: readonly Omit<OutgoingEvent, "topic" | "source" | "time">[], topic: string): Promise<void>;
  /** Another instance of the service over the same database and topics. */
  another(clock?: FakeClock): Promise<{ readonly app: App; stop(): Promise<void> }>;
  stop(): Promise<void>;
}

export async function startCredits(
  options: { readonly now?: string; readonly timeZone?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<CreditsHarness> {
  const engines = testEngines();
  const prefix = `t${randomBytes(5).toString("hex")}`;
  const home = mkdtempSync(join(tmpdir(), "stipend-credits-"));
  const keyFile = await writeKeys(home);
  const database = await freshDatabase(engines.mysqlAdminUrl, "credits");
  const log = createLog({ service: "credits", level: "silent" });
  const config = loadConfig({
    NODE_ENV: "test",
    STIPEND_HTTP_PORT: "0",
    STIPEND_METRICS_PORT: "0",
    STIPEND_MYSQL_URL: database.url,
    STIPEND_KAFKA_BROKERS: engines.kafkaBrokers,
    STIPEND_KAFKA_PARTITIONS: "2",
    STIPEND_TOPIC_PREFIX: prefix,
    STIPEND_GROUP_PREFIX: prefix,
    STIPEND_REDIS_URL: engines.redisUrl,
    STIPEND_REDIS_PREFIX: `${prefix}:`,
    STIPEND_INTERNAL_JWKS_FILE: join(home, "internal.jwks.json"),
    STIPEND_TIMEZONE: options.timeZone ?? "UTC",
    // Nothing happens by itself in these tests unless they ask for it.
    STIPEND_CREDITS_SWEEP_MS: "3600000",
    STIPEND_CREDITS_EXPIRY_MS: "3600000",
    // Tests tell of versions as they need them.
    STIPEND_CREDITS_GAP_MS: "0",
    ...options.env,
  });
  const clock = new FakeClock(options.now ?? "2026-01-15T10:00:00.000Z");
  const run = async (now: FakeClock) => {
    const app = createApp(config, { log, clock: now });
    const lifecycle = new Lifecycle({ log });
    for (const part of app.parts) lifecycle.add(part);
    await lifecycle.start();
    return { app, stop: () => lifecycle.stop() };
  };
  const main = await run(clock);
  const signer = new InternalTokenSigner({ keyFile });
  const kafka = createKafka({ brokers: config.STIPEND_KAFKA_BROKERS, clientId: "test", log });
  const producer = new EventProducer({ kafka, log });

  const call = async (method: string, path: string, request: CallOptions = {}): Promise<Answer> => {
    const key = request.key === undefined ? randomBytes(8).toString("hex") : request.key;
    const response = await fetch(`${request.baseUrl ?? main.app.http.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${await signer.tokenFor("credits")}`,
        ...(request.user === undefined ? {} : { "stipend-actor": request.user }),
        ...(request.roles === undefined ? {} : { "stipend-actor-roles": request.roles }),
        ...(key === null || method === "GET" ? {} : { "idempotency-key": key }),
        ...(request.body === undefined ? {} : { "content-type": "application/json" }),
        ...request.headers,
      },
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
    });
    const text = await response.text();
    const json = response.headers.get("content-type")?.includes("json") === true;
    return { status: response.status, headers: response.headers, body: json ? JSON.parse(text) : text };
  };

  return {
    clock,
    config,
    database,
    app: main.app,
    log,
    prefix,
    call,
    service: (method, path, body, more) => call(method, path, { body, user: "shop", roles: "service", ...more }),
    admin: (method, path, body, more) => call(method, path, { body, user: "root", roles: "admin", ...more }),
    as: (user, method, path, body, more) => call(method, path, { body, user, roles: "user", ...more }),
    async publish(events, topic) {
      const sent = events.map((event) => ({
        ...event,
        topic: `${prefix}.${topic}`,
        source: "/test",
        time: clock.now(),
      }));
      // A topic made a moment ago may have no leader yet. What a failed try left behind is a second delivery.
      await eventually(() => producer.publish(sent), { timeoutMs: 20_000, what: "the events are in Kafka" });
    },
    another: (other) => run(other ?? clock),
    async stop() {
      await main.stop();
      await producer.stop();
      await deleteTopics(kafka, prefix);
      await database.drop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

async function writeKeys(home: string): Promise<string> {
  const { privateKey } = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
  const jwk = { ...(await exportJWK(privateKey)), kid: "gateway", alg: "EdDSA", use: "sig" };
  const keyFile = join(home, "gateway.private.jwk.json");
  writeFileSync(keyFile, JSON.stringify(jwk), { mode: 0o600 });
  const { d: _, ...shown } = jwk;
  writeFileSync(join(home, "internal.jwks.json"), JSON.stringify({ keys: [shown] }));
  return keyFile;
}

async function deleteTopics(kafka: ReturnType<typeof createKafka>, prefix: string): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(`${prefix}.`));
    if (topics.length > 0) await admin.deleteTopics({ topics });
  } finally {
    await admin.disconnect();
  }
}

export interface MembershipFacts {
  readonly userId: string;
  readonly version: number;
  readonly tier?: string;
  readonly credits?: number;
  readonly startedAt: string;
  readonly periodEnd?: string;
  readonly status?: MembershipStatus;
  readonly cycle?: MembershipCycle;
  readonly endedAt?: string;
  readonly expiresAt?: string;
  readonly cancelAtPeriodEnd?: boolean;
  readonly onExpiry?: OnExpiry;
  readonly rolloverCap?: number;
  readonly pending?: { readonly tier: string; readonly credits: number };
  readonly eventId?: string;
  /** When the change was made; when it is published, if left out. */
  readonly occurredAt?: string;
}

/** A MembershipChanged event, ready to publish. */
export function membershipEvent(facts: MembershipFacts) {
  const moment = (text: string) => timestampFromDate(new Date(text));
  const terms = (tier: string, credits: number): MessageInitShape<typeof TierTermsSchema> => ({
    tier,
    monthlyCredits: BigInt(credits),
    anchor: AllowanceAnchor.CALENDAR,
    firstPeriod: FirstPeriod.FULL,
    rolloverCap: BigInt(facts.rolloverCap ?? 0),
    onExpiry: facts.onExpiry ?? OnExpiry.KEEP,
    rank: 1,
  });
  const nextMonth = new Date(facts.startedAt);
  nextMonth.setUTCMonth(nextMonth.getUTCMonth() + 1);
  const message = create(MembershipChangedSchema, {
    userId: facts.userId,
    version: BigInt(facts.version),
    membership: {
      membershipId: `m-${facts.userId}`,
      status: facts.status ?? MembershipStatus.ACTIVE,
      cycle: facts.cycle ?? MembershipCycle.MONTHLY,
      terms: terms(facts.tier ?? "pro", facts.credits ?? 250),
      ...(facts.pending === undefined ? {} : { pendingTerms: terms(facts.pending.tier, facts.pending.credits) }),
      startedAt: moment(facts.startedAt),
      currentPeriodStart: moment(facts.startedAt),
      currentPeriodEnd: moment(facts.periodEnd ?? nextMonth.toISOString()),
      ...(facts.expiresAt === undefined ? {} : { expiresAt: moment(facts.expiresAt) }),
      ...(facts.endedAt === undefined ? {} : { endedAt: moment(facts.endedAt) }),
      cancelAtPeriodEnd: facts.cancelAtPeriodEnd ?? false,
    },
    actor: "root",
    reason: "test",
    ...(facts.occurredAt === undefined ? {} : { occurredAt: moment(facts.occurredAt) }),
  });
  return {
    id: facts.eventId ?? randomBytes(16).toString("hex"),
    type: MembershipChangedSchema.typeName,
    subject: facts.userId,
    data: toBinary(MembershipChangedSchema, message),
  };
}
