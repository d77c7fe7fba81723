import { randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { ensureKeys } from "@stipend/local/keys/dev-keys";
import { InternalTokenSigner } from "@stipend/platform/auth/internal";
import { createKafka } from "@stipend/platform/kafka/client";
import type { OutgoingEvent } from "@stipend/platform/kafka/events";
import { EventProducer } from "@stipend/platform/kafka/producer";
import { readTail } from "@stipend/platform/kafka/tail";
import { silentLog } from "@stipend/platform/log/log";
import { Database } from "@stipend/platform/mysql/database";
import { fromJsonLine } from "@stipend/proto/audit/jsonl";
import { fromExported } from "@stipend/proto/audit/row";
import { ChainVerifier } from "@stipend/proto/audit/verify";
import { AdminActionRecordedSchema } from "@stipend/proto/events/admin/v1/events";
import { AccessRefusedSchema } from "@stipend/proto/events/security/v1/events";
import { AuditPage, AuditVerification } from "@stipend/proto/http/audit";
import { routesOf } from "@stipend/proto/http/catalogue";
import { testEngines } from "@stipend/testing/engines/test-engines";
import { eventually } from "@stipend/testing/eventually";
import { type FreshDatabase, freshDatabase } from "@stipend/testing/fresh-database";
import { routerDifferences } from "@stipend/testing/served-routes";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type App, createApp } from "../src/app.ts";
import { loadConfig } from "../src/config.ts";

const prefix = `t-audit-${randomUUID().slice(0, 8)}`;
const AT = new Date("2026-01-31T10:00:00.000Z");

