import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { ensureKeys } from "@stipend/local/keys/dev-keys";
import { InternalTokenSigner } from "@stipend/platform/auth/internal";
import { createKafka } from "@stipend/platform/kafka/client";
import { Decoder } from "@stipend/platform/kafka/decode";
import { messageOf, type OutgoingEvent } from "@stipend/platform/kafka/events";
import { EventProducer } from "@stipend/platform/kafka/producer";
import { readTail } from "@stipend/platform/kafka/tail";
import { silentLog } from "@stipend/platform/log/log";
import { AdminActionRecordedSchema } from "@stipend/proto/events/admin/v1/events";
import { AlertRaisedSchema, AlertRecoveredSchema } from "@stipend/proto/events/alerts/v1/events";
import { CreditsChangedSchema } from "@stipend/proto/events/credits/v1/events";
import { MembershipExpiringSchema } from "@stipend/proto/events/membership/v1/events";
import { AccessRefusedSchema } from "@stipend/proto/events/security/v1/events";
import { UsageReportedSchema } from "@stipend/proto/events/usage/v1/events";
import { routesOf } from "@stipend/proto/http/catalogue";
import {
  Alert,
  AlertPage,
  Consistency,
  ConsistencyCheckReport,
  ConsistencyRepairReport,
  DailyTotals,
  NotificationPage,
  Overview,
} from "@stipend/proto/http/monitor";
import { testEngines } from "@stipend/testing/engines/test-engines";
import { eventually } from "@stipend/testing/eventually";
import { type FreshDatabase, freshDatabase } from "@stipend/testing/fresh-database";
import { routerDifferences } from "@stipend/testing/served-routes";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type App, createApp } from "../src/app.ts";
import { loadConfig } from "../src/config.ts";
import { CheckDoubles } from "./check-doubles.ts";
import { HttpReceiver } from "./receivers.ts";

const prefix = `t-monitor-${randomUUID().slice(0, 8)}`;
// Just now: an alert of long ago would be over by itself before a test could look.
const AT = new Date(Date.now() - 3_600_000);
const PATIENCE = { timeoutMs: 20_000 };

