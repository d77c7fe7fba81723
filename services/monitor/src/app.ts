import { createRegistry } from "@bufbuild/protobuf";
import { ForgedTokens } from "@stipend/platform/auth/forged-tokens";
import { InternalTokenSigner, internalAuth } from "@stipend/platform/auth/internal";
import { type Clock, DevClock, systemClock } from "@stipend/platform/clock/clock";
import { loadDevClock, mountDevClock } from "@stipend/platform/clock/dev-clock-door";
import { MetricsServer } from "@stipend/platform/http/metrics";
import { HttpServer } from "@stipend/platform/http/server";
import { inboxPurgeJob } from "@stipend/platform/inbox/purge-job";
import { createKafka } from "@stipend/platform/kafka/client";
import { EventConsumer } from "@stipend/platform/kafka/consumer";
import { EventProducer } from "@stipend/platform/kafka/producer";
import { topicEnsurer, topicName } from "@stipend/platform/kafka/topics";
import { KafkaWatch } from "@stipend/platform/kafka/watch";
import { Lifecycle, type Part } from "@stipend/platform/lifecycle/lifecycle";
import type { Log } from "@stipend/platform/log/log";
import { Database } from "@stipend/platform/mysql/database";
import { checkSchema } from "@stipend/platform/mysql/migrator";
import { OutboxRelay } from "@stipend/platform/outbox/relay";
import { readOutboxState } from "@stipend/platform/outbox/state";
import { forgedTokenEvent } from "@stipend/proto/audit/forged-token";
import { file_stipend_admin_v1_events } from "@stipend/proto/events/admin/v1/events";
import { file_stipend_alerts_v1_events } from "@stipend/proto/events/alerts/v1/events";
import { domainProblems } from "@stipend/proto/http/problems";
import { CheckClient } from "./clients/check-client.ts";
import { InternalClient } from "./clients/internal-client.ts";
import { outboxOf, proveAuditLog } from "./clients/machinery-client.ts";
import { ChannelSender } from "./clients/notify/sender.ts";
import { repairerOf } from "./clients/repair-client.ts";
import type { Config } from "./config.ts";
import { LOGICAL_TOPICS } from "./events/decode.ts";
import { monitorHandler } from "./events/handler.ts";
import { alertRoutes } from "./http/alert-routes.ts";
import { noticeRoutes } from "./http/notice-routes.ts";
import { overviewRoutes } from "./http/overview-routes.ts";
import { monitorJobs } from "./jobs/jobs.ts";
import { MachineryWatch } from "./jobs/machinery-jobs.ts";
import { noticeJobs } from "./jobs/notice-jobs.ts";
import { StandingWatch } from "./jobs/standing-job.ts";
import { SettingsFile } from "./settings/settings-file.ts";
import { MIGRATE_COMMAND, SERVICE, sqlSources } from "./sql.ts";
import { MysqlAlertStore } from "./store/alert-store.ts";
import { MysqlCheckStore } from "./store/check-store.ts";
import { MysqlSettleStore } from "./store/count-store.ts";
import { MysqlMachineryStore } from "./store/machinery-store.ts";
import { MysqlMemberStore } from "./store/member-store.ts";
import { MysqlNoticeStore } from "./store/notice-store.ts";
import { MysqlObserveStore } from "./store/observe-store.ts";
import { MysqlSummaryReader } from "./store/summary-store.ts";
import { countedChecks } from "./telemetry/counted-checks.ts";
import { type Known, knownGauges, monitorCounts } from "./telemetry/monitor-metrics.ts";

export interface App {
  readonly lifecycle: Lifecycle;
  readonly http: HttpServer;
  readonly consumer: EventConsumer;
}

