// The service's own process killed (SIGKILL) between the steps by which an event becomes a row: each action stands in the log
// once, whatever is delivered again.
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, toBinary } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { ensureKeys } from "@stipend/local/keys/dev-keys";
import { createKafka } from "@stipend/platform/kafka/client";
import type { OutgoingEvent } from "@stipend/platform/kafka/events";
import { EventProducer } from "@stipend/platform/kafka/producer";
import { silentLog } from "@stipend/platform/log/log";
import { Database } from "@stipend/platform/mysql/database";
import { AdminActionRecordedSchema } from "@stipend/proto/events/admin/v1/events";
import { testEngines } from "@stipend/testing/engines/test-engines";
import { eventually } from "@stipend/testing/eventually";
import { type FreshDatabase, freshDatabase } from "@stipend/testing/fresh-database";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { AuditStore } from "../src/store/audit-store.ts";
import { verifyLog } from "../src/usecases/verify-log.ts";
import { Program, Server } from "./support.ts";

const prefix = `t-deaths-${randomUUID().slice(0, 8)}`;
const AT = new Date("2026-01-31T10:00:00.000Z");
const EACH = 20;

describe("a consumer that is killed", () => {
  let schema: FreshDatabase;
  let home: string;
  let jwksFile: string;
  let owner: Database;
  let server: Server;
  let producer: EventProducer;
  let kafka: ReturnType<typeof createKafka>;
  let running: Program | undefined;
  let told = 0;

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), "audit-"));
    jwksFile = (await ensureKeys(home)).internalJwks;
    schema = await freshDatabase(testEngines().mysqlAdminUrl, "admin-audit");
    owner = new Database({ url: schema.ownerUrl, log: silentLog(), poolSize: 2 });
    server = new Server(schema.schema);
    kafka = createKafka({ brokers: testEngines().kafkaBrokers.split(","), clientId: prefix, log: silentLog() });
    producer = new EventProducer({ kafka, log: silentLog() });
  }, 60_000);

  afterEach(async () => {
    server.release();
    await running?.kill();
  });

  afterAll(async () => {
    await producer?.stop();
    const admin = kafka.admin();
    await admin.connect();
    const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(`${prefix}.`));
    await admin.deleteTopics({ topics });
    await admin.disconnect();
    await server?.stop();
    await owner?.stop();
    await schema?.drop();
    await rm(home, { recursive: true });
  });

  /** Each time in a consumer group of its own: everything there ever was is delivered to it again. */
  const start = () => {
    running = new Program("main.ts", [], {
      NODE_ENV: "development",
      STIPEND_LOG_LEVEL: "error",
      STIPEND_HTTP_PORT: "0",
      STIPEND_METRICS_PORT: "0",
      STIPEND_MYSQL_URL: schema.url,
      STIPEND_KAFKA_BROKERS: testEngines().kafkaBrokers,
      STIPEND_TOPIC_PREFIX: prefix,
      STIPEND_GROUP_PREFIX: `${prefix}-${randomUUID().slice(0, 8)}`,
      STIPEND_REDIS_URL: testEngines().redisUrl,
      STIPEND_REDIS_PREFIX: `${prefix}:`,
      STIPEND_INTERNAL_JWKS_FILE: jwksFile,
    });
    return running;
  };

  const action = (n: number, reason: string): OutgoingEvent => ({
    id: `event-${n}`,
    type: AdminActionRecordedSchema.typeName,
    source: "/stipend/credits",
    subject: `user-${n % 7}`,
    time: AT,
    topic: `${prefix}.admin.v1`,
    data: toBinary(
      AdminActionRecordedSchema,
      create(AdminActionRecordedSchema, {
        id: `action-${n}`,
        service: "credits",
        actor: "ada",
        roles: ["admin"],
        action: "credits.grant",
        target: `user-${n % 7}`,
        outcome: "succeeded",
        reason,
        occurredAt: timestampFromDate(AT),
      }),
    ),
  });

  /** Every event three times, in batches of other sizes. */
  const publish = async (reason: string) => {
    const events = Array.from({ length: EACH }, (_, n) => action(told + n, reason));
    told += EACH;
    for (const size of [EACH, 7, EACH]) {
      for (let at = 0; at < events.length; at += size) {
        await eventually(() => producer.publish(events.slice(at, at + size)), { timeoutMs: 20_000 });
      }
    }
  };

  const rowsWith = async (reason: string) =>
    Number(
      (
        await owner.query<{ n: unknown }>("SELECT COUNT(*) AS n FROM admin_operation_logs WHERE reason = ?", [reason])
      )[0]?.n,
    );

  /** Everything that was ever published is in the log, once. */
  const expectOnce = async () => {
    const all = async () => {
      const rows = await owner.query<{ id: string; n: unknown }>(
        "SELECT action_id AS id, COUNT(*) AS n FROM admin_operation_logs GROUP BY action_id",
      );
      expect(rows.length).toBe(told);
      expect(rows.filter(({ n }) => Number(n) !== 1)).toEqual([]);
    };
    await eventually(all, { timeoutMs: 30_000 });
    expect(await verifyLog(new AuditStore(owner), [])).toMatchObject({ valid: true, checked: told });
  };

  it("with the batch in hand, before it has the end of the chain", async () => {
    await server.holdEndOfChain();
    const service = start();
    await publish("before");
    await server.runs(/audit_chain_head|LockAuditChain/i);
    expect(await service.kill()).toBe(true);
    server.release();
    expect(await rowsWith("before")).toBe(0);
    start();
    await expectOnce();
  }, 90_000);

  it("with the rows written, before the commit", async () => {
    const service = start();
    await expectOnce();
    await server.hold("LOCK TABLES outbox WRITE");
    await publish("uncommitted");
    await eventually(async () => expect(await server.uncommitted("uncommitted")).toBeGreaterThan(0), {
      timeoutMs: 30_000,
      everyMs: 10,
    });
    expect(await rowsWith("uncommitted")).toBe(0);
    expect(await service.kill()).toBe(true);
    server.release();
    await server.isRidOf(/INSERT INTO outbox/i);
    expect(await rowsWith("uncommitted")).toBe(0);
    start();
    await expectOnce();
  }, 90_000);

  it("with the rows committed: everything is delivered again, and nothing is appended", async () => {
    const service = start();
    await publish("committed");
    await eventually(async () => expect(await rowsWith("committed")).toBeGreaterThan(0), {
      timeoutMs: 30_000,
      everyMs: 1,
    });
    expect(await service.kill()).toBe(true);
    start();
    await publish("behind it");
    await expectOnce();
  }, 90_000);
});