describe("monitor with Kafka", () => {
  let schema: FreshDatabase;
  let home: string;
  let app: App;
  let producer: EventProducer;
  let kafka: ReturnType<typeof createKafka>;
  let signer: InternalTokenSigner;
  let doubles: CheckDoubles;
  let newApp: () => App;
  const chat = new HttpReceiver();

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), "monitor-"));
    const keys = await ensureKeys(home);
    signer = new InternalTokenSigner({ keyFile: keys.internalPrivate.gateway });
    schema = await freshDatabase(testEngines().mysqlAdminUrl, "monitor");
    kafka = createKafka({ brokers: testEngines().kafkaBrokers.split(","), clientId: prefix, log: silentLog() });
    producer = new EventProducer({ kafka, log: silentLog() });
    doubles = new CheckDoubles(keys.internalJwks);
    await doubles.start();
    const settings = join(home, "monitor.yaml");
    // No pass of its own while a test looks.
    await writeFile(
      settings,
      `links: { consoleUrl: "https://console.example.org/admin", traceUrl: "https://traces.example.org/{traceId}" }
notifications:
  channels: { chat: { kind: slack, urlFrom: STIPEND_NOTIFY_CHAT } }
  routes: [{ families: [transactions], minSeverity: info, channels: [chat] }]
consistency: { everyMilliseconds: 3600000, minutesBetweenPasses: 600 }
rules:
  # The rows of these tests are made up one by one, at any hour of the day.
  unexplained_growth: { enabled: false }
  refund_share: { enabled: false }
  admin_odd_hours: { enabled: false }
`,
    );
    const config = loadConfig({
      NODE_ENV: "development",
      STIPEND_HTTP_PORT: "0",
      STIPEND_METRICS_PORT: "0",
      STIPEND_MYSQL_URL: schema.url,
      STIPEND_KAFKA_BROKERS: testEngines().kafkaBrokers,
      STIPEND_TOPIC_PREFIX: prefix,
      STIPEND_GROUP_PREFIX: prefix,
      STIPEND_REDIS_URL: testEngines().redisUrl,
      STIPEND_REDIS_PREFIX: `${prefix}:`,
      STIPEND_INTERNAL_JWKS_FILE: keys.internalJwks,
      STIPEND_INTERNAL_KEY_FILE: keys.internalPrivate.monitor,
      STIPEND_CREDITS_URL: doubles.credits.url,
      STIPEND_MEMBERSHIP_URL: doubles.membership.url,
      STIPEND_AUDIT_URL: doubles.audit.url,
      STIPEND_MONITOR_FILE: settings,
      STIPEND_NOTIFY_CHAT: await chat.start(),
    });
    newApp = () => createApp(config, silentLog());
    app = newApp();
    await app.lifecycle.start();
    await eventually(() => expect(app.consumer.ready()).toBe(true), PATIENCE);
  }, 60_000);

  afterAll(async () => {
    await app?.lifecycle.stop();
    await producer?.stop();
    await doubles?.stop();
    await chat.stop();
    const admin = kafka.admin();
    await admin.connect();
    await admin.deleteTopics({ topics: (await admin.listTopics()).filter((topic) => topic.startsWith(`${prefix}.`)) });
    await admin.disconnect();
    await schema?.drop();
    await rm(home, { recursive: true });
  });

  /** A topic that was just created may not have its leader yet; what is sent twice is what consumers must take. */
  const publish = async (events: readonly OutgoingEvent[]) =>
    await eventually(async () => await producer.publish(events), { timeoutMs: 20_000 });
  const call = async (path: string, roles = "admin", body?: unknown) =>
    await fetch(`${app.http.url}${path}`, {
      ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
      headers: {
        authorization: `Bearer ${await signer.tokenFor("monitor")}`,
        "stipend-actor": "ada",
        "stipend-actor-roles": roles,
        "stipend-client-ip": "10.0.0.7",
        "stipend-user-agent": "test%2F1",
        "content-type": "application/json",
      },
    });
  const alerts = async (query = "") =>
    AlertPage.parse(await (await call(`/api/admin/alerts${query}`, "support")).json()).data;
  const codeOf = async (response: Response) => [response.status, ((await response.json()) as { code: string }).code];

  const event = <D extends DescMessage>(
    topic: string,
    subject: string,
    desc: D,
    message: MessageInitShape<D>,
    id: string = randomUUID(),
  ) => ({
    id,
    type: desc.typeName,
    source: "/stipend/test",
    subject,
    time: AT,
    topic: `${prefix}.${topic}`,
    data: toBinary(desc, create(desc, message)),
  });
  const changed = (userId: string, version: number, type: string, amount: number, minute = 0) =>
    event("credits.v1", userId, CreditsChangedSchema, {
      userId,
      version: BigInt(version),
      balance: 50n,
      transaction: {
        id: String(version),
        type,
        amount: BigInt(amount),
        createdAt: timestampFromDate(new Date(AT.getTime() + minute * 60_000)),
      },
    });

  it("hears every topic and tells one alert for each cause, although everything is delivered twice", async () => {
    const refunds = Array.from({ length: 10 }, (_, i) => changed("carol", i + 1, "refund", 1, i % 9));
    const attempts = Array.from({ length: 5 }, () =>
      event("security.v1", "eve", AccessRefusedSchema, {
        id: randomUUID(),
        subject: "eve",
        code: "role_required",
        route: "/api/admin/users",
        occurredAt: timestampFromDate(AT),
      }),
    );
    const rest = [
      changed("alice", 1, "grant", 10_000),
      event("membership.v1", "bob", MembershipExpiringSchema, { userId: "bob", tier: "pro", daysLeft: 3 }),
      event("admin.v1", "dave", AdminActionRecordedSchema, {
        id: randomUUID(),
        service: "credits",
        actor: "root",
        action: "credits.grant",
        target: "dave",
        outcome: "succeeded",
        after: '{"amount": 20000}',
      }),
      event("usage.v1", "erin", UsageReportedSchema, { userId: "erin", amount: 3n }),
    ];
    await publish([...refunds, ...rest, ...attempts]);
    await publish([...attempts, ...rest, ...refunds]);
    const found = await eventually(async () => {
      const now = (await alerts()).map(({ fingerprint, count, family }) => `${family} ${fingerprint} ${count}`).sort();
      expect(now).toHaveLength(5);
      return now;
    }, PATIENCE);
    expect(found).toEqual([
      "admin admin_large_grant:root>dave 1",
      "admin refused_attempts:user:eve 5",
      "membership membership_expiring:bob 1",
      "transactions frequent_refunds:carol 10",
      "transactions large_change:alice 1",
    ]);
  });

  it("publishes each alert once as an event", async () => {
    const raised = await eventually(async () => {
      const topic = `${prefix}.alerts.v1`;
      const messages = await readTail({ kafka, topic, perPartition: 100, timeoutMs: 5_000 });
      const decoder = new Decoder([AlertRaisedSchema]);
      const events = messages.flatMap(({ partition, raw }) => {
        const decoded = decoder.decode(topic, partition, raw);
        return decoded.kind === "event" ? [messageOf(decoded.event, AlertRaisedSchema)?.alert] : [];
      });
      expect(events).toHaveLength(5);
      return events;
    }, PATIENCE);
    const large = raised.find((alert) => alert?.rule === "large_change");
    expect(large).toMatchObject({ userId: "alice", severity: "warning", status: "open", count: 1n });
    expect(JSON.parse(large?.evidence ?? "")).toMatchObject({ amount: 10_000 });
  });

  it("tells whom the settings name, and shows each delivery in the log", async () => {
    await eventually(async () => {
      const answer = await call("/api/admin/notifications?channel=chat", "support");
      const { data } = NotificationPage.parse(await answer.json());
      expect(data.filter(({ status }) => status === "sent")).toHaveLength(2);
    }, PATIENCE);
    const texts = chat.received.map(({ body }) => (JSON.parse(body) as { text: string }).text).join("\n");
    expect(texts).toMatch(/transactions: large_change:alice/);
    expect(texts).toMatch(/transactions: frequent_refunds:carol/);
    expect(texts).toContain("https://console.example.org/admin/alerts/");
    expect(texts).not.toMatch(/membership_expiring|refused_attempts/);
  });

  it("filters and pages the list", async () => {
    expect(await alerts("?family=admin")).toHaveLength(2);
    expect(await alerts("?userId=alice&status=open")).toMatchObject([{ rule: "large_change" }]);
    expect(await alerts("?rule=frequent_refunds&severity=critical")).toEqual([]);
    const first = AlertPage.parse(await (await call("/api/admin/alerts?limit=3")).json());
    const second = AlertPage.parse(await (await call(`/api/admin/alerts?limit=3&cursor=${first.nextCursor}`)).json());
    expect([first.data.length, second.data.length, second.nextCursor]).toEqual([3, 2, null]);
  });

  it("lets an admin acknowledge and resolve with a reason, and tells the audit log", async () => {
    const [alert] = await alerts("?rule=large_change");
    const path = `/api/admin/alerts/${alert?.id}`;
    expect(await codeOf(await call(`${path}/acknowledge`, "support", { reason: "x" }))).toEqual([403, "role_required"]);
    expect(await codeOf(await call(`${path}/acknowledge`, "admin", {}))).toEqual([400, "validation_failed"]);
    const acknowledged = Alert.parse(await (await call(`${path}/acknowledge`, "admin", { reason: "looking" })).json());
    expect(acknowledged).toMatchObject({ status: "acknowledged", acknowledgedBy: "ada", note: "looking" });
    const resolved = Alert.parse(await (await call(`${path}/resolve`, "admin", { reason: "a gift" })).json());
    expect(resolved).toMatchObject({ status: "resolved", resolvedBy: "ada", resolution: "manual" });
    expect(await codeOf(await call(`${path}/resolve`, "admin", { reason: "x" }))).toEqual([409, "alert_resolved"]);
    const nobody = `/api/admin/alerts/${randomUUID()}/resolve`;
    expect(await codeOf(await call(nobody, "admin", { reason: "x" }))).toEqual([404, "alert_not_found"]);

    const actions = await eventually(async () => {
      const topic = `${prefix}.admin.v1`;
      const decoder = new Decoder([AdminActionRecordedSchema]);
      const messages = await readTail({ kafka, topic, perPartition: 100, timeoutMs: 5_000 });
      const own = messages
        .map(({ partition, raw }) => decoder.decode(topic, partition, raw))
        .flatMap((decoded) => (decoded.kind === "event" ? [messageOf(decoded.event, AdminActionRecordedSchema)] : []))
        .filter((action) => action?.service === "monitor");
      expect(own).toHaveLength(2);
      return own;
    }, PATIENCE);
    expect(actions).toMatchObject([
      { action: "alert.acknowledge", actor: "ada", target: alert?.id, ip: "10.0.0.7", userAgent: "test/1" },
      { action: "alert.resolve", reason: "a gift", before: expect.stringContaining("acknowledged") },
    ]);
  });

  it("goes on after a restart where it was: the window holds, nothing counts twice", async () => {
    const refunds = Array.from({ length: 9 }, (_, i) => changed("frank", i + 1, "refund", 1, i));
    await publish(refunds);
    await eventually(async () => {
      const { topics } = Overview.parse(await (await call("/api/admin/overview")).json());
      expect(topics.find((each) => each.topic.endsWith("credits.v1"))?.events).toBe(20);
    }, PATIENCE);
    await app.lifecycle.stop();
    await publish(refunds);
    app = newApp();
    await app.lifecycle.start();
    await publish([changed("frank", 10, "refund", 1, 9)]);
    await eventually(async () => {
      expect(await alerts("?userId=frank")).toMatchObject([{ rule: "frequent_refunds", count: 10, status: "open" }]);
    }, PATIENCE);
  });

  it("counts what moved in the overview", async () => {
    const overview = Overview.parse(await (await call("/api/admin/overview", "support")).json());
    expect(overview.accounts).toMatchObject({ known: 3, withGaps: 0 });
    expect(overview.alerts.byFamily).toMatchObject({ admin: 2, membership: 1 });
    expect(overview.topics.map((each) => each.topic.replace(`${prefix}.`, ""))).toEqual([
      "admin.v1",
      "credits.v1",
      "membership.v1",
      "security.v1",
      "usage.v1",
    ]);
  });

  it("serves what the document says, and nothing else", () => {
    expect(routerDifferences(app.http.app, routesOf("monitor"))).toEqual([]);
  });

  it("tells the same day by day, days on which nothing happened included", async () => {
    const answer = await call("/api/admin/overview/days?days=3", "support");
    const { data } = DailyTotals.parse(await answer.json());
    const today = new Date().toISOString().slice(0, 10);
    expect(data.map(({ day }) => day).sort()).toEqual(data.map(({ day }) => day));
    expect(data).toHaveLength(3);
    expect(data.at(-1)?.day).toBe(today);
    expect(data[0]?.kinds).toEqual({});
    const overview = Overview.parse(await (await call("/api/admin/overview")).json());
    expect(data.at(-1)?.kinds).toEqual(overview.today);
    const days = await Promise.all([0, 367].map((count) => call(`/api/admin/overview/days?days=${count}`)));
    expect(days.map(({ status }) => status)).toEqual([400, 400]);
  });

  it("links each alert to its account and its trace", async () => {
    const traced = {
      ...changed("tracy", 1, "grant", 20_000),
      traceparent: `00-${"ab".repeat(16)}-${"cd".repeat(8)}-01`,
    };
    await publish([traced]);
    const [alert] = await eventually(async () => {
      const found = await alerts("?userId=tracy");
      expect(found).toHaveLength(1);
      return found;
    }, PATIENCE);
    expect(alert?.links).toEqual({
      account: "/api/admin/users/tracy",
      trace: `https://traces.example.org/${"ab".repeat(16)}`,
    });
  });

  it("looks after outboxes, dead letters and the audit log of this installation", { timeout: 90_000 }, async () => {
    doubles.outbox = { pending: 9, failed: 0, oldestAt: new Date(Date.now() - 600_000).toISOString() };
    doubles.proof = {
      valid: false,
      checked: 7,
      firstBad: { seq: 4, id: null, kind: "missing", detail: "row 4 is gone" },
    };
    await app.lifecycle.stop();
    app = newApp();
    await app.lifecycle.start();
    await producer.publish([
      { ...changed("grace", 1, "grant", 1), data: toBinary(CreditsChangedSchema, create(CreditsChangedSchema, {})) },
    ]);
    await eventually(
      async () => {
        const found = [...(await alerts("?family=machinery")), ...(await alerts("?rule=audit_chain_broken"))];
        expect(found.map(({ fingerprint, status }) => `${fingerprint.replace(prefix, "p")} ${status}`).sort()).toEqual([
          "audit_chain_broken:audit open",
          "dlq_not_empty:p.credits.v1.dlq open",
          "outbox_age:credits open",
        ]);
      },
      { timeoutMs: 30_000 },
    );
    doubles.outbox = { pending: 0, failed: 0, oldestAt: null };
    await eventually(async () => expect(await alerts("?rule=outbox_age")).toMatchObject([{ status: "resolved" }]), {
      timeoutMs: 30_000,
    });
  });

  describe("consistency", () => {
    const check = async (body: unknown = {}) => await call("/api/admin/consistency/check", "admin", body);
    const report = async (body: unknown = {}) => ConsistencyCheckReport.parse(await (await check(body)).json());
    const differences = async () => await alerts("?family=consistency");

    it("finds equal accounts equal", async () => {
      for (let n = 0; n < 1_203; n++) doubles.set(`user-${n}`, n, n * 10);
      expect(await report()).toEqual({
        checked: 1_203,
        equal: 1_203,
        lagging: 0,
        different: 0,
        complete: true,
        differences: [],
      });
      expect(await differences()).toEqual([]);
    });

    it("names to the gateway whose account it compared", async () => {
      doubles.set("user-1", 1, 10);
      expect((await check({ userId: "user-1" })).headers.get("stipend-subjects")).toBe("user-1");
    });

    it("raises an alert for a difference at the same version, once, and ends it when it is gone", async () => {
      doubles.view("user-7", { balance: 71 });
      expect(await report()).toMatchObject({
        equal: 1_202,
        different: 1,
        differences: [
          { userId: "user-7", problems: ["view_balance"], credits: { balance: 70 }, view: { balance: 71 } },
        ],
      });
      await report({ userId: "user-7" });
      expect(await differences()).toMatchObject([
        { userId: "user-7", rule: "balance_difference", severity: "critical", status: "open", count: 2 },
      ]);
      const shown = await call("/api/admin/consistency", "support");
      expect(shown.headers.get("stipend-subjects")).toBe("user-7");
      const state = Consistency.parse(await shown.json());
      expect(state).toMatchObject({ accountsChecked: 1_203, different: 1, differences: [{ userId: "user-7" }] });
      doubles.view("user-7", { balance: 70 });
      await report({ userId: "user-7" });
      expect(await differences()).toMatchObject([{ status: "resolved", resolution: "recovered" }]);
      await eventually(async () => {
        const topic = `${prefix}.alerts.v1`;
        const messages = await readTail({ kafka, topic, perPartition: 100, timeoutMs: 5_000 });
        const decoder = new Decoder([AlertRecoveredSchema]);
        const recovered = messages
          .map(({ partition, raw }) => decoder.decode(topic, partition, raw))
          .flatMap((decoded) =>
            decoded.kind === "event" ? [messageOf(decoded.event, AlertRecoveredSchema)?.alert] : [],
          );
        expect(recovered.map((alert) => alert?.fingerprint)).toContain("balance_difference:user-7");
      }, PATIENCE);
    });

    it("takes a view that is behind for lag, and books that do not add up for a difference", async () => {
      doubles.view("user-8", { balanceVersion: 7, balance: 999 });
      expect(await report({ userId: "user-8" })).toMatchObject({ lagging: 1, different: 0 });
      const account = doubles.accounts.get("user-9");
      if (account === undefined) throw new Error("no user-9");
      doubles.accounts.set("user-9", { ...account, problems: ["ledger_sum"] });
      expect(await report({ userId: "user-9" })).toMatchObject({
        different: 1,
        differences: [{ problems: ["ledger_sum"] }],
      });
    });

    it("mends a view by membership in the admin's name, once the books are sound, and ends the alert", async () => {
      const repair = async (body: unknown, roles = "admin") => await call("/api/admin/consistency/repair", roles, body);
      doubles.view("user-11", { balance: 5 });
      await report({ userId: "user-11" });
      const [alert] = await alerts("?userId=user-11");
      expect(alert).toMatchObject({ status: "open", evidence: { proposedRepair: "refresh_view" } });
      const asked = { userId: "user-11", reason: "a lost event" };
      expect(await codeOf(await repair(asked, "support"))).toEqual([403, "role_required"]);
      expect(await codeOf(await repair({ userId: "user-11" }))).toEqual([400, "validation_failed"]);
      const answer = ConsistencyRepairReport.parse(await (await repair(asked)).json());
      expect(answer).toMatchObject({
        action: "refresh_view",
        before: { problems: ["view_balance"], view: { balance: 5 } },
        after: { problems: [], view: { balance: 110 } },
      });
      expect(doubles.repairs).toEqual([{ userId: "user-11", actor: "ada", reason: "a lost event", ip: "10.0.0.7" }]);
      expect(await alerts("?userId=user-11")).toMatchObject([{ status: "resolved", resolution: "recovered" }]);
      expect(await codeOf(await repair(asked))).toEqual([409, "nothing_to_repair"]);
      // Credits could not say what it would do about these books.
      expect(await codeOf(await repair({ userId: "user-9", reason: "x" }))).toEqual([409, "repair_by_hand"]);
      expect(await codeOf(await repair({ userId: "nobody", reason: "x" }))).toEqual([404, "user_not_found"]);
    });

    const repair = async (body: unknown) => await call("/api/admin/consistency/repair", "admin", body);

    it("proposes what credits would do about books, has it done with one call, and sees by itself that it is over", async () => {
      doubles.broken("user-20", "plan-20");
      await report({ userId: "user-20" });
      const [alert] = await alerts("?userId=user-20");
      const evidence = alert?.evidence as { repairWith: { body: object; path: string }; plan: object };
      expect(alert).toMatchObject({
        status: "open",
        evidence: {
          problems: ["ledger_sum"],
          proposedRepair: "repair_books",
          plan: { proposal: "plan-20", version: 20, told: { balance: 200 }, after: { balance: 200 } },
          repairWith: { method: "POST", body: { userId: "user-20", proposal: "plan-20" } },
        },
      });
      const state = Consistency.parse(await (await call("/api/admin/consistency", "support")).json());
      expect(state.differences.find(({ userId }) => userId === "user-20")).toMatchObject({
        repair: { action: "repair_books", proposal: "plan-20", plan: { after: { balance: 200 } } },
      });

      const body = { ...evidence.repairWith.body, reason: "a hand in the table" };
      const answer = ConsistencyRepairReport.parse(await (await call(evidence.repairWith.path, "admin", body)).json());
      expect(answer).toMatchObject({
        action: "repair_books",
        transactionId: "77",
        before: { problems: ["ledger_sum"], credits: { version: 20 } },
        after: { problems: [], credits: { version: 21 }, repair: null },
      });
      expect(doubles.booksRepairs).toEqual([
        { userId: "user-20", proposal: "plan-20", reason: "a hand in the table", actor: "ada", ip: "10.0.0.7" },
      ]);
      // The event comes to the view; nobody asks for another check.
      doubles.view("user-20", { balanceVersion: 21 });
      await eventually(async () => {
        expect(await alerts("?userId=user-20")).toMatchObject([{ status: "resolved", resolution: "recovered" }]);
      }, PATIENCE);
      expect(await codeOf(await repair(body))).toEqual([409, "nothing_to_repair"]);
    });

    it("refuses a proposal once something else differs, whether it sees that itself or credits does", async () => {
      doubles.broken("user-21", "plan-21");
      await report({ userId: "user-21" });
      doubles.broken("user-21", "plan-21b");
      const asked = { userId: "user-21", reason: "x", proposal: "plan-21" };
      const refused = await repair(asked);
      expect(refused.status).toBe(409);
      expect(await refused.json()).toMatchObject({
        code: "proposal_outdated",
        problems: ["ledger_sum"],
        proposal: "plan-21b",
      });
      expect(doubles.booksRepairs).toHaveLength(1);
      doubles.booksOutcome = "proposal_outdated";
      expect(await codeOf(await repair({ ...asked, proposal: "plan-21b" }))).toEqual([409, "proposal_outdated"]);
      doubles.booksOutcome = "impossible";
      expect(await codeOf(await repair({ ...asked, proposal: "plan-21b" }))).toEqual([409, "repair_by_hand"]);
      expect(await alerts("?userId=user-21")).toMatchObject([{ status: "open" }]);
    });

    it("answers 202 when another admin has to approve, and the alert is over once that was done", async () => {
      doubles.broken("user-22", "plan-22", 1_000_000);
      await report({ userId: "user-22" });
      doubles.booksOutcome = "waits";
      const answer = await repair({ userId: "user-22", reason: "x" });
      expect([answer.status, await answer.json()]).toEqual([202, { approvalId: "5" }]);
      expect(await alerts("?userId=user-22")).toMatchObject([{ status: "open" }]);
      doubles.mended("user-22");
      doubles.view("user-22", { balanceVersion: 23, balance: 1_000_000 });
      await eventually(async () => {
        expect(await alerts("?userId=user-22")).toMatchObject([{ status: "resolved", resolution: "recovered" }]);
      }, PATIENCE);
    });

    it("refuses a proposal about a view that differs in another way by now", async () => {
      doubles.view("user-23", { balance: 5 });
      const { differences: found } = await report({ userId: "user-23" });
      const proposal = found[0]?.repair?.proposal;
      expect(found[0]?.repair).toMatchObject({ action: "refresh_view", plan: null });
      doubles.view("user-23", { balance: 6 });
      const asked = { userId: "user-23", reason: "x", proposal };
      expect(await codeOf(await repair(asked))).toEqual([409, "proposal_outdated"]);
      expect((await repair({ userId: "user-23", reason: "x" })).status).toBe(200);
    });

    it("answers 404 for an account that credits does not know, and 502 when credits is away", async () => {
      expect(await codeOf(await check({ userId: "nobody" }))).toEqual([404, "user_not_found"]);
      await doubles.credits.stop();
      expect(await codeOf(await check({ userId: "user-1" }))).toEqual([502, "upstream_failed"]);
    });
  });
});
