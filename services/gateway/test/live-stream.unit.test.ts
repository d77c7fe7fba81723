import type { IncomingMessage } from "node:http";
import { request as httpRequest } from "node:http";
import { eventually } from "@stipend/testing/eventually";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { refuseToken } from "../src/auth/refuse-token.ts";
import { eventsRoute } from "../src/events/events-route.ts";
import { LiveHub } from "../src/events/live-hub.ts";
import { parseEventId } from "../src/events/live-stream.ts";
import { creditsSnapshot, type LiveState, membershipSnapshot } from "../src/events/states.ts";
import type { JsonAnswer } from "../src/forward/json-client.ts";
import { openDoor } from "./support/door.ts";
import { createIssuer, type Issuer } from "./support/issuer.ts";

let issuer: Issuer;
beforeAll(async () => {
  issuer = await createIssuer("ES256");
});

const creditsBody = (version: number, balance = version) => ({
  userId: "alice",
  balance,
  held: 0,
  available: balance,
  version,
  status: "active",
  allowance: null,
  grants: [],
  asOf: "2026-01-01T00:00:00.000Z",
});
const membershipBody = (version: number) => ({
  userId: "alice",
  tier: null,
  status: "none",
  cycle: null,
  startedAt: null,
  currentPeriodStart: null,
  currentPeriodEnd: null,
  expiresAt: null,
  cancelAtPeriodEnd: false,
  pendingTier: null,
  monthlyCredits: null,
  version,
});

function state(read: (body: unknown) => LiveState | undefined, body: unknown): LiveState {
  return read(body) ?? expect.fail("is no state");
}
const credits = (version: number) => state(creditsSnapshot, creditsBody(version));
const membership = (version: number) => state(membershipSnapshot, membershipBody(version));

interface SetUpOptions {
  readonly perUser?: number;
  readonly total?: number;
  readonly heartbeatMs?: number;
  readonly creditsAnswer?: () => Promise<JsonAnswer>;
  readonly check?: (token: { sub: string }) => void;
}

async function setUp(options: SetUpOptions = {}) {
  const hub = new LiveHub({
    perUser: options.perUser ?? 5,
    total: options.total ?? 100,
    ...(options.heartbeatMs === undefined ? {} : { heartbeatMs: options.heartbeatMs }),
  });
  const ok = (body: unknown): JsonAnswer => ({ status: 200, headers: {}, body });
  const route = eventsRoute({
    hub,
    revocations: { check: options.check ?? (() => undefined) },
    credits: { call: options.creditsAnswer ?? (async () => ok(creditsBody(7))) },
    membership: { call: async () => ok(membershipBody(2)) },
  });
  const { url } = await openDoor(issuer, [route]);
  return { hub, url };
}

interface Reader {
  readonly status: number;
  readonly res: IncomingMessage;
  /** "event id data" of every event so far. */
  readonly events: { event: string; id: string; data: Record<string, unknown> }[];
  /** Comments, which keep the connection alive. */
  heartbeats: number;
  ended: boolean;
  leave(): void;
}

async function listen(
  url: string,
  headers: Record<string, string> = {},
  claims: Record<string, unknown> = {},
): Promise<Reader> {
  const authorization = `Bearer ${await issuer.token(claims)}`;
  const req = httpRequest(`${url}/api/events`, { headers: { authorization, ...headers } });
  req.on("error", () => undefined);
  onTestFinished(() => void req.destroy());
  req.end();
  const res = await new Promise<IncomingMessage>((resolve) => req.once("response", resolve));
  const reader: Reader = {
    status: res.statusCode ?? 0,
    res,
    events: [],
    heartbeats: 0,
    ended: false,
    leave: () => req.destroy(),
  };
  let text = "";
  res.setEncoding("utf8");
  res.on("error", () => undefined);
  res.on("close", () => {
    reader.ended = true;
  });
  res.on("data", (chunk: string) => {
    text += chunk;
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const fields = Object.fromEntries(
        text
          .slice(0, end)
          .split("\n")
          .map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()]),
      ) as Record<string, string>;
      if (text.startsWith(":")) reader.heartbeats += 1;
      text = text.slice(end + 2);
      if (fields["data"] !== undefined) {
        reader.events.push({
          event: fields["event"] ?? "",
          id: fields["id"] ?? "",
          data: JSON.parse(fields["data"]) as Record<string, unknown>,
        });
      }
    }
  });
  return reader;
}

const ids = (reader: Reader) => reader.events.map(({ event, id }) => `${event} ${id}`);

