import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { IncomingEvent } from "@stipend/platform/kafka/events";
import { AdminActionRecordedSchema } from "@stipend/proto/events/admin/v1/events";
import { AlertRaisedSchema, AlertRecoveredSchema } from "@stipend/proto/events/alerts/v1/events";
import { eventually } from "@stipend/testing/eventually";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { refuseToken } from "../src/auth/refuse-token.ts";
import { staffEventsRoute } from "../src/events/staff-events-route.ts";
import { StaffHub } from "../src/events/staff-hub.ts";
import { alertNews, staffNews } from "../src/events/staff-news.ts";
import type { JsonAnswer, JsonCall } from "../src/forward/json-client.ts";
import { openDoor } from "./support/door.ts";
import { createIssuer, type Issuer } from "./support/issuer.ts";

let issuer: Issuer;
beforeAll(async () => {
  issuer = await createIssuer("ES256");
});

const AT = "2026-02-01T00:00:00.000Z";
const idOf = (last: number) => `00000000-0000-7000-8000-${String(last).padStart(12, "0")}`;

/** As the monitor lists it: with all that a stream may not tell. */
const listed = (last: number) => ({
  id: idOf(last),
  fingerprint: "large_change:alice",
  rule: "large_change",
  family: "transactions",
  severity: "critical",
  status: "open",
  userId: "alice",
  firstSeenAt: AT,
  lastSeenAt: AT,
  count: 1,
  evidence: { who: "alice" },
  links: { account: "/api/admin/users/alice", trace: null },
  raisedAt: AT,
  acknowledgedAt: null,
  acknowledgedBy: null,
  resolvedAt: null,
  resolvedBy: null,
  resolution: null,
  note: null,
});

const alert = (last: number) => ({
  id: idOf(last),
  fingerprint: "large_change:alice",
  rule: "large_change",
  family: "transactions",
  severity: "critical",
  status: "open",
  userId: "alice",
  firstSeenAt: timestampFromDate(new Date(AT)),
  lastSeenAt: timestampFromDate(new Date(AT)),
  count: 1n,
  evidence: '{"who":"alice"}',
});

/** The words of a stream for an alert: no user, no evidence. */
const told = (last: number) => ({
  id: idOf(last),
  rule: "large_change",
  family: "transactions",
  severity: "critical",
  status: "open",
  firstSeenAt: AT,
  lastSeenAt: AT,
  count: 1,
});

const raised = (last: number): IncomingEvent =>
  event(AlertRaisedSchema.typeName, create(AlertRaisedSchema, { alert: alert(last) }));
const over = (last: number): IncomingEvent =>
  event(AlertRecoveredSchema.typeName, create(AlertRecoveredSchema, { alert: { ...alert(last), status: "resolved" } }));
const acted = (action: string, service = "credits"): IncomingEvent =>
  event(AdminActionRecordedSchema.typeName, create(AdminActionRecordedSchema, { action, service, target: "alice" }));

function event(type: string, message: unknown): IncomingEvent {
  return { type, message } as IncomingEvent;
}

interface SetUpOptions {
  readonly perUser?: number;
  readonly total?: number;
  readonly heartbeatMs?: number;
  readonly isHearing?: () => boolean;
  readonly state?: () => Promise<JsonAnswer>;
  readonly check?: (token: { sub: string }) => void;
}

async function setUp(options: SetUpOptions = {}) {
  const hub = new StaffHub({
    perUser: options.perUser ?? 5,
    total: options.total ?? 100,
    gatherMs: 20,
    ...(options.heartbeatMs === undefined ? {} : { heartbeatMs: options.heartbeatMs }),
    ...(options.isHearing === undefined ? {} : { isHearing: options.isHearing }),
  });
  const handler = staffNews(hub);
  const asked: JsonCall[] = [];
  const page = { data: [listed(2), listed(1)], nextCursor: null };
  const route = staffEventsRoute({
    hub,
    revocations: { check: options.check ?? (() => undefined) },
    monitor: {
      call: (call) => {
        asked.push(call);
        return options.state?.() ?? Promise.resolve({ status: 200, headers: {}, body: page });
      },
    },
  });
  const { url } = await openDoor(issuer, [route]);
  const tell = (...events: IncomingEvent[]) => handler.handle(events, AbortSignal.timeout(10_000));
  return { hub, url, tell, asked };
}