/** The whole service, not started. */
export function createApp(config: Config, log: Log): App {
  const devClock = config.STIPEND_DEV_CLOCK ? new DevClock() : null;
  const clock: Clock = devClock ?? systemClock;
  const timeZone = config.STIPEND_TIMEZONE;
  const settings = new SettingsFile(
    { file: config.STIPEND_MONITOR_FILE, secrets: config.notifySecrets, timeZone },
    log,
  );
  const db = new Database({ url: config.STIPEND_MYSQL_URL, poolSize: config.STIPEND_MYSQL_POOL_SIZE, log });
  const { producer, relay, kafka, ensureTopics, topics } = messaging(config, db, clock, log);

  const store = new MysqlObserveStore(db);
  const passes = new MysqlCheckStore(db);
  const checks = countedChecks(passes, (comparisons) => {
    monitorCounts.checked(comparisons);
    monitorCounts.evaluations(settings.current.rules.onAccounts, comparisons.length);
  });
  const others = otherServices(config);
  const source = new CheckClient(others);
  const onCommit = () => relay.nudge();

  const consumer = new EventConsumer({
    kafka,
    groupId: `${config.STIPEND_GROUP_PREFIX}.${SERVICE}`,
    topics,
    handler: monitorHandler({
      store,
      rules: () => settings.current.rules,
      counts: monitorCounts,
      clock,
      timeZone,
      onCommit,
    }),
    producer,
    log,
    ensureTopics,
  });

  const http = new HttpServer({
    host: config.STIPEND_HTTP_HOST,
    port: config.STIPEND_HTTP_PORT,
    log,
    problems: [domainProblems],
    checkResponses: config.NODE_ENV !== "production",
    readiness: {
      mysql: () => db.ready(),
      kafka: () => ({ ok: consumer.ready(), required: false }),
      outbox: () => relay.state(),
    },
  });
  const forged = new ForgedTokens({
    service: SERVICE,
    publish: (events) => producer.publish(events),
    topic: topicName(config.STIPEND_TOPIC_PREFIX, "security.v1"),
    log,
    encode: forgedTokenEvent,
  });
  const jwksFile = config.STIPEND_INTERNAL_JWKS_FILE;
  http.app.use(internalAuth({ jwksFile, audience: SERVICE, onForged: (attempt) => forged.report(attempt) }));
  const links = () => settings.current.links;
  alertRoutes(http.app, { alerts: new MysqlAlertStore(db), links, clock, onCommit });
  const notices = new MysqlNoticeStore(db);
  const sender = new ChannelSender(() => settings.current);
  noticeRoutes(http.app, { notices, sender, clock });
  const summaries = new MysqlSummaryReader(db, passes);
  const rules = () => settings.current.rules.jobs;
  const repairer = repairerOf(others);
  overviewRoutes(http.app, { summaries, checks, source, repairer, rules, clock, onCommit });

  const lifecycle = new Lifecycle({ log })
    .add(settings)
    .add(db)
    .add({ name: "schema", start: () => checkSchema(db, sqlSources, MIGRATE_COMMAND) });
  if (devClock !== null) {
    mountDevClock(http.app, devClock);
    const { STIPEND_REDIS_URL: redisUrl, STIPEND_REDIS_PREFIX: prefix } = config;
    lifecycle.add({ name: "dev-clock", start: () => loadDevClock(redisUrl, prefix, devClock) });
  }
  const kafkaWatch = new KafkaWatch({
    kafka,
    groupPrefix: config.STIPEND_GROUP_PREFIX,
    topicPrefix: config.STIPEND_TOPIC_PREFIX,
  });
  const shared = { settings: () => settings.current, counts: monitorCounts, clock, log, onCommit };
  const machinery = new MachineryWatch({
    ...shared,
    store: new MysqlMachineryStore(db),
    kafka: kafkaWatch,
    outboxes: [
      ...Object.values(others).map((client) => () => outboxOf(client)),
      async () => ({ service: SERVICE, ...(await readOutboxState(db)) }),
    ],
    proveAuditLog: (signal) => proveAuditLog(others.audit, signal),
    ownGroup: SERVICE,
  });
  lifecycle.add(producer).add(relay).add(forged).add(kafkaWatch).add(inboxPurgeJob({ db, clock, log }));
  for (const client of Object.values(others)) {
    lifecycle.add({ name: `client:${client.service}`, stop: () => client.stop() });
  }
  const members = new MysqlMemberStore(db);
  const windows = new MysqlSettleStore(db);
  const behind = () => machinery.behind;
  const watch = new StandingWatch(summaries, log);
  lifecycle.add(gaugesPart({ now: () => clock.now(), standing: () => watch.standing, lags: () => machinery.lags }));
  for (const job of [
    ...monitorJobs({ ...shared, store, members, windows, checks, source, timeZone, behind }),
    ...machinery.jobs(),
    ...noticeJobs({
      store: notices,
      sender,
      settings: () => settings.current.notifications,
      counts: monitorCounts,
      clock,
      log,
    }),
    watch.job,
  ]) {
    lifecycle.add(job);
  }
  lifecycle
    .add(consumer)
    .add(new MetricsServer({ host: config.STIPEND_HTTP_HOST, port: config.STIPEND_METRICS_PORT, log }))
    .add(http);
  return { lifecycle, http, consumer };
}

function gaugesPart(known: Known): Part {
  const end = knownGauges(known);
  return {
    name: "gauges",
    async stop() {
      end();
      await Promise.resolve();
    },
  };
}

/** The services that the monitor asks, each by internal read-only routes. */
function otherServices(config: Config) {
  const signer = new InternalTokenSigner({ keyFile: config.STIPEND_INTERNAL_KEY_FILE });
  return {
    credits: new InternalClient("credits", config.STIPEND_CREDITS_URL, signer),
    membership: new InternalClient("membership", config.STIPEND_MEMBERSHIP_URL, signer),
    audit: new InternalClient("admin-audit", config.STIPEND_AUDIT_URL, signer),
  };
}

/** Kafka in and out: every topic that is read, and the alerts and audit events that are written. */
function messaging(config: Config, db: Database, clock: Clock, log: Log) {
  const topics = LOGICAL_TOPICS.map((logical) => topicName(config.STIPEND_TOPIC_PREFIX, logical));
  const kafka = createKafka({ brokers: config.STIPEND_KAFKA_BROKERS, clientId: SERVICE, log });
  const ensureTopics = topicEnsurer(
    kafka,
    {
      topics: [...topics, topicName(config.STIPEND_TOPIC_PREFIX, "alerts.v1")],
      partitions: config.STIPEND_KAFKA_PARTITIONS,
      replication: config.STIPEND_KAFKA_REPLICATION,
    },
    log,
  );
  const producer = new EventProducer({ kafka, log, ensureTopics });
  const relay = new OutboxRelay({
    db,
    producer,
    registry: createRegistry(file_stipend_alerts_v1_events, file_stipend_admin_v1_events),
    source: `/stipend/${SERVICE}`,
    topicPrefix: config.STIPEND_TOPIC_PREFIX,
    log,
    clock,
  });
  return { producer, relay, kafka, ensureTopics, topics };
}
