import { createHmac } from "node:crypto";
import { silentLog } from "@stipend/platform/log/log";
import { Database } from "@stipend/platform/mysql/database";
import { testEngines } from "@stipend/testing/engines/test-engines";
import { type FreshDatabase, freshDatabase } from "@stipend/testing/fresh-database";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ChannelSender } from "../src/clients/notify/sender.ts";
import type { Finding } from "../src/domain/alerts.ts";
import { type NotificationSettings, readNotifications } from "../src/settings/notifications.ts";
import { MysqlNoticeStore } from "../src/store/notice-store.ts";
import { MysqlObserveStore } from "../src/store/observe-store.ts";
import { type NoticeSender, routeNotices, sendNotices, tryChannel } from "../src/usecases/notices.ts";
import { finding, minutes, T0 } from "./builders.ts";
import { HttpReceiver, MailReceiver } from "./receivers.ts";

const SECRET = `whsec_${Buffer.from("a secret of thirty-two bytes len").toString("base64")}`;

describe("notices", () => {
  let schema: FreshDatabase;
  let db: Database;
  let owner: Database;
  let notices: MysqlNoticeStore;
  let http: HttpReceiver;
  let mail: MailReceiver;
  let secrets: Record<string, string>;

  beforeAll(async () => {
    schema = await freshDatabase(testEngines().mysqlAdminUrl, "monitor");
    db = new Database({ url: schema.url, log: silentLog(), poolSize: 8, acquireTimeoutMs: 15_000 });
    owner = new Database({ url: schema.ownerUrl, log: silentLog(), poolSize: 2, acquireTimeoutMs: 15_000 });
    notices = new MysqlNoticeStore(db);
    http = new HttpReceiver();
    mail = new MailReceiver();
    secrets = {
      STIPEND_NOTIFY_URL: await http.start(),
      STIPEND_NOTIFY_MAIL: await mail.start(),
      STIPEND_NOTIFY_SECRET: SECRET,
      STIPEND_NOTIFY_BOT: "bot secret",
    };
  }, 60_000);

  beforeEach(async () => {
    for (const table of ["alerts", "alert_changes", "deliveries", "delivery_items", "outbox"]) {
      await owner.query(`DELETE FROM ${table}`);
    }
    http.received.length = 0;
    http.answers.length = 0;
    mail.mails.length = 0;
  });

  afterAll(async () => {
    await db?.stop();
    await owner?.stop();
    await schema?.drop();
    await http?.stop();
    await mail?.stop();
  });

  const settings = (given: Record<string, unknown>): NotificationSettings => {
    const { settings: read, mistakes } = readNotifications(given, secrets, "UTC");
    if (mistakes.length > 0) throw new Error(mistakes.join("\n"));
    return read;
  };
  const hook = { kind: "webhook", urlFrom: "STIPEND_NOTIFY_URL", secretFrom: "STIPEND_NOTIFY_SECRET" };
  const all = (channels: readonly string[], over = {}) => ({ minSeverity: "info", channels, ...over });
  const raise = async (over: Partial<Finding> = {}, now = T0) =>
    await new MysqlObserveStore(db).alerting((tx) =>
      tx.raise([finding("large_change:alice", now, { userId: "alice", evidence: { amount: 12_000 }, ...over })], now),
    );
  const recover = async (now: Date) =>
    await new MysqlObserveStore(db).alerting((tx) => tx.recover([{ fingerprint: "large_change:alice", at: now }], now));
  const links = { consoleUrl: "https://stipend.example.org/admin", traceUrl: null };
  const senderOf = (notifications: NotificationSettings) => new ChannelSender(() => ({ notifications, links }));
  const tell = async (plan: NotificationSettings, now: Date, sender: NoticeSender = senderOf(plan)) => {
    await routeNotices(notices, plan, now);
    await sendNotices(notices, sender, () => now);
  };
  const log = async () => await notices.log({}, null, 100);

  it("speaks every channel's language", async () => {
    const plan = settings({
      channels: {
        hook,
        mail: { kind: "email", urlFrom: "STIPEND_NOTIFY_MAIL", from: "stipend@example.org", to: ["ops@example.org"] },
        slack: { kind: "slack", urlFrom: "STIPEND_NOTIFY_URL" },
        feishu: { kind: "feishu", urlFrom: "STIPEND_NOTIFY_URL", secretFrom: "STIPEND_NOTIFY_BOT" },
        dingtalk: { kind: "dingtalk", urlFrom: "STIPEND_NOTIFY_URL", secretFrom: "STIPEND_NOTIFY_BOT" },
        wecom: { kind: "wecom", urlFrom: "STIPEND_NOTIFY_URL" },
      },
      routes: [all(["hook", "mail", "slack", "feishu", "dingtalk", "wecom"])],
    });
    await raise();
    await tell(plan, T0);

    expect((await log()).map(({ status, attempts }) => [status, attempts])).toEqual(Array(6).fill(["sent", 1]));
    const bodies = http.received.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
    const signed = http.received.find(({ headers }) => headers["webhook-id"] !== undefined);
    // The library refuses a wrong signature and an old time.
    const payload = new Webhook(SECRET).verify(signed?.body ?? "", signed?.headers as Record<string, string>);
    expect(payload).toMatchObject({
      type: "alert.raised",
      data: { change: "raised", alert: { rule: "large_change", userId: "alice", evidence: { amount: 12_000 } } },
    });
    const entry = (await log()).find(({ channel }) => channel === "hook");
    expect(signed?.headers["webhook-id"]).toBe(entry?.deliveryId);
    const text = expect.stringMatching(
      /\[warning\] transactions: large_change:alice[\s\S]*amount: 12000[\s\S]*\/admin\/alerts\//,
    );
    expect(bodies).toContainEqual({ text });
    const feishu = bodies.find((body) => body["msg_type"] === "text");
    const sign = createHmac("sha256", `${String(feishu?.["timestamp"])}\nbot secret`)
      .update("")
      .digest("base64");
    expect(feishu).toMatchObject({ content: { text }, sign });
    const robots = http.received.filter(({ body }) => body.includes('"msgtype"'));
    expect(robots).toHaveLength(2);
    const query = new URL(robots.find(({ path }) => path.includes("sign="))?.path ?? "", "http://x").searchParams;
    const stamp = query.get("timestamp") ?? "";
    expect(query.get("sign")).toBe(createHmac("sha256", "bot secret").update(`${stamp}\nbot secret`).digest("base64"));
    expect(mail.mails).toHaveLength(1);
    expect(mail.mails[0]).toContain("Subject: [warning] transactions: large_change:alice");
    expect(mail.mails[0]).toMatch(/Message-ID: <[0-9a-f-]{36}@stipend>/);
  });

  it("tells each channel once of each change, whoever decides and sends, and routes by family and severity", async () => {
    const plan = settings({
      channels: { hook, quiet: { kind: "slack", urlFrom: "STIPEND_NOTIFY_URL" } },
      routes: [
        all(["hook"], { families: ["transactions"] }),
        all(["hook"], { minSeverity: "critical" }),
        all(["quiet"], { families: ["admin"] }),
      ],
    });
    await raise();
    await raise({ severity: "critical" }, minutes(1));
    await raise({ severity: "critical" }, minutes(2));
    await recover(minutes(3));
    const sender = senderOf(plan);
    await Promise.all(Array.from({ length: 6 }, () => routeNotices(notices, plan, minutes(4))));
    await Promise.all(Array.from({ length: 6 }, () => sendNotices(notices, sender, () => minutes(4))));
    expect(http.received.map(({ body }) => (JSON.parse(body) as { type: string }).type).sort()).toEqual([
      "alert.raised",
      "alert.raised",
      "alert.recovered",
    ]);
    expect(new Set(http.received.map(({ headers }) => headers["webhook-id"])).size).toBe(3);
    expect(await log()).toHaveLength(3);
    expect(
      await notices.log({ alertId: (await log())[0]?.firstAlertId ?? "", channel: "hook" }, null, 10),
    ).toHaveLength(3);
  });

  it("tries again, later and later, with the same id; a refusal for good ends it", async () => {
    const plan = settings({ channels: { hook }, routes: [all(["hook"])] });
    await raise();
    http.answers.push({ status: 500 }, { status: 429 });
    await tell(plan, T0);
    expect(await log()).toMatchObject([{ status: "waiting", attempts: 1, lastError: "answered 500" }]);
    await tell(plan, minutes(0.2));
    expect(http.received).toHaveLength(1);
    await tell(plan, minutes(0.25));
    await tell(plan, minutes(0.6));
    expect(http.received).toHaveLength(2);
    await tell(plan, minutes(0.75));
    expect(await log()).toMatchObject([{ status: "sent", attempts: 3, lastError: null }]);
    expect(new Set(http.received.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
    await recover(minutes(1));
    http.answers.push({ status: 410 });
    await tell(plan, minutes(2));
    expect((await log())[0]).toMatchObject({ status: "failed", attempts: 1, lastError: "answered 410" });
  });

  it("sends anew, with the same id, what a sender took that died before or after sending", async () => {
    const plan = settings({ channels: { hook }, routes: [all(["hook"])] });
    await raise();
    await routeNotices(notices, plan, T0);
    const [taken] = await notices.claim(T0, minutes(1), 10);
    if (taken === undefined) throw new Error("nothing was due");
    await senderOf(plan).send(taken, T0);
    // Here it dies: it was sent, and nobody wrote that down.
    await sendNotices(notices, senderOf(plan), () => minutes(0.9));
    expect(http.received).toHaveLength(1);
    await sendNotices(notices, senderOf(plan), () => minutes(1));
    expect(http.received.map(({ headers }) => headers["webhook-id"])).toEqual([taken.deliveryId, taken.deliveryId]);
    expect(await log()).toMatchObject([{ status: "sent", attempts: 2 }]);
  });

  it("holds back in quiet hours what is not critical, and gathers a digest", async () => {
    // T0 is 10:00 UTC.
    const plan = settings({
      channels: {
        hook: { ...hook, quiet: { from: "09:30", to: "10:15" } },
        mail: { kind: "email", urlFrom: "STIPEND_NOTIFY_MAIL", from: "stipend@example.org", to: ["ops@example.org"] },
      },
      routes: [all(["hook"]), all(["mail"], { digestMinutes: 30 })],
    });
    await raise();
    await raise({ fingerprint: "large_change:bob", userId: "bob" }, minutes(1));
    await raise({ fingerprint: "large_change:carol", userId: "carol", severity: "critical" }, minutes(2));
    await tell(plan, minutes(3));
    expect(http.received.map(({ body }) => body.includes("carol"))).toEqual([true]);
    expect(mail.mails).toEqual([]);
    await tell(plan, minutes(15.2));
    expect(http.received.map(({ body }) => (JSON.parse(body) as { type: string }).type)).toEqual([
      "alert.raised",
      "alerts.digest",
    ]);
    expect((JSON.parse(http.received[1]?.body ?? "") as { data: { changes: unknown[] } }).data.changes).toHaveLength(2);
    await tell(plan, minutes(30.2));
    expect(mail.mails).toHaveLength(1);
    expect(mail.mails[0]).toContain("3 changes of alerts");
    expect((await log()).map(({ kind, changes }) => [kind, changes])).toEqual(
      expect.arrayContaining([
        ["change", 1],
        ["quiet", 2],
        ["digest", 3],
      ]),
    );
  });

  it("tries a channel on demand and says why it does not work", async () => {
    const plan = settings({
      channels: {
        hook,
        feishu: { kind: "feishu", urlFrom: "STIPEND_NOTIFY_URL" },
        mail: { kind: "email", urlFrom: "STIPEND_NOTIFY_MAIL", from: "stipend@example.org", to: ["ops@example.org"] },
      },
    });
    const sender = senderOf(plan);
    const id = () => crypto.randomUUID();
    await tryChannel(sender, "hook", id, T0);
    await tryChannel(sender, "mail", id, T0);
    expect([http.received.length, mail.mails.length]).toEqual([1, 1]);
    await expect(tryChannel(sender, "nobody", id, T0)).rejects.toMatchObject({ code: "channel_not_found" });
    http.answers.push({ status: 200, body: '{"code":19021,"msg":"sign match fail"}' });
    await expect(tryChannel(sender, "feishu", id, T0)).rejects.toMatchObject({
      code: "notification_failed",
      message: expect.stringContaining("19021"),
    });
    expect(await log()).toEqual([]);
  });
});
