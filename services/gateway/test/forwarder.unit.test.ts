import { once } from "node:events";
import { createServer, request as httpRequest, type IncomingMessage, type RequestListener } from "node:http";
import { connect } from "node:net";
import { defineRoute, type RouteContract } from "@stipend/platform/http/contract";
import { silentLog } from "@stipend/platform/log/log";
import { eventually } from "@stipend/testing/eventually";
import { decodeJwt } from "jose";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { Forwarder } from "../src/forward/forwarder.ts";
import { Upstream, type UpstreamOptions } from "../src/forward/upstream.ts";
import { openDoor, testSigner } from "./support/door.ts";
import { createIssuer, type Issuer } from "./support/issuer.ts";
import { freePort, readAll, serveHttp } from "./support/servers.ts";

let issuer: Issuer;
let token: string;
beforeAll(async () => {
  issuer = await createIssuer("ES256");
  token = await issuer.token({ sub: "auth0|alice", roles: ["user", "admin"], email: "alice@example.org" });
});

const route = (method: RouteContract["method"], path: string, more: Partial<RouteContract> = {}) =>
  defineRoute({
    id: `${method} ${path}`,
    method,
    path,
    roles: ["user"],
    summary: "",
    responses: {},
    errors: [],
    ...more,
  });

/** A door whose routes lead to one upstream. */
async function doorTo(origin: string, options: Partial<UpstreamOptions> = {}, readerPatienceMs?: number) {
  const upstream = new Upstream({ name: "credits", origin, log: silentLog(), ...options });
  onTestFinished(() => upstream.stop());
  const forwarder = new Forwarder(
    upstream,
    "credits",
    testSigner(),
    { note: async (_context, answer) => answer },
    readerPatienceMs,
  );
  const contracts = [
    route("GET", "/api/things"),
    route("POST", "/api/things", { bodyLimit: 1_000, idempotencyKey: "optional" }),
    route("GET", "/api/things/:thingId"),
  ];
  const routes = contracts.map((contract) => ({
    contract,
    head: true,
    run: (context: Parameters<typeof forwarder.forward>[0]) => forwarder.forward(context),
  }));
  const { url } = await openDoor(issuer, routes);
  return { url, upstream };
}

async function behind(listener: RequestListener, options: Partial<UpstreamOptions> = {}, readerPatienceMs?: number) {
  const { url: origin } = await serveHttp(listener);
  return await doorTo(origin, options, readerPatienceMs);
}

function send(url: string, path: string, init: RequestInit = {}) {
  return fetch(url + path, { ...init, headers: { authorization: `Bearer ${token}`, ...init.headers } });
}

describe("what the service sees", () => {
  test("the same method, path, query and body, and who asks; nothing a client makes up", async () => {
    let seen: { req: IncomingMessage; body: string } | undefined;
    const { url } = await behind(async (req, res) => {
      seen = { req, body: await readAll(req) };
      res.writeHead(201, {
        "content-type": "application/json",
        etag: '"7"',
        "idempotent-replayed": "true",
        server: "x",
        "set-cookie": "a=b",
        "x-powered-by": "y",
        "stipend-credits-charged": "9",
      });
      res.end("{}");
    });
    const answer = await send(url, "/api/things?a=%2F&b=ü", {
      method: "POST",
      body: '{"a":1}',
      headers: {
        "content-type": "application/json",
        "idempotency-key": "key-1",
        "if-match": '"6"',
        "user-agent": "Tést/1 (a b)",
        "x-request-id": "request-0001",
        traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "stipend-actor": "root",
        "stipend-actor-roles": "admin",
        "stipend-client-ip": "1.2.3.4",
        "x-forwarded-for": "1.2.3.4",
        cookie: "session=1",
        "x-other": "1",
      },
    });
    expect(answer.status).toBe(201);
    const { req, body } = seen ?? expect.fail("nothing arrived");
    expect([req.method, req.url, body]).toEqual(["POST", "/api/things?a=%2F&b=%C3%BC", '{"a":1}']);
    expect(req.headers).toMatchObject({
      "content-type": "application/json",
      "idempotency-key": "key-1",
      "if-match": '"6"',
      "stipend-actor": "auth0|alice",
      "stipend-actor-roles": "user,admin",
      "stipend-actor-email": "alice@example.org",
      "stipend-client-ip": "127.0.0.1",
      "x-request-id": "request-0001",
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    });
    expect(decodeURIComponent(String(req.headers["stipend-user-agent"]))).toBe("Tést/1 (a b)");
    for (const name of ["cookie", "x-forwarded-for", "x-other"]) expect(req.headers[name]).toBeUndefined();
    const internal = decodeJwt(String(req.headers.authorization).replace("Bearer ", ""));
    expect(internal).toMatchObject({ iss: "gateway", aud: "credits" });
    expect((internal.exp ?? 0) - Date.now() / 1_000).toBeLessThanOrEqual(60);
    expect(answer.headers.get("etag")).toBe('"7"');
    expect(answer.headers.get("idempotent-replayed")).toBe("true");
    expect(answer.headers.get("x-request-id")).toBe("request-0001");
    for (const name of ["server", "set-cookie", "x-powered-by", "stipend-credits-charged"])
      expect(answer.headers.get(name)).toBeNull();
  });

  test("a key that was sent twice arrives twice, so that the service can refuse it", async () => {
    let keys: string[] | undefined;
    const { url } = await behind((req, res) => {
      keys = req.headersDistinct["idempotency-key"];
      res.end("{}");
    });
    const pairs = [
      ["host", new URL(url).host],
      ["authorization", `Bearer ${token}`],
      ["idempotency-key", "a"],
      ["idempotency-key", "b"],
    ];
    await new Promise((resolve) => {
      httpRequest(`${url}/api/things`, { method: "POST", headers: pairs.flat() }, resolve).end();
    });
    expect(keys).toEqual(["a", "b"]);
  });

  test("no body at all when there was none", async () => {
    let headers: IncomingMessage["headers"] | undefined;
    const { url } = await behind((req, res) => {
      headers = req.headers;
      res.end("[]");
    });
    await send(url, "/api/things");
    expect(headers?.["content-length"]).toBeUndefined();
    expect(headers?.["transfer-encoding"]).toBeUndefined();
  });
});

