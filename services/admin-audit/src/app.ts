import { createRegistry } from "@bufbuild/protobuf";
import { ForgedTokens } from "@stipend/platform/auth/forged-tokens";
import { internalAuth } from "@stipend/platform/auth/internal";
import { type Clock, DevClock, systemClock } from "@stipend/platform/clock/clock";
import { loadDevClock, mountDevClock } from "@stipend/platform/clock/dev-clock-door";
import { MetricsServer } from "@stipend/platform/http/metrics";
import { serve } from "@stipend/platform/http/serve";
import { HttpServer } from "@stipend/platform/http/server";
import { inboxPurgeJob } from "@stipend/platform/inbox/purge-job";
import { createKafka } from "@stipend/platform/kafka/client";
import { EventConsumer } from "@stipend/platform/kafka/consumer";
import { EventProducer } from "@stipend/platform/kafka/producer";
import { topicEnsurer, topicName } from "@stipend/platform/kafka/topics";
import { Lifecycle } from "@stipend/platform/lifecycle/lifecycle";
import type { Log } from "@stipend/platform/log/log";
import { Database } from "@stipend/platform/mysql/database";
import { checkSchema } from "@stipend/platform/mysql/migrator";
import { OutboxRelay } from "@stipend/platform/outbox/relay";
import { outboxStateBody } from "@stipend/platform/outbox/state";
import type { ChainHead } from "@stipend/proto/audit/chain";
import { forgedTokenEvent } from "@stipend/proto/audit/forged-token";
import { file_stipend_audit_v1_events } from "@stipend/proto/events/audit/v1/events";
import { auditOutbox } from "@stipend/proto/http/checks";
import { domainProblems } from "@stipend/proto/http/problems";
import { FileAnchor } from "./anchors/file-anchor.ts";
import { KafkaAnchor } from "./anchors/kafka-anchor.ts";
import type { Config } from "./config.ts";
import { auditHandler } from "./events/handler.ts";
import { auditRoutes } from "./http/routes.ts";
import { MIGRATE_COMMAND, SERVICE, sqlSources } from "./sql.ts";
import { AuditStore } from "./store/audit-store.ts";

export interface App {
  readonly lifecycle: Lifecycle;
  readonly http: HttpServer;
  readonly consumer: EventConsumer;
  readonly store: AuditStore;
}

/** The whole service, not started. */
export function createApp(config: Config, log: Log): App {
  const devClock = config.STIPEND_DEV_CLOCK ? new DevClock() : null;
  const clock: Clock = devClock ?? systemClock;
  const topic = (logical: string) => topicName(config.STIPEND_TOPIC_PREFIX, logical);
  const anchorTopic = topic("audit.v1");
  const inputs = [topic("admin.v1"), topic("security.v1")];

  const db = new Database({ url: config.STIPEND_MYSQL_URL, poolSize: config.STIPEND_MYSQL_POOL_SIZE, log });
  const kafka = createKafka({ brokers: config.STIPEND_KAFKA_BROKERS, clientId: SERVICE, log });
  const ensureTopics = topicEnsurer(
    kafka,
    {
      topics: [...inputs, anchorTopic],
      forever: [anchorTopic],
      partitions: config.STIPEND_KAFKA_PARTITIONS,
      replication: config.STIPEND_KAFKA_REPLICATION,
    },
    log,
  );
  const producer = new EventProducer({ kafka, log, ensureTopics });
  const relay = new OutboxRelay({
    db,
    producer,
    registry: createRegistry(file_stipend_audit_v1_events),
    source: `/stipend/${SERVICE}`,
    topicPrefix: config.STIPEND_TOPIC_PREFIX,
    log,
    clock,
  });

  const store = new AuditStore(db);
  const file = config.STIPEND_AUDIT_ANCHOR_FILE === undefined ? null : new FileAnchor(config.STIPEND_AUDIT_ANCHOR_FILE);
  const anchors = [new KafkaAnchor(kafka, anchorTopic), ...(file === null ? [] : [file])];
  const onHead = async (head: ChainHead): Promise<void> => {
    relay.nudge();
    // The rows are committed, and the topic has this head as well: a full disk must not stop the log.
    await file
      ?.record(head, clock.now())
      .catch((error: unknown) => log.error({ err: error }, "anchor file not written"));
  };
  const consumer = new EventConsumer({
    kafka,
    groupId: `${config.STIPEND_GROUP_PREFIX}.${SERVICE}`,
    topics: inputs,
    handler: auditHandler({ writer: store, clock, onHead }),
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
    topic: topic("security.v1"),
    log,
    encode: forgedTokenEvent,
  });
  const jwksFile = config.STIPEND_INTERNAL_JWKS_FILE;
  http.app.use(internalAuth({ jwksFile, audience: SERVICE, onForged: (attempt) => forged.report(attempt) }));
  serve(http.app, auditOutbox, async () => ({ body: await outboxStateBody(db) }));
  auditRoutes(http.app, { log: store, anchors });

  const lifecycle = new Lifecycle({ log })
    .add(db)
    .add({ name: "schema", start: () => checkSchema(db, sqlSources, MIGRATE_COMMAND) });
  if (devClock !== null) {
    mountDevClock(http.app, devClock);
    const { STIPEND_REDIS_URL: redisUrl, STIPEND_REDIS_PREFIX: prefix } = config;
    lifecycle.add({ name: "dev-clock", start: () => loadDevClock(redisUrl, prefix, devClock) });
  }
  lifecycle
    .add(producer)
    .add(relay)
    .add(forged)
    .add(inboxPurgeJob({ db, clock, log }))
    .add(consumer)
    .add(new MetricsServer({ host: config.STIPEND_HTTP_HOST, port: config.STIPEND_METRICS_PORT, log }))
    .add(http);
  return { lifecycle, http, consumer, store };
}
