import { createRegistry } from "@bufbuild/protobuf";
import { ForgedTokens } from "@stipend/platform/auth/forged-tokens";
import { internalAuth } from "@stipend/platform/auth/internal";
import { type Clock, DevClock, systemClock } from "@stipend/platform/clock/clock";
import { loadDevClock, mountDevClock } from "@stipend/platform/clock/dev-clock-door";
import { CodedError, codeOf } from "@stipend/platform/errors/coded";
import { MetricsServer } from "@stipend/platform/http/metrics";
import { serve } from "@stipend/platform/http/serve";
import { HttpServer } from "@stipend/platform/http/server";
import { inboxPurgeJob } from "@stipend/platform/inbox/purge-job";
import { createKafka } from "@stipend/platform/kafka/client";
import { EventConsumer } from "@stipend/platform/kafka/consumer";
import { EventProducer } from "@stipend/platform/kafka/producer";
import { topicEnsurer, topicName } from "@stipend/platform/kafka/topics";
import type { Part } from "@stipend/platform/lifecycle/lifecycle";
import { together } from "@stipend/platform/lifecycle/together";
import type { Log } from "@stipend/platform/log/log";
import { Database } from "@stipend/platform/mysql/database";
import { isTransient } from "@stipend/platform/mysql/errors";
import { checkSchema } from "@stipend/platform/mysql/migrator";
import { OutboxRelay } from "@stipend/platform/outbox/relay";
import { outboxStateBody } from "@stipend/platform/outbox/state";
import { createRedis, redisPart, redisReady } from "@stipend/platform/redis/redis";
import { counter, gauge, latency, sizes } from "@stipend/platform/telemetry/metrics";
import { childSpan, currentTraceparent } from "@stipend/platform/telemetry/trace";
import { forgedTokenEvent } from "@stipend/proto/audit/forged-token";
import { file_stipend_admin_v1_events } from "@stipend/proto/events/admin/v1/events";
import { file_stipend_credits_v1_events } from "@stipend/proto/events/credits/v1/events";
import { creditsOutbox } from "@stipend/proto/http/checks";
import { domainProblems } from "@stipend/proto/http/problems";
import type { Config } from "./config.ts";
import { balanceMirror } from "./events/balance-mirror.ts";
import { FrozenAttempts } from "./events/frozen-attempts.ts";
import { type EventHandler, membershipHandler, usageHandler } from "./events/handlers.ts";
import { flawOf } from "./events/reported-usage.ts";
import { readFormat } from "./http/read-format.ts";
import { creditsRoutes } from "./http/routes.ts";
import { createSweeps, type Sweeps } from "./jobs/sweeps.ts";
import { sqlSources } from "./sources.ts";
import { countedLedger } from "./store/counted-ledger.ts";
import { LanedAccounts } from "./store/laned-accounts.ts";
import { LanedOperations } from "./store/laned-operations.ts";
import { mirrorBalances } from "./store/redis-balances.ts";
import { type ReadOutcome, RedisReadCache } from "./store/redis-read-cache.ts";
import { mysqlApprovals, mysqlLedger, mysqlReads } from "./store/session.ts";
import { noReadCache } from "./usecases/ports.ts";
import { tellingFrozen } from "./usecases/tell-frozen.ts";

const cacheReads = counter(
  "credits_read_cache",
  "Reads of ledgers: found in Redis, read from MySQL, or Redis not asked",
);

export interface App {
  /** In the order in which they start; they end in reverse. */
  readonly parts: readonly Part[];
  readonly http: HttpServer;
  readonly db: Database;
  readonly sweeps: Sweeps;
}

const MIGRATE = "npm run migrate -w services/credits";

const batchSize = sizes("credits_batch_size", "Operations in one transaction of a lane, by kind");
const laneWait = latency(
  "credits_lane_wait_seconds",
  "From an operation's arrival to the beginning of its transaction",
);
const outcomes = counter("credits_operations", "Ledger operations by what became of them, counted after COMMIT");