interface Reader {
  readonly status: number;
  readonly headers: Headers;
  readonly events: { readonly event: string; readonly data: unknown }[];
  text: string;
  ended: boolean;
}

async function listen(url: string, claims: Record<string, unknown> = {}): Promise<Reader> {
  const leave = new AbortController();
  onTestFinished(() => leave.abort());
  const authorization = `Bearer ${await issuer.token({ sub: "root", roles: ["admin"], ...claims })}`;
  const response = await fetch(`${url}/api/admin/events`, { headers: { authorization }, signal: leave.signal });
  const { status, headers, body } = response;
  const reader: Reader = { status, headers, events: [], text: "", ended: false };
  if (status === 200 && body !== null) void follow(body, reader).finally(() => (reader.ended = true));
  return reader;
}

async function follow(body: ReadableStream<Uint8Array>, reader: Reader): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for await (const bytes of body) {
      const text = decoder.decode(bytes, { stream: true });
      reader.text += text;
      const blocks = (rest + text).split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks) {
        const field = (name: string) =>
          block
            .split("\n")
            .find((line) => line.startsWith(`${name}:`))
            ?.slice(name.length + 1)
            .trim();
        const data = field("data");
        if (data !== undefined) reader.events.push({ event: field("event") ?? "", data: JSON.parse(data) as unknown });
      }
    }
  } catch {
    // Cut off.
  }
}

