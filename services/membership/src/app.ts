import { ForgedTokens } from "@stipend/platform/auth/forged-tokens";
import { internalAuth } from "@stipend/platform/auth/internal";
import { type Clock, DevClock, systemClock } from "@stipend/platform/clock/clock";
import { mountDevClock } from "@stipend/platform/clock/dev-clock-door";
import { MetricsServer } from "@stipend/platform/http/metrics";
import { serve } from "@stipend/platform/http/serve";
import { HttpServer } from "@stipend/platform/http/server";
import { inboxPurgeJob } from "@stipend/platform/inbox/purge-job";
import { IntervalJob } from "@stipend/platform/jobs/interval";
import { createKafka } from "@stipend/platform/kafka/client";
import { EventConsumer } from "@stipend/platform/kafka/consumer";
import { EventProducer } from "@stipend/platform/kafka/producer";
import { topicEnsurer, topicName } from "@stipend/platform/kafka/topics";
import { Lifecycle } from "@stipend/platform/lifecycle/lifecycle";
import type { Log } from "@stipend/platform/log/log";
import { Database } from "@stipend/platform/mysql/database";
import { OutboxRelay } from "@stipend/platform/outbox/relay";
import { outboxStateBody } from "@stipend/platform/outbox/state";
import { forgedTokenEvent } from "@stipend/proto/audit/forged-token";
import { membershipOutbox } from "@stipend/proto/http/checks";
import { domainProblems } from "@stipend/proto/http/problems";
import { v7 as uuidv7 } from "uuid";
import type { Config } from "./config.ts";
import { balancesHandler } from "./events/balances.ts";
import { outboxRegistry } from "./events/registry.ts";
import { adminRoutes } from "./http/admin-routes.ts";
import { batchRoute } from "./http/batch-route.ts";
import { internalRoutes } from "./http/internal-routes.ts";
import { memberRoutes } from "./http/member-routes.ts";
import { revocationRoutes } from "./http/revocation-routes.ts";
import { rememberPassedOver, remind, settleDue } from "./jobs/due.ts";
import { SERVICE } from "./sql.ts";
import { MysqlMembershipStore } from "./store/membership-store.ts";
import type { Deps } from "./usecases/ports.ts";

/** Whom the events come from, and what this service reads and writes. */
const WRITES = ["membership.v1", "admin.v1", "security.v1"] as const;
const READS = "credits.v1";
/** One row a user and event: large batches cost little, and a busy ledger tells a lot. */
const MAX_EVENTS = 500;

export interface App {
  readonly lifecycle: Lifecycle;
  readonly db: Database;
  readonly http: HttpServer;
  readonly clock: Clock;
}

/** The whole service, wired but not started: the same for production and tests. */
export function createApp(config: Config, log: Log): App {
  const clock = config.STIPEND_DEV_CLOCK ? new DevClock() : systemClock;
  const db = new Database({
    url: config.STIPEND_MYSQL_URL,
    poolSize: config.STIPEND_MYSQL_POOL_SIZE,
    log,
    name: SERVICE,
  });
  const messaging = connectKafka(config, log, db, clock);
  const deps: Deps = {
    store: new MysqlMembershipStore(db),
    timeZone: config.STIPEND_TIMEZONE,
    newId: () => uuidv7(),
    committed: () => messaging.relay.nudge(),
  };
  const consumer = messaging.consumerFor(deps);
  const jobs = dueJobs(config, log, deps, clock);
  const forged = new ForgedTokens({
    service: SERVICE,
    publish: (events) => messaging.producer.publish(events),
    topic: topicName(config.STIPEND_TOPIC_PREFIX, "security.v1"),
    log,
    encode: forgedTokenEvent,
  });
  const http = httpDoor(config, log, deps, clock, forged, {
    mysql: () => db.ready(),
    outbox: () => messaging.relay.state(),
    events: () => ({ ok: consumer.ready(), required: false }),
  });
  serve(http.app, membershipOutbox, async () => ({ body: await outboxStateBody(db) }));
  const metrics = new MetricsServer({
    host: config.STIPEND_HTTP_HOST,
    port: config.STIPEND_METRICS_PORT,
    log,
  });
  const lifecycle = new Lifecycle({ log });
  const purge = inboxPurgeJob({ db, clock, log });
  for (const part of [db, messaging.producer, messaging.relay, forged, ...jobs, purge, consumer, metrics, http])
    lifecycle.add(part);
  return { lifecycle, db, http, clock };
}