describe("admin-audit with Kafka", () => {
  let schema: FreshDatabase;
  let home: string;
  let app: App;
  let other: App;
  let producer: EventProducer;
  let kafka: ReturnType<typeof createKafka>;
  let signer: InternalTokenSigner;

  const configFor = (jwksFile: string) =>
    loadConfig({
      NODE_ENV: "development",
      STIPEND_HTTP_PORT: "0",
      STIPEND_METRICS_PORT: "0",
      STIPEND_MYSQL_URL: schema.url,
      STIPEND_KAFKA_BROKERS: testEngines().kafkaBrokers,
      STIPEND_TOPIC_PREFIX: prefix,
      STIPEND_GROUP_PREFIX: prefix,
      STIPEND_REDIS_URL: testEngines().redisUrl,
      STIPEND_REDIS_PREFIX: `${prefix}:`,
      STIPEND_DEV_CLOCK: "on",
      STIPEND_INTERNAL_JWKS_FILE: jwksFile,
      STIPEND_AUDIT_ANCHOR_FILE: join(home, "anchor.jsonl"),
    });

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), "audit-"));
    const keys = await ensureKeys(home);
    signer = new InternalTokenSigner({ keyFile: keys.internalPrivate.gateway });
    schema = await freshDatabase(testEngines().mysqlAdminUrl, "admin-audit");
    kafka = createKafka({ brokers: testEngines().kafkaBrokers.split(","), clientId: prefix, log: silentLog() });
    producer = new EventProducer({ kafka, log: silentLog() });
    app = createApp(configFor(keys.internalJwks), silentLog());
    other = createApp(configFor(keys.internalJwks), silentLog());
    await app.lifecycle.start();
    await other.lifecycle.start();
    await eventually(() => expect(app.consumer.ready() && other.consumer.ready()).toBe(true), { timeoutMs: 30_000 });
  }, 60_000);

  afterAll(async () => {
    await app?.lifecycle.stop();
    await other?.lifecycle.stop();
    await producer?.stop();
    const admin = kafka.admin();
    await admin.connect();
    const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(`${prefix}.`));
    await admin.deleteTopics({ topics });
    await admin.disconnect();
    await schema?.drop();
    await rm(home, { recursive: true });
  });

  /** A topic that was just created may not have its leader yet; what is sent twice is what consumers must take. */
  const publish = async (events: readonly OutgoingEvent[]) =>
    await eventually(async () => await producer.publish(events), { timeoutMs: 20_000 });
  const call = async (path: string, roles: string, init: RequestInit = {}) =>
    await fetch(`${app.http.url}${path}`, {
      ...init,
      headers: {
        authorization: `Bearer ${await signer.tokenFor("admin-audit")}`,
        "stipend-actor": "ada",
        "stipend-actor-roles": roles,
        "content-type": "application/json",
      },
    });

  const action = (n: number, eventId: string = randomUUID()): OutgoingEvent => ({
    id: eventId,
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
        actor: n % 2 === 0 ? "ada" : "ben",
        roles: ["admin"],
        action: "credits.grant",
        target: `user-${n % 7}`,
        outcome: "succeeded",
        reason: "=1+1, thanks 😀",
        after: JSON.stringify({ amount: n }),
        ip: "10.0.0.1",
        occurredAt: timestampFromDate(AT),
      }),
    ),
  });

  const refusal = (route: string): OutgoingEvent => {
    const id = randomUUID();
    const message = {
      id,
      subject: "eve",
      roles: ["user"],
      code: "role_required",
      method: "PUT",
      route,
      ip: "10.0.0.9",
    };
    return {
      id,
      type: AccessRefusedSchema.typeName,
      source: "/stipend/gateway",
      subject: "eve",
      time: AT,
      topic: `${prefix}.security.v1`,
      data: toBinary(AccessRefusedSchema, create(AccessRefusedSchema, message)),
    };
  };

  const page = async (query = "") => AuditPage.parse(await (await call(`/api/admin/audit${query}`, "auditor")).json());
  const verify = async () => AuditVerification.parse(await (await call("/api/admin/audit/verify", "auditor")).json());

  it("keeps every action once, in one chain, although both instances get everything twice", async () => {
    const events = Array.from({ length: 100 }, (_, i) => action(i + 1));
    await Promise.all([publish(events), publish(events.slice(50)), publish(events)]);
    await eventually(async () => expect((await verify()).checked).toBe(100), { timeoutMs: 20_000 });
    // Whatever else is on its way has been taken in when this one has.
    await publish(Array.from({ length: 7 }, (_, i) => action(200 + i)));
    await eventually(async () =>
      expect((await page("?limit=100")).data.filter((e) => /^action-20\d$/.test(e.id))).toHaveLength(7),
    );
    const report = await verify();
    expect(report).toMatchObject({ valid: true, checked: 107, firstBad: null });
  });

  it("answers a page with everything the contract names", async () => {
    const { data, nextCursor } = await page("?actor=ada&limit=2");
    expect(data).toHaveLength(2);
    expect(data[0]).toMatchObject({
      actor: "ada",
      roles: ["admin"],
      action: "credits.grant",
      outcome: "succeeded",
      before: null,
      after: { amount: expect.any(Number) },
      ip: "10.0.0.1",
      createdAt: AT.toISOString(),
    });
    const next = await page(`?actor=ada&limit=2&cursor=${nextCursor}`);
    expect(next.data.map((entry) => entry.seq)).not.toContain(data[1]?.seq);
  });

  it("writes refused admin attempts down, and leaves a customer's refusals alone", async () => {
    await publish([refusal("/api/credits"), refusal("/api/admin/users/:userId/membership")]);
    const found = await eventually(async () => {
      const { data } = await page("?outcome=refused");
      expect(data).toHaveLength(1);
      return data[0];
    });
    expect(found).toMatchObject({
      service: "gateway",
      actor: "eve",
      action: "access.refused",
      reason: "role_required",
      target: "/api/admin/users/:userId/membership",
      ip: "10.0.0.9",
    });
  });

  it("sets an event aside that can never become a row, and goes on", async () => {
    const withoutId = { service: "credits", action: "credits.grant", outcome: "succeeded" };
    const bad = {
      ...action(300),
      data: toBinary(AdminActionRecordedSchema, create(AdminActionRecordedSchema, withoutId)),
    };
    await publish([bad, action(301)]);
    await eventually(async () => expect((await page("?target=user-0")).data.map((e) => e.id)).toContain("action-301"));
    const dead = await eventually(async () => {
      const topic = `${prefix}.admin.v1.dlq`;
      const messages = await readTail({ kafka, topic, perPartition: 10, timeoutMs: 5_000 });
      expect(messages).toHaveLength(1);
      return messages;
    });
    expect(JSON.stringify(Object.entries(dead[0]?.raw.headers ?? {}).map(([k, v]) => [k, String(v)]))).toContain(
      "printable ASCII",
    );
  });

  it("refuses an event that claims what its publisher can't have done, and writes the attempt down", async () => {
    const foreign = { ...action(401), source: "/stipend/membership" };
    const { data } = action(402);
    const unknown = { ...fromBinary(AdminActionRecordedSchema, data), action: "coffee.make", id: "action-403" };
    const made = { ...action(403), data: toBinary(AdminActionRecordedSchema, unknown) };
    await publish([foreign, made, foreign]);
    await publish([action(404)]);
    const attempts = await eventually(async () => {
      const { data: found } = await page("?action=claim.refused");
      expect(found).toHaveLength(2);
      return found;
    });
    expect(attempts.map(({ reason }) => reason).sort()).toEqual([
      "coffee.make is no action that any service has",
      "credits.grant says that it comes from credits, but was published by /stipend/membership",
    ]);
    expect(attempts.find(({ reason }) => reason.startsWith("credits"))).toMatchObject({
      service: "admin-audit",
      outcome: "refused",
      after: { source: "/stipend/membership", service: "credits", action: "credits.grant", actionId: "action-401" },
    });
    // What was claimed stands nowhere, and its id is still free for who really has it.
    await publish([action(401)]);
    await eventually(async () => expect((await page("?limit=100")).data.map((e) => e.id)).toContain("action-401"));
    expect((await verify()).valid).toBe(true);
  });

  it("writes down who comes with a forged internal token, and answers 401", async () => {
    const answer = await fetch(`${app.http.url}/api/admin/audit`, {
      headers: { authorization: "Bearer a.b.c", "stipend-actor": "ada", "stipend-actor-roles": "admin" },
    });
    expect(answer.status).toBe(401);
    const found = await eventually(async () => {
      const { data } = await page("?action=access.forged");
      expect(data).toHaveLength(1);
      return data[0];
    });
    // Nobody is accused: what such a caller says about itself counts for nothing.
    expect(found).toMatchObject({
      service: "admin-audit",
      actor: "",
      roles: [],
      target: "/api/admin/audit",
      outcome: "refused",
      reason: "internal_token_required",
      ip: "127.0.0.1",
    });
  });

  it("shows what changed, and searches by text in the reason and by IP", async () => {
    const { data } = await page("?reason=thanks%20%F0%9F%98%80&ip=10.0.0.1&limit=1");
    expect(data[0]).toMatchObject({
      changes: [{ path: "/amount", kind: "added", before: null, after: expect.any(Number) }],
    });
    expect((await page("?reason=no%20such%20reason")).data).toEqual([]);
    expect((await page("?ip=10.0.0.99")).data).toEqual([]);
  });

  it("exports JSON lines that prove themselves, with the same rows as the CSV", async () => {
    const response = await call("/api/admin/audit.jsonl", "auditor");
    expect(response.headers.get("content-type")).toContain("application/jsonl");
    expect(response.headers.get("stipend-subjects")).toBe("*");
    const lines = (await response.text()).trimEnd().split("\n");
    const verifier = new ChainVerifier([]);
    for (const line of lines) verifier.add(fromExported(fromJsonLine(line) ?? expect.fail(line)));
    expect(verifier.finish()).toBeNull();
    const csv = (await (await call("/api/admin/audit.csv", "auditor")).text()).trimEnd().split("\r\n");
    expect(csv.length).toBe(lines.length + 1);
  });

  it("names to the gateway whose rows it shows", async () => {
    const response = await call("/api/admin/audit?target=user-1&limit=5", "auditor");
    expect(response.headers.get("stipend-subjects")).toBe("user-1");
    await response.body?.cancel();
  });

  it("exports CSV without formulas", async () => {
    const response = await call("/api/admin/audit.csv?target=user-1", "auditor");
    expect(response.headers.get("content-type")).toContain("text/csv");
    const text = await response.text();
    const lines = text.trimEnd().split("\r\n");
    expect(lines[0]).toMatch(/^seq,id,service,actor/);
    expect(lines.length).toBeGreaterThan(10);
    expect(text).not.toMatch(/,"?=1\+1/);
  });

  it.each([
    ["user", "/api/admin/audit"],
    ["support", "/api/admin/audit/verify"],
    ["service", "/api/admin/audit.csv"],
  ])("refuses the role %s on %s", async (role, path) => {
    const response = await call(path, role);
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([403, "role_required"]);
  });

  it("serves what the document says, and nothing else", () => {
    expect(routerDifferences(app.http.app, routesOf("admin-audit"))).toEqual([]);
  });

  it("refuses a call without an internal token, an unknown filter and a made-up cursor", async () => {
    expect((await fetch(`${app.http.url}/api/admin/audit`)).status).toBe(401);
    expect((await call("/api/admin/audit?colour=red", "auditor")).status).toBe(400);
    const cursor = await call("/api/admin/audit?cursor=e30", "auditor");
    expect([cursor.status, ((await cursor.json()) as { code: string }).code]).toEqual([400, "invalid_cursor"]);
  });

  it("finds a cut tail by the anchors, although the owner put the head's table right", async () => {
    const before = await verify();
    expect(before.valid).toBe(true);
    await eventually(async () => {
      const anchors = (await verify()).anchors;
      expect(anchors.map((anchor) => anchor.seq)).toEqual([before.head.seq, before.head.seq, before.head.seq]);
    });
    expect(before.anchors.map((anchor) => anchor.source.replace(/ \S+$/, ""))).toEqual([
      "the Kafka topic",
      "the file",
      "the table",
    ]);
    expect(await readFile(join(home, "anchor.jsonl"), "utf8")).toContain(before.head.hash);

    const owner = new Database({ url: schema.ownerUrl, log: silentLog(), poolSize: 1 });
    try {
      const keep = before.head.seq - 3;
      await owner.query("DROP TRIGGER admin_operation_logs_no_delete");
      await owner.query("DELETE FROM admin_operation_logs WHERE seq > ?", [keep]);
      await owner.query(
        "UPDATE audit_chain_head SET seq = ?, hash = (SELECT hash FROM admin_operation_logs WHERE seq = ?)",
        [keep, keep],
      );
      expect(await verify()).toMatchObject({
        valid: false,
        checked: keep,
        firstBad: { seq: keep + 1, kind: "tail_missing" },
      });
    } finally {
      await owner.stop();
    }
  });
});