describe("a console's stream", () => {
  test("begins with every open alert, read as the one who asks, then tells what is raised, over and done", async () => {
    const { url, tell, asked } = await setUp();
    const reader = await listen(url, { roles: ["support"] });
    expect([reader.status, reader.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
    await eventually(() => expect(reader.events).toHaveLength(1));
    expect(reader.events[0]).toEqual({ event: "alerts", data: { open: [told(2), told(1)], more: false } });
    expect(asked[0]).toMatchObject({ path: "/api/admin/alerts?status=open&limit=100", as: { sub: "root" } });
    await tell(raised(3), over(1));
    await eventually(() => expect(reader.events).toHaveLength(3));
    expect(reader.events.slice(1)).toEqual([
      { event: "alert", data: { change: "raised", alert: told(3) } },
      { event: "alert", data: { change: "recovered", alert: { ...told(1), status: "resolved" } } },
    ]);
  });

  test("names no user, whatever it is about", async () => {
    const { url, tell } = await setUp();
    const reader = await listen(url);
    await tell(raised(3), over(1), acted("credits.grant"));
    await eventually(() => expect(reader.events).toHaveLength(4));
    expect(reader.text).not.toContain("alice");
  });

  test("tells what admins do once for each kind and moment, and no looks", async () => {
    const { url, tell } = await setUp();
    const reader = await listen(url);
    await eventually(() => expect(reader.events).toHaveLength(1));
    await tell(acted("data.read", "gateway"), ...Array.from({ length: 500 }, () => acted("approval.propose")));
    await tell(acted("alert.resolve", "monitor"));
    await eventually(() => expect(reader.events).toHaveLength(2));
    expect(reader.events[1]).toEqual({ event: "activity", data: { actions: ["approval.propose", "alert.resolve"] } });
    await tell(...Array.from({ length: 80 }, (_, index) => acted(`tier.x${index}`)));
    await eventually(() => expect(reader.events).toHaveLength(3));
    expect(reader.events[2]?.data).toMatchObject({ actions: { length: 50 } });
  });

  test("misses nothing that happens while the open alerts are being read", async () => {
    const gate = Promise.withResolvers<JsonAnswer>();
    const { hub, url, tell } = await setUp({ state: () => gate.promise });
    const opening = listen(url);
    await eventually(() => expect(hub.open).toBe(1));
    await tell(raised(3));
    gate.resolve({ status: 200, headers: {}, body: { data: [], nextCursor: "older" } });
    const reader = await opening;
    await eventually(() => expect(reader.events.map(({ event: name }) => name)).toEqual(["alerts", "alert"]));
    expect(reader.events[0]?.data).toEqual({ open: [], more: true });
  });

  test("ends with its token", async () => {
    const { hub, url } = await setUp();
    const reader = await listen(url, { exp: Math.floor(Date.now() / 1_000) + 1 });
    expect(reader.status).toBe(200);
    await eventually(() => expect(reader.ended).toBe(true));
    expect(hub.open).toBe(0);
  });

  test("ends when its token is revoked, and no other does; one that is revoked while it opens never opens", async () => {
    let revoked = "";
    const check = ({ sub }: { sub: string }) => {
      if (sub === revoked) throw refuseToken("token_revoked", "The token has been revoked");
    };
    const { hub, url } = await setUp({ check });
    const [root, sam] = await Promise.all([listen(url), listen(url, { sub: "sam" })]);
    revoked = "root";
    hub.closeWhere(({ sub }) => sub === revoked);
    await eventually(() => expect(root.ended).toBe(true));
    expect([sam.ended, hub.open]).toEqual([false, 1]);
    expect((await listen(url)).status).toBe(401);
    expect(hub.open).toBe(1);
  });

  test("says that it lives as long as it hears anything, and only then", async () => {
    let isHearing = true;
    const { url } = await setUp({ heartbeatMs: 20, isHearing: () => isHearing });
    const reader = await listen(url);
    const beats = () => reader.text.split(":\n\n").length;
    await eventually(() => expect(beats()).toBeGreaterThan(3));
    isHearing = false;
    // One may have been on its way; then 20 intervals of another stream pass without one here.
    const other = await setUp({ heartbeatMs: 20 });
    const witness = await listen(other.url);
    await eventually(() => expect(witness.text.split(":\n\n").length).toBeGreaterThan(3));
    const before = beats();
    await eventually(() => expect(witness.text.split(":\n\n").length).toBeGreaterThan(10));
    expect(beats()).toBe(before);
  });

  test("is for support and admins", async () => {
    const { url } = await setUp();
    for (const role of ["user", "auditor", "service"]) expect((await listen(url, { roles: [role] })).status).toBe(403);
  });

  test("is counted off when its reader leaves", async () => {
    const { hub, url } = await setUp();
    const leave = new AbortController();
    const authorization = `Bearer ${await issuer.token({ sub: "root", roles: ["admin"] })}`;
    await fetch(`${url}/api/admin/events`, { headers: { authorization }, signal: leave.signal });
    expect(hub.open).toBe(1);
    leave.abort();
    await eventually(() => expect(hub.open).toBe(0));
  });
});

describe("bounds", () => {
  test("one person may have only so many, and all consoles together", async () => {
    const { url } = await setUp({ perUser: 2, total: 3 });
    await Promise.all([listen(url), listen(url)]);
    const third = await listen(url);
    expect([third.status, third.headers.get("retry-after")]).toEqual([429, "5"]);
    expect((await listen(url, { sub: "sam" })).status).toBe(200);
    expect((await listen(url, { sub: "kim" })).status).toBe(503);
  });

  test("closed for good: streams end and no other is admitted", async () => {
    const { hub, url } = await setUp();
    const reader = await listen(url);
    hub.closeForGood();
    await eventually(() => expect(reader.ended).toBe(true));
    expect((await listen(url)).status).toBe(503);
  });

  test.each([
    ["the monitor is away", { status: 503, headers: {}, body: {} }],
    ["its answer is none", { status: 200, headers: {}, body: { data: [{ id: 7 }], nextCursor: null } }],
  ])("without the open alerts (%s) there is no stream, and no place is lost", async (_, answer) => {
    const { hub, url } = await setUp({ state: async () => answer });
    expect((await listen(url)).status).toBe(503);
    expect(hub.open).toBe(0);
  });
});

test("an alert of a family that this version does not know is passed over", () => {
  expect(
    alertNews(
      "raised",
      create(AlertRaisedSchema, { alert: { ...alert(1), family: "weather" } }).alert ?? expect.fail(),
    ),
  ).toBeUndefined();
});