function connectKafka(config: Config, log: Log, db: Database, clock: Clock) {
  const kafka = createKafka({ brokers: config.STIPEND_KAFKA_BROKERS, clientId: SERVICE, log });
  const prefix = config.STIPEND_TOPIC_PREFIX;
  const plan = {
    topics: [...WRITES, READS].map((logical) => topicName(prefix, logical)),
    partitions: config.STIPEND_KAFKA_PARTITIONS,
    replication: config.STIPEND_KAFKA_REPLICATION,
  };
  const ensureTopics = topicEnsurer(kafka, plan, log);
  const producer = new EventProducer({ kafka, log, ensureTopics });
  const source = `/stipend/${SERVICE}`;
  const relay = new OutboxRelay({ db, producer, registry: outboxRegistry, source, topicPrefix: prefix, log, clock });
  const consumerFor = (deps: Deps) =>
    new EventConsumer({
      kafka,
      groupId: `${config.STIPEND_GROUP_PREFIX}.${SERVICE}`,
      topics: [topicName(prefix, READS)],
      handler: balancesHandler(deps, clock),
      producer,
      log,
      ensureTopics,
      maxBatch: MAX_EVENTS,
    });
  return { producer, relay, consumerFor };
}

/** They run by themselves, and at once when a developer moves the clock. */
function dueJobs(config: Config, log: Log, deps: Deps, clock: Clock): readonly IntervalJob[] {
  const options = { deps, clock, batch: config.STIPEND_MEMBERSHIP_JOB_BATCH };
  const passedOver = rememberPassedOver(log);
  // After an outage of the database nobody should wait for long.
  const shared = { log, maxBackoffMs: 5_000 };
  const settling = new IntervalJob({
    ...shared,
    name: "membership-due",
    everyMs: config.STIPEND_MEMBERSHIP_JOB_MS,
    run: (signal) => settleDue(options, passedOver, signal),
  });
  const reminding = new IntervalJob({
    ...shared,
    name: "membership-reminders",
    everyMs: config.STIPEND_REMINDER_JOB_MS,
    run: (signal) => remind(options, config.STIPEND_REMINDER_DAYS, signal),
  });
  if (clock instanceof DevClock) {
    // First what ends: nobody is reminded of an end that has come.
    clock.onChange(() => void settling.trigger().then(() => reminding.trigger()));
  }
  return [settling, reminding];
}

function httpDoor(
  config: Config,
  log: Log,
  deps: Deps,
  clock: Clock,
  forged: ForgedTokens,
  readiness: NonNullable<ConstructorParameters<typeof HttpServer>[0]["readiness"]>,
): HttpServer {
  const http = new HttpServer({
    host: config.STIPEND_HTTP_HOST,
    port: config.STIPEND_HTTP_PORT,
    log,
    problems: [domainProblems],
    readiness,
    checkResponses: config.NODE_ENV !== "production",
  });
  const jwksFile = config.STIPEND_INTERNAL_JWKS_FILE;
  http.app.use(internalAuth({ jwksFile, audience: SERVICE, onForged: (attempt) => forged.report(attempt) }));
  memberRoutes(http.app, deps, clock);
  adminRoutes(http.app, deps, clock);
  batchRoute(http.app, deps, clock, log);
  internalRoutes(http.app, deps, clock);
  revocationRoutes(http.app, deps, clock, systemClock);
  if (clock instanceof DevClock) mountDevClock(http.app, clock);
  return http;
}