/** The same wiring for production and tests. */
export function createApp(config: Config, options: { readonly log: Log; readonly clock?: Clock }): App {
  const { log } = options;
  const clock = options.clock ?? (config.STIPEND_DEV_CLOCK ? new DevClock() : systemClock);
  const timeZone = config.STIPEND_TIMEZONE;
  const patienceMs = config.STIPEND_CREDITS_GAP_MS;

  const db = new Database({ url: config.STIPEND_MYSQL_URL, poolSize: config.STIPEND_MYSQL_POOL_SIZE, log });
  const topics = ["membership.v1", "credits.v1", "usage.v1", "admin.v1", "security.v1"] as const;
  const fullName = (topic: (typeof topics)[number]) => topicName(config.STIPEND_TOPIC_PREFIX, topic);
  const kafka = createKafka({ brokers: config.STIPEND_KAFKA_BROKERS, clientId: "credits", log });
  const ensureTopics = topicEnsurer(
    kafka,
    {
      topics: topics.map(fullName),
      partitions: config.STIPEND_KAFKA_PARTITIONS,
      replication: config.STIPEND_KAFKA_REPLICATION,
    },
    log,
  );
  const producer = new EventProducer({ kafka, log, ensureTopics });
  const relay = new OutboxRelay({
    db,
    producer,
    registry: createRegistry(file_stipend_credits_v1_events, file_stipend_admin_v1_events),
    source: "/stipend/credits",
    topicPrefix: config.STIPEND_TOPIC_PREFIX,
    log,
    clock,
  });

  const ledger = countedLedger(
    mysqlLedger(db, () => relay.nudge()),
    (operation, outcome, count) => outcomes.add(count, { operation, outcome }),
  );
  const lanes = {
    ledger,
    clock,
    timeZone,
    lanes: config.STIPEND_CREDITS_LANES,
    maxBatch: config.STIPEND_CREDITS_MAX_BATCH,
    maxWaiting: config.STIPEND_CREDITS_MAX_WAITING,
    isTransient,
    overloaded: () => new CodedError("overloaded", { retryAfterSeconds: 1 }),
    onWaited: (seconds: number, kind: string) => laneWait.record(seconds, { kind }),
  };
  const accounts = new LanedAccounts({ ...lanes, currentTraceparent });
  const operations = new LanedOperations({
    ...lanes,
    isUnknown: (error) => codeOf(error) === "outcome_unknown",
    traced: childSpan,
    onBatch: (size, kind) => batchSize.record(size, { kind }),
  });

  const consumer = (name: string, topic: (typeof topics)[number], handler: EventHandler) =>
    new EventConsumer({
      kafka,
      groupId: `${config.STIPEND_GROUP_PREFIX}.credits-${name}`,
      topics: [fullName(topic)],
      handler,
      producer,
      log,
      clock,
      ensureTopics,
    });
  const membership = consumer(
    "membership",
    "membership.v1",
    membershipHandler({ ledger, clock, timeZone, patienceMs }),
  );
  const usage = consumer("usage", "usage.v1", usageHandler({ ledger, clock, timeZone, validate: flawOf }));

  const redis = createRedis(config.STIPEND_REDIS_URL, { prefix: config.STIPEND_REDIS_PREFIX, log });
  const mirror = consumer(
    "balances",
    "credits.v1",
    balanceMirror((balances) => mirrorBalances(redis, balances), log),
  );
  const sweeps = createSweeps(
    { ledger, clock, timeZone, patienceMs },
    { resetsEveryMs: config.STIPEND_CREDITS_SWEEP_MS, lapsedEveryMs: config.STIPEND_CREDITS_EXPIRY_MS, log },
  );

  const http = new HttpServer({
    host: config.STIPEND_HTTP_HOST,
    port: config.STIPEND_HTTP_PORT,
    log,
    problems: [domainProblems],
    checkResponses: config.NODE_ENV !== "production",
    readiness: {
      mysql: () => db.ready(),
      membershipEvents: () => ({ ok: membership.ready(), required: false }),
      usageEvents: () => ({ ok: usage.ready(), required: false }),
      outbox: () => relay.state(),
      redis: async () => ({ ok: await redisReady(redis), required: false }),
    },
  });
  const forged = new ForgedTokens({
    service: "credits",
    publish: (events) => producer.publish(events),
    topic: fullName("security.v1"),
    log,
    encode: forgedTokenEvent,
  });
  http.app.use(
    internalAuth({
      jwksFile: config.STIPEND_INTERNAL_JWKS_FILE,
      audience: "credits",
      onForged: (attempt) => forged.report(attempt),
    }),
  );
  serve(http.app, creditsOutbox, async () => ({ body: await outboxStateBody(db) }));
  const frozen = new FrozenAttempts({
    publish: (events) => producer.publish(events),
    topic: fullName("security.v1"),
    now: () => clock.now(),
    log,
  });
  const told = tellingFrozen(operations, frozen.tell);
  const reads = mysqlReads(db);
  const fourEyes = {
    ledger,
    reads,
    approvals: mysqlApprovals(db),
    clock,
    timeZone,
    threshold: config.STIPEND_FOUR_EYES_THRESHOLD,
    proposalHours: config.STIPEND_FOUR_EYES_HOURS,
  };
  const cached = (outcome: ReadOutcome) => cacheReads.add(1, { outcome });
  const cache = config.STIPEND_READ_CACHE
    ? new RedisReadCache({ redis, format: readFormat(), count: cached })
    : noReadCache;
  creditsRoutes(http.app, { ledger, reads, cache, operations: told, accounts, fourEyes, clock, timeZone, log });
  if (clock instanceof DevClock) {
    mountDevClock(http.app, clock);
    clock.onChange(() => sweeps.trigger());
  }

  const schema: Part = { name: "schema", start: () => checkSchema(db, sqlSources, MIGRATE) };
  const metrics = new MetricsServer({ host: config.STIPEND_HTTP_HOST, port: config.STIPEND_METRICS_PORT, log });
  const parts = [
    metrics,
    db,
    redisPart(redis),
    ...(clock instanceof DevClock ? [devClockPart(clock, config)] : []),
    schema,
    producer,
    relay,
    forged,
    lanesPart(operations, accounts),
    frozen,
    together("consumers", [membership, usage, mirror]),
    sweeps.resets,
    sweeps.lapsed,
    sweeps.waiting,
    inboxPurgeJob({ db, clock, log }),
    http,
  ];
  return { parts, http, db, sweeps };
}

/** A service that starts after the clock was moved finds the offset in Redis. */
function devClockPart(clock: DevClock, config: Config): Part {
  return {
    name: "dev-clock",
    start: () => loadDevClock(config.STIPEND_REDIS_URL, config.STIPEND_REDIS_PREFIX, clock),
  };
}

function lanesPart(operations: LanedOperations, accounts: LanedAccounts): Part {
  const endGauge = gauge("credits_operations_waiting", "Operations waiting for their lane", () => operations.waiting);
  return {
    name: "lanes",
    async drain() {
      await Promise.all([operations.drain(), accounts.drain()]);
    },
    async stop() {
      endGauge();
      await Promise.resolve();
    },
  };
}