describe("bodies", () => {
  test("beyond the contract's limit are refused with 413 and never reach the service, announced or not", async () => {
    let reached = 0;
    const { url } = await behind((_req, res) => {
      reached += 1;
      res.end("{}");
    });
    const announced = await send(url, "/api/things", { method: "POST", body: "x".repeat(1_001) });
    expect([announced.status, await announced.json()]).toMatchObject([413, { code: "body_too_large", limit: 1_000 }]);
    const chunks = new ReadableStream({
      start(controller) {
        for (let n = 0; n < 11; n++) controller.enqueue(Buffer.alloc(100));
        controller.close();
      },
    });
    const chunked = await send(url, "/api/things", { method: "POST", body: chunks, duplex: "half" } as RequestInit);
    expect(chunked.status).toBe(413);
    expect(reached).toBe(0);
    expect((await send(url, "/api/things", { method: "POST", body: "x".repeat(1_000) })).status).toBe(200);
  });

  test("that break off never reach the service", async () => {
    let reached = 0;
    const { url } = await behind((_req, res) => {
      reached += 1;
      res.end("{}");
    });
    const req = httpRequest(`${url}/api/things`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-length": 100 },
    });
    req.on("error", () => undefined);
    req.write("half");
    await new Promise((resolve) => setTimeout(resolve, 50));
    req.destroy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(reached).toBe(0);
  });

  test("stream back without being kept", async () => {
    const block = Buffer.alloc(65_536, 7);
    const { url } = await behind(async (_req, res) => {
      for (let n = 0; n < 4_096; n++) if (!res.write(block)) await once(res, "drain");
      res.end();
    });
    const before = process.memoryUsage.rss();
    const answer = await send(url, "/api/things");
    let bytes = 0;
    for await (const chunk of answer.body ?? []) bytes += chunk.length;
    expect(bytes).toBe(256 * 1_048_576);
    expect(process.memoryUsage.rss() - before).toBeLessThan(180 * 1_048_576);
  }, 60_000);

  test("that nobody reads free their place at the service; one that is read slowly goes on", async () => {
    const block = Buffer.alloc(65_536, 7);
    const endless: RequestListener = (_req, res) => {
      const more = () => {
        while (!res.destroyed && res.write(block));
      };
      res.on("drain", more);
      more();
    };
    const { url, upstream } = await behind(endless, { maxInFlight: 2 }, 700);
    const { port } = new URL(url);
    const head = `GET /api/things HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`;
    const [stuck, slow] = [1, 2].map(() => connect(Number(port), "127.0.0.1").pause());
    for (const socket of [stuck, slow]) {
      socket?.on("error", () => undefined).write(head);
      onTestFinished(() => void socket?.destroy());
    }
    await eventually(() => expect(upstream.inFlight).toBe(2));
    let read = 0;
    slow?.on("data", (chunk) => (read += chunk.length));
    const pace = setInterval(() => {
      slow?.resume();
      setImmediate(() => slow?.pause());
    }, 100);
    onTestFinished(() => clearInterval(pace));
    await eventually(() => expect(upstream.inFlight).toBe(1));
    const before = read;
    await eventually(() => expect(read).toBeGreaterThan(before + 8 * 1_048_576), { timeoutMs: 8_000 });
    expect(upstream.inFlight).toBe(1);
  });

  test("an answer cut in the middle is cut for the client as well", async () => {
    const { url } = await behind((_req, res) => {
      res.writeHead(200, { "content-length": "1000" });
      res.write("half", () => res.destroy());
    });
    const answer = await send(url, "/api/things");
    await expect(answer.text()).rejects.toThrow();
  });
});