describe("a stream", () => {
  test("begins with the present state of both sides, then tells every change with its whole state", async () => {
    const { hub, url } = await setUp();
    const reader = await listen(url);
    expect(reader.status).toBe(200);
    expect(reader.res.headers["content-type"]).toContain("text/event-stream");
    await eventually(() => expect(ids(reader)).toEqual(["credits 7--1", "membership 7-2"]));
    expect(reader.events[0]?.data).toMatchObject({ userId: "alice", balance: 7, version: 7, transaction: null });
    hub.publish(credits(8));
    hub.publish(membership(3));
    await eventually(() => expect(ids(reader).slice(2)).toEqual(["credits 8-2", "membership 8-3"]));
  });

  test("never shows an older version, however events come", async () => {
    const { hub, url } = await setUp();
    const reader = await listen(url);
    await eventually(() => expect(reader.events).toHaveLength(2));
    for (const version of [6, 9, 8, 9, 7, 10]) hub.publish(credits(version));
    await eventually(() => expect(ids(reader).slice(2)).toEqual(["credits 9-2", "credits 10-2"]));
  });

  test("resumed with Last-Event-ID tells only what is new", async () => {
    const { hub, url } = await setUp();
    const upToDate = await listen(url, { "last-event-id": "7-2" });
    const behind = await listen(url, { "last-event-id": "6-2" });
    await eventually(() => expect(ids(behind)).toEqual(["credits 7-2"]));
    hub.publish(credits(8));
    await eventually(() => expect(ids(upToDate)).toEqual(["credits 8-2"]));
  });

  test("misses nothing that happens while the present state is being read", async () => {
    const gate = Promise.withResolvers<JsonAnswer>();
    const { hub, url } = await setUp({ creditsAnswer: () => gate.promise });
    const opening = listen(url);
    await eventually(() => expect(hub.open).toBe(1));
    hub.publish(credits(8));
    gate.resolve({ status: 200, headers: {}, body: creditsBody(7) });
    const reader = await opening;
    await eventually(() => expect(ids(reader)).toEqual(["credits 7--1", "membership 7-2", "credits 8-2"]));
  });

  test("tells a user nothing of another", async () => {
    const { hub, url } = await setUp();
    const reader = await listen(url, {}, { sub: "bob" });
    await eventually(() => expect(reader.events).toHaveLength(2));
    hub.publish(credits(8));
    hub.publish({ ...credits(9), userId: "bob" });
    await eventually(() => expect(ids(reader).slice(2)).toEqual(["credits 9-2"]));
  });

  test("ends with its token", async () => {
    const { hub, url } = await setUp();
    const reader = await listen(url, {}, { exp: Math.floor(Date.now() / 1_000) + 1 });
    expect(reader.status).toBe(200);
    await eventually(() => expect(reader.ended).toBe(true));
    expect(hub.open).toBe(0);
  });

  test("says that it lives while there is nothing to tell", async () => {
    const { url } = await setUp({ heartbeatMs: 20 });
    const reader = await listen(url);
    await eventually(() => expect(reader.heartbeats).toBeGreaterThan(2));
    expect(reader.events).toHaveLength(2);
  });

  test("ends when its token is revoked, and no other does; one that is revoked while it opens never opens", async () => {
    let revoked = "";
    const check = ({ sub }: { sub: string }) => {
      if (sub === revoked) throw refuseToken("token_revoked", "The token has been revoked");
    };
    const { hub, url } = await setUp({ check });
    const [alice, bob] = await Promise.all([listen(url), listen(url, {}, { sub: "bob" })]);
    revoked = "alice";
    hub.closeWhere(({ sub }) => sub === revoked);
    await eventually(() => expect(alice.ended).toBe(true));
    expect([bob.ended, hub.open]).toEqual([false, 1]);
    expect((await listen(url)).status).toBe(401);
    expect(hub.open).toBe(1);
  });

  test("that nobody reads is cut off, and counts no more", async () => {
    const { hub, url } = await setUp();
    const reader = await listen(url);
    await eventually(() => expect(reader.events).toHaveLength(2));
    reader.res.pause();
    const big = "x".repeat(100_000);
    let version = 10;
    await eventually(() => {
      const next = credits(version++);
      hub.publish({ ...next, data: { ...next.data, userId: big } } as LiveState);
      expect(hub.open).toBe(0);
    });
  });

  test("is counted off when its reader leaves", async () => {
    const { hub, url } = await setUp();
    const readers = await Promise.all([listen(url), listen(url)]);
    expect(hub.open).toBe(2);
    for (const reader of readers) reader.leave();
    await eventually(() => expect(hub.open).toBe(0));
  });
});

describe("bounds", () => {
  test("a user may have only so many, and all users together", async () => {
    const { url } = await setUp({ perUser: 2, total: 3 });
    await Promise.all([listen(url), listen(url)]);
    const third = await listen(url);
    expect([third.status, third.res.headers["retry-after"]]).toEqual([429, "5"]);
    expect((await listen(url, {}, { sub: "bob" })).status).toBe(200);
    expect((await listen(url, {}, { sub: "carol" })).status).toBe(503);
  });

  test("when a change may have been missed, streams end and their readers are told what is new", async () => {
    const { hub, url } = await setUp();
    const reader = await listen(url);
    await eventually(() => expect(reader.events).toHaveLength(2));
    hub.closeAll();
    await eventually(() => expect(reader.ended).toBe(true));
    const again = await listen(url, { "last-event-id": "6-2" });
    await eventually(() => expect(ids(again)).toEqual(["credits 7-2"]));
  });

  test("closed for good: streams end and no other is admitted", async () => {
    const { hub, url } = await setUp();
    const reader = await listen(url);
    hub.closeForGood();
    await eventually(() => expect(reader.ended).toBe(true));
    expect((await listen(url)).status).toBe(503);
  });

  test("without the present state there is no stream, and no place is lost", async () => {
    const { hub, url } = await setUp({ creditsAnswer: async () => ({ status: 503, headers: {}, body: {} }) });
    expect((await listen(url)).status).toBe(503);
    expect(hub.open).toBe(0);
  });
});

test("an event id that is none means that nothing is known", () => {
  for (const id of [undefined, "", "7", "x-y", "1-2-3", "99999999999999999999-1"]) {
    expect(parseEventId(id)).toEqual({ credits: -1, membership: -1 });
  }
  expect(parseEventId("12-3")).toEqual({ credits: 12, membership: 3 });
  expect(parseEventId("12--1")).toEqual({ credits: 12, membership: -1 });
});