describe("an upstream in trouble", () => {
  test("its own 503 problem passes through", async () => {
    const problem = { code: "database_unavailable", status: 503 };
    const { url } = await behind((_req, res) => {
      res
        .writeHead(503, { "content-type": "application/problem+json", "retry-after": "1" })
        .end(JSON.stringify(problem));
    });
    const answer = await send(url, "/api/things");
    expect([answer.status, await answer.json()]).toEqual([503, problem]);
    expect(answer.headers.get("retry-after")).toBe("1");
  });

  test("down: 503 upstream_unavailable with Retry-After, quickly, and healed when it is back", async () => {
    const port = await freePort();
    const { url } = await doorTo(`http://127.0.0.1:${port}`, { circuitOpenMs: 200 });
    const started = performance.now();
    for (let n = 0; n < 10; n++) {
      const answer = await send(url, "/api/things");
      expect([answer.status, await answer.json()]).toMatchObject([
        503,
        { code: "upstream_unavailable", part: "credits" },
      ]);
      expect(answer.headers.get("retry-after")).toBe("1");
    }
    expect(performance.now() - started).toBeLessThan(4_000);
    await serveHttp((_req, res) => res.end("{}"), port);
    await eventually(async () => expect((await send(url, "/api/things")).status).toBe(200));
  });

  test("the circuit opens after faults in a row and lets one call through to see", async () => {
    let calls = 0;
    const { url, upstream } = await behind(
      (req) => {
        calls += 1;
        req.socket.destroy();
      },
      { circuitFailures: 3, circuitOpenMs: 300 },
    );
    const post = () => send(url, "/api/things", { method: "POST", body: "{}" }).then(({ status }) => status);
    for (let n = 0; n < 8; n++) expect(await post()).toBe(503);
    expect(calls).toBe(3);
    expect(upstream.circuitOpen).toBe(true);
    await eventually(() => expect(upstream.circuitOpen).toBe(false));
    await Promise.all([post(), post(), post()]);
    expect(calls).toBe(4);
  });

  test("reads and keyed writes are sent again when the connection breaks; other writes are not", async () => {
    const seen: string[] = [];
    const { url } = await behind((req, res) => {
      seen.push(`${req.method} ${req.headers["idempotency-key"] ?? ""}`.trim());
      if (seen.length % 2 === 1) req.socket.destroy();
      else res.end("{}");
    });
    expect((await send(url, "/api/things")).status).toBe(200);
    expect(
      (await send(url, "/api/things", { method: "POST", body: "{}", headers: { "idempotency-key": "k" } })).status,
    ).toBe(200);
    expect((await send(url, "/api/things", { method: "POST", body: "{}" })).status).toBe(503);
    expect(seen).toEqual(["GET", "GET", "POST k", "POST k", "POST"]);
  });

  test("more calls than it may have are refused at once", async () => {
    let release: (() => void) | undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { url, upstream } = await behind(
      async (_req, res) => {
        await gate;
        res.end("{}");
      },
      { maxInFlight: 2 },
    );
    const running = [send(url, "/api/things"), send(url, "/api/things")];
    await eventually(() => expect(upstream.inFlight).toBe(2));
    const third = await send(url, "/api/things");
    expect([third.status, await third.json()]).toMatchObject([503, { code: "overloaded" }]);
    release?.();
    for (const answer of await Promise.all(running)) expect([answer.status, await answer.text()]).toEqual([200, "{}"]);
    await eventually(() => expect(upstream.inFlight).toBe(0));
  });

  test("an answer that is no HTTP, or has endless headers, is a 502", async () => {
    const server = createServer();
    server.on("connection", (socket) => socket.end("I am no web server\r\n\r\n"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as { port: number };
    const { url } = await doorTo(`http://127.0.0.1:${port}`);
    const answer = await send(url, "/api/things");
    expect([answer.status, await answer.json()]).toMatchObject([502, { code: "upstream_failed" }]);

    const { url: big } = await behind((_req, res) => {
      for (let n = 0; n < 20; n++) res.setHeader(`x-${n}`, "a".repeat(4_000));
      res.end();
    });
    expect((await send(big, "/api/things")).status).toBe(502);
  });

  test("a client that goes away ends the call to the service", async () => {
    let ended = false;
    const { url, upstream } = await behind((req, _res) => {
      req.socket.once("close", () => {
        ended = true;
      });
    });
    const abort = new AbortController();
    const call = send(url, "/api/things", { signal: abort.signal });
    await eventually(() => expect(upstream.inFlight).toBe(1));
    abort.abort();
    await expect(call).rejects.toThrow();
    await eventually(() => expect([ended, upstream.inFlight]).toEqual([true, 0]));
  });

  test("one that hangs is given up in time", async () => {
    const { url } = await serveHttp(() => undefined);
    const upstream = new Upstream({ name: "slow", origin: url, log: silentLog() });
    onTestFinished(() => upstream.stop());
    const call = upstream.call({ method: "GET", path: "/", headers: {}, headTimeoutMs: 100, repeatable: true });
    await expect(call).rejects.toMatchObject({ code: "upstream_timeout" });
    expect(upstream.inFlight).toBe(0);
  });
});
