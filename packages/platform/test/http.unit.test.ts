import { connect } from "node:net";
import { Agent, request } from "undici";
import { afterEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import type { Actor } from "../src/auth/actor.ts";
import { CodedError } from "../src/errors/coded.ts";
import { takeOverBody } from "../src/http/body-time.ts";
import { defineProblems, defineRoute } from "../src/http/contract.ts";
import { Problem } from "../src/http/problem.ts";
import { type Handler, type ServeOptions, serve } from "../src/http/serve.ts";
import { HttpServer, type HttpServerOptions } from "../src/http/server.ts";
import { silentLog } from "../src/log/log.ts";
import { rawHttp } from "./support/raw-http.ts";

const problems = defineProblems({
  insufficient_credits: { status: 402, title: "Not enough credits", action: "Top up or upgrade." },
});

const consume = defineRoute({
  id: "test.consume",
  method: "POST",
  path: "/api/consume/:account",
  roles: ["user", "service"],
  summary: "consumes",
  params: z.object({ account: z.string().regex(/^[a-z]+$/) }),
  query: z.object({ dry: z.enum(["yes", "no"]).optional() }),
  body: z.object({ amount: z.int().min(1).max(1_000_000), reason: z.string().max(200).optional() }),
  idempotencyKey: "required",
  responses: { 201: { description: "consumed" } },
  errors: ["insufficient_credits"],
});

const list = defineRoute({
  id: "test.list",
  method: "GET",
  path: "/api/list",
  roles: "anyone",
  summary: "lists",
  responses: { 200: { description: "the list", schema: z.object({ data: z.array(z.string()) }) } },
  errors: [],
});

const servers: HttpServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

interface Setup {
  readonly consume?: Handler<typeof consume>;
  readonly list?: Handler<typeof list>;
  readonly actor?: Partial<Actor> | null;
  readonly serveOptions?: ServeOptions;
  readonly server?: Partial<HttpServerOptions>;
}

async function start(setup: Setup = {}): Promise<HttpServer> {
  const server = new HttpServer({
    host: "127.0.0.1",
    port: 0,
    log: silentLog(),
    problems: [problems],
    ...setup.server,
  });
  servers.push(server);
  server.app.use((req, _res, next) => {
    if (setup.actor !== null) {
      req.actor = { sub: "alice", roles: ["user"], caller: "gateway", requestId: req.requestId, ...setup.actor };
    }
    next();
  });
  serve(server.app, consume, setup.consume ?? (async ({ body }) => ({ body })), setup.serveOptions);
  serve(server.app, list, setup.list ?? (async () => ({ body: { data: [] } })));
  await server.start();
  return server;
}

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: Record<string, unknown>;
}

type CallOptions = {
  method?: "POST" | "GET" | "DELETE";
  body?: unknown;
  headers?: Record<string, string | string[]>;
  raw?: string | Buffer;
};

async function call(server: HttpServer, path: string, options: CallOptions = {}): Promise<Answer> {
  const method = options.method ?? (options.body !== undefined || options.raw !== undefined ? "POST" : "GET");
  const answer = await request(`${server.url}${path}`, {
    method,
    headers: { "content-type": "application/json", "idempotency-key": "key-1", ...options.headers },
    body: options.raw ?? (options.body === undefined ? null : JSON.stringify(options.body)),
  });
  const text = await answer.body.text();
  return {
    status: answer.statusCode,
    headers: answer.headers,
    body: text === "" ? {} : (JSON.parse(text) as Record<string, unknown>),
  };
}

const PATH = "/api/consume/alice";

describe("a served route", () => {
  it("gives the handler what it validated and answers with the contract's status", async () => {
    const server = await start({
      consume: async (ctx) => ({
        body: {
          account: ctx.params.account,
          amount: ctx.body.amount,
          dry: ctx.query.dry,
          key: ctx.idempotencyKey,
          ifMatch: ctx.ifMatch,
          actor: ctx.actor.sub,
        },
        headers: { ETag: '"7"' },
      }),
    });
    const answer = await call(server, `${PATH}?dry=yes`, { body: { amount: 5 }, headers: { "if-match": '"6"' } });
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      account: "alice",
      amount: 5,
      dry: "yes",
      key: "key-1",
      ifMatch: '"6"',
      actor: "alice",
    });
    expect(answer.headers["etag"]).toBe('"7"');
    expect(answer.headers["content-type"]).toBe("application/json; charset=utf-8");
    expect(answer.headers["x-powered-by"]).toBeUndefined();
  });

  it("takes over a harmless request id and makes one otherwise", async () => {
    const server = await start({ list: async (ctx) => ({ body: { requestId: ctx.requestId } }) });
    const given = await call(server, "/api/list", { headers: { "x-request-id": "abc-12345678" } });
    expect(given.body).toEqual({ requestId: "abc-12345678" });
    expect(given.headers["x-request-id"]).toBe("abc-12345678");
    const bad = await call(server, "/api/list", { headers: { "x-request-id": "a b<script>" } });
    expect(bad.headers["x-request-id"]).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("lets a handler write the answer itself", async () => {
    const server = await start({
      list: async ({ res }) => {
        res.setHeader("content-type", "text/csv");
        res.write("a,b\n");
        res.end("1,2\n");
      },
    });
    const answer = await request(`${server.url}/api/list`);
    expect(await answer.body.text()).toBe("a,b\n1,2\n");
  });

  it("aborts the signal when the client goes away", async () => {
    const gone = Promise.withResolvers<boolean>();
    const server = await start({
      list: async ({ signal }) => {
        signal.addEventListener("abort", () => gone.resolve(true));
        await gone.promise;
      },
    });
    await rawHttp(server.port, "GET /api/list HTTP/1.1\r\nHost: x\r\n\r\n", { ms: 100 });
    expect(await gone.promise).toBe(true);
  });
});

describe("refusals", () => {
  const cases: { name: string; setup?: Setup; path?: string; options: CallOptions; status: number; code: string }[] = [
    { name: "malformed JSON", options: { raw: '{"amount": 1' }, status: 400, code: "malformed_json" },
    {
      name: "bytes that are not UTF-8",
      options: { raw: Buffer.from([0x22, 0xff, 0x22]) },
      status: 400,
      code: "malformed_json",
    },
    { name: "nesting without end", options: { raw: "[".repeat(5_000) }, status: 400, code: "malformed_json" },
    { name: "an array for an object", options: { body: [1] }, status: 400, code: "validation_failed" },
    { name: "no body", options: { method: "POST" }, status: 400, code: "validation_failed" },
    { name: "a negative amount", options: { body: { amount: -1 } }, status: 400, code: "validation_failed" },
    { name: "a fractional amount", options: { body: { amount: 1.5 } }, status: 400, code: "validation_failed" },
    { name: "an amount as text", options: { body: { amount: "1" } }, status: 400, code: "validation_failed" },
    { name: "an amount too large", options: { body: { amount: 1e21 } }, status: 400, code: "validation_failed" },
    { name: "an unknown field", options: { body: { amount: 1, admin: true } }, status: 400, code: "validation_failed" },
    { name: "__proto__", options: { raw: '{"amount":1,"__proto__":{"x":1}}' }, status: 400, code: "validation_failed" },
    {
      name: "an unknown query",
      path: `${PATH}?x=1`,
      options: { body: { amount: 1 } },
      status: 400,
      code: "validation_failed",
    },
    {
      name: "a repeated query",
      path: `${PATH}?dry=yes&dry=no`,
      options: { body: { amount: 1 } },
      status: 400,
      code: "validation_failed",
    },
    {
      name: "a bad parameter",
      path: "/api/consume/A1",
      options: { body: { amount: 1 } },
      status: 400,
      code: "validation_failed",
    },
    {
      name: "a parameter that is no UTF-8",
      path: "/api/consume/%ff",
      options: { body: { amount: 1 } },
      status: 400,
      code: "malformed_request",
    },
    {
      name: "another content type",
      options: { body: { amount: 1 }, headers: { "content-type": "text/plain" } },
      status: 415,
      code: "unsupported_media_type",
    },
    {
      name: "another charset",
      options: { body: { amount: 1 }, headers: { "content-type": "application/json; charset=utf-16" } },
      status: 415,
      code: "unsupported_media_type",
    },
    {
      name: "a compressed body",
      options: { raw: "x", headers: { "content-encoding": "gzip" } },
      status: 415,
      code: "unsupported_media_type",
    },
    { name: "a large body", options: { raw: " ".repeat(16_385) }, status: 413, code: "body_too_large" },
    {
      name: "an empty key",
      options: { body: { amount: 1 }, headers: { "idempotency-key": "" } },
      status: 400,
      code: "idempotency_key_invalid",
    },
    {
      name: "a long key",
      options: { body: { amount: 1 }, headers: { "idempotency-key": "k".repeat(256) } },
      status: 400,
      code: "idempotency_key_invalid",
    },
    {
      name: "a key that is not ASCII",
      options: { body: { amount: 1 }, headers: { "idempotency-key": "schlüssel" } },
      status: 400,
      code: "idempotency_key_invalid",
    },
    {
      name: "two keys",
      options: { body: { amount: 1 }, headers: { "idempotency-key": ["a", "b"] } },
      status: 400,
      code: "idempotency_key_invalid",
    },
    {
      name: "no actor",
      setup: { actor: null },
      options: { body: { amount: 1 } },
      status: 401,
      code: "internal_token_required",
    },
    {
      name: "the wrong role",
      setup: { actor: { roles: ["auditor"] } },
      options: { body: { amount: 1 } },
      status: 403,
      code: "role_required",
    },
    { name: "an unknown path", path: "/api/nothing", options: {}, status: 404, code: "not_found" },
    { name: "another case of the path", path: "/API/list", options: {}, status: 404, code: "not_found" },
    { name: "another method", path: PATH, options: { method: "DELETE" }, status: 405, code: "method_not_allowed" },
  ];

  it.each(cases)("answers $name with $status $code", async ({ setup, path, options, status, code }) => {
    const handler = vi.fn<Handler<typeof consume>>(async () => ({ body: {} }));
    const server = await start({ ...setup, consume: handler });
    const answer = await call(server, path ?? PATH, options);
    expect(answer.body).toMatchObject({
      status,
      code,
      type: `urn:stipend:problem:${code}`,
      action: expect.any(String) as string,
    });
    expect(answer.status).toBe(status);
    expect(answer.headers["content-type"]).toBe("application/problem+json; charset=utf-8");
    expect(answer.body["requestId"]).toBe(answer.headers["x-request-id"]);
    expect(JSON.stringify(answer.body)).not.toContain("node_modules");
    expect(handler).not.toHaveBeenCalled();
  });

  it("demands a key where none is given", async () => {
    const server = await start();
    const answer = await request(`${server.url}${PATH}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"amount":1}',
    });
    expect(await answer.body.json()).toMatchObject({ status: 400, code: "idempotency_key_required" });
  });

  it("come in order: actor, role, authorisation, fields, key", async () => {
    const refuse = () => {
      throw new Problem("forbidden");
    };
    const bad = { body: { amount: -1 }, headers: { "idempotency-key": "" } };
    const noActor = await start({ actor: null, serveOptions: { authorize: refuse } });
    expect((await call(noActor, PATH, bad)).body["code"]).toBe("internal_token_required");
    const wrongRole = await start({ actor: { roles: [] }, serveOptions: { authorize: refuse } });
    expect((await call(wrongRole, PATH, bad)).body["code"]).toBe("role_required");
    const other = await start({ serveOptions: { authorize: refuse } });
    expect((await call(other, PATH, bad)).body["code"]).toBe("forbidden");
    const fields = await start();
    expect((await call(fields, PATH, bad)).body["code"]).toBe("validation_failed");
    expect((await call(fields, PATH, { ...bad, body: { amount: 1 } })).body["code"]).toBe("idempotency_key_invalid");
  });

  it("names every wrong field by its pointer", async () => {
    const server = await start();
    const answer = await call(server, PATH, { body: { amount: 0, reason: 7, x: 1 } });
    const errors = answer.body["errors"] as { field: string; in: string }[];
    expect(errors.map((e) => `${e.in}${e.field}`).sort()).toEqual(["body/amount", "body/reason", "body/x"]);
  });

  it("tells which methods there are", async () => {
    const server = await start();
    expect((await call(server, "/api/list", { method: "DELETE" })).headers["allow"]).toBe("GET, HEAD");
  });
});

describe("errors of a handler", () => {
  it("answers a domain's code by its table, with details and without what is reserved", async () => {
    const server = await start({
      consume: async () => {
        throw new CodedError("insufficient_credits", {
          message: "3 missing",
          details: { required: 5, available: 2, status: 200 },
        });
      },
    });
    const answer = await call(server, PATH, { body: { amount: 5 } });
    expect(answer.status).toBe(402);
    expect(answer.body).toMatchObject({ status: 402, detail: "3 missing", required: 5, available: 2 });
  });

  it("says when to try again", async () => {
    const server = await start({
      consume: async () => {
        throw new CodedError("database_unavailable", { retryAfterSeconds: 2.2 });
      },
    });
    const answer = await call(server, PATH, { body: { amount: 5 } });
    expect(answer.status).toBe(503);
    expect(answer.headers["retry-after"]).toBe("3");
  });

  it("hides everything about an error that is not meant for the caller", async () => {
    const server = await start({
      consume: async () => {
        throw Object.assign(new Error("ER_DUP: secret SELECT"), { code: "ER_DUP_ENTRY", sql: "SELECT secret" });
      },
    });
    const answer = await call(server, PATH, { body: { amount: 5 } });
    expect(answer.status).toBe(500);
    expect(answer.body["code"]).toBe("internal_error");
    expect(JSON.stringify(answer.body)).not.toContain("secret");
  });

  it("cuts the connection when an answer breaks off half way", async () => {
    const server = await start({
      list: async ({ res }) => {
        res.writeHead(200, { "content-type": "text/csv", "content-length": "100" });
        res.write("half");
        throw new Error("broke");
      },
    });
    await expect(request(`${server.url}/api/list`).then((answer) => answer.body.text())).rejects.toThrow();
  });
});

describe("answers that are checked", () => {
  it("fail when the contract does not promise them", async () => {
    const reply = { status: 201, body: {} as unknown };
    const server = await start({ server: { checkResponses: true }, list: async () => reply });
    expect((await call(server, "/api/list")).status).toBe(500);
    reply.status = 200;
    expect((await call(server, "/api/list")).status).toBe(500);
    reply.body = { data: ["a"] };
    expect((await call(server, "/api/list")).status).toBe(200);
  });
});

describe("requests that never reach a route", () => {
  it("answers what is not HTTP", async () => {
    const server = await start();
    const answer = await rawHttp(server.port, "GARBAGE\r\n\r\n");
    expect(answer).toContain("HTTP/1.1 400");
    expect(answer).toContain('"code":"malformed_request"');
  });

  it.each(["", "Host: a\r\nHost: b\r\n"])("answers a request without one Host (%j)", async (hosts) => {
    const server = await start();
    const answer = await rawHttp(server.port, `GET /api/list HTTP/1.1\r\n${hosts}Connection: close\r\n\r\n`);
    expect(answer).toContain("HTTP/1.1 400");
    expect(answer).toContain('"code":"malformed_request"');
  });

  it("answers headers that are too large", async () => {
    const server = await start();
    const answer = await rawHttp(server.port, `GET / HTTP/1.1\r\nHost: x\r\nX-Big: ${"x".repeat(20_000)}\r\n\r\n`);
    expect(answer).toContain("HTTP/1.1 431");
    expect(answer).toContain('"code":"headers_too_large"');
  });

  it("refuses a body announced as huge without waiting for it", async () => {
    const server = await start();
    const head = `POST ${PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nIdempotency-Key: k\r\n`;
    const answer = await rawHttp(server.port, `${head}Content-Length: 99999999999\r\n\r\n{`, { ms: 500 });
    expect(answer).toContain("HTTP/1.1 413");
  });

  it("is not hurt by a client that cuts its body", async () => {
    const handler = vi.fn<Handler<typeof consume>>(async () => ({ body: {} }));
    const server = await start({ consume: handler });
    const head = `POST ${PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nIdempotency-Key: k\r\n`;
    for (let i = 0; i < 20; i++) {
      await rawHttp(server.port, `${head}Content-Length: 100\r\n\r\n{"amo`, { ms: 20 });
      await rawHttp(server.port, `${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n`, { ms: 20 });
    }
    expect(handler).not.toHaveBeenCalled();
    expect((await call(server, "/api/list")).status).toBe(200);
  });
});

describe("clients that take their time", () => {
  const server = () => start({ server: { headersTimeoutMs: 200, bodyTimeoutMs: 400 } });
  const head = `POST ${PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nIdempotency-Key: k\r\n`;

  it("are told so and let go when their headers do not come", async () => {
    const answer = await rawHttp((await server()).port, "GET /api/list HTTP/1.1\r\nHost: x\r\n", { ms: 8_000 });
    expect(answer).toContain("HTTP/1.1 408");
    expect(answer).toContain('"code":"request_timeout"');
  });

  it("are told so and let go when their body does not come to its end", async () => {
    const slow = await server();
    const answer = await rawHttp(slow.port, `${head}Content-Length: 100\r\n\r\n{"amo`, { ms: 8_000 });
    expect(answer).toContain("HTTP/1.1 408");
    expect((await call(slow, "/api/list")).status).toBe(200);
  });

  it("are let go when their body is not wanted and does not end", async () => {
    const { port } = await server();
    const began = performance.now();
    await rawHttp(port, "POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{", { ms: 8_000 });
    expect(performance.now() - began).toBeLessThan(7_000);
  });

  it("are told so on a connection that has served before, too", async () => {
    const first = `${head}Content-Length: 0\r\n\r\n`;
    const answer = await rawHttp((await server()).port, `${first}${head}Content-Length: 100\r\n\r\n{"amo`, {
      ms: 8_000,
    });
    expect(answer.match(/HTTP\/1\.1 \d+/g)?.at(-1)).toBe("HTTP/1.1 408");
  });

  it("have the time that a handler gives them when it takes their body over", async () => {
    const { port } = await start({
      server: {
        bodyTimeoutMs: 100,
        fast: (req, res) => {
          takeOverBody(req);
          req.resume().once("end", () => res.end("whole"));
          return true;
        },
      },
    });
    const socket = connect(port, "127.0.0.1");
    socket.write(`${head}Content-Length: 10\r\n\r\n`);
    let sent = 0;
    const pace = setInterval(() => (sent++ < 10 ? socket.write("x") : clearInterval(pace)), 50);
    let answer = "";
    socket.on("data", (chunk) => (answer += String(chunk)));
    await vi.waitFor(() => expect(answer).toContain("whole"), { timeout: 5_000 });
    socket.destroy();
  });
});

describe("clients that do not read", () => {
  async function big(readerTimeoutMs: number) {
    const closed: boolean[] = [];
    const server = await start({
      server: {
        readerTimeoutMs,
        fast: (_req, res) => {
          res.once("close", () => closed.push(res.writableFinished));
          res.end(Buffer.alloc(16 * 1_024 * 1_024));
          return true;
        },
      },
    });
    const socket = connect(server.port, "127.0.0.1").pause();
    socket.on("error", () => undefined).write("GET /api/list HTTP/1.1\r\nHost: x\r\n\r\n");
    return { closed, socket };
  }

  it("are let go, and their answer with them", async () => {
    const { closed, socket } = await big(300);
    await vi.waitFor(() => expect(closed).toEqual([false]), { timeout: 5_000 });
    socket.destroy();
  });

  it("but slowly get all of it", async () => {
    const { closed, socket } = await big(600);
    let bytes = 0;
    socket.on("data", (chunk) => (bytes += chunk.length));
    const pace = setInterval(() => {
      socket.resume();
      setImmediate(() => socket.pause());
    }, 20);
    await vi.waitFor(() => expect(bytes).toBeGreaterThan(16 * 1_024 * 1_024), { timeout: 12_000 });
    clearInterval(pace);
    expect(closed).toEqual([true]);
    socket.destroy();
  });
});

it("a request behind an answer in the same connection has all the time it needs", async () => {
  const server = await start({
    server: {
      readerTimeoutMs: 150,
      fast: (req, res) => {
        if (req.url === "/slow") setTimeout(() => res.end("late"), 600);
        else res.end("soon");
        return true;
      },
    },
  });
  const both = "GET /quick HTTP/1.1\r\nHost: x\r\n\r\nGET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  const answer = await rawHttp(server.port, both, { ms: 3_000 });
  expect([answer.includes("soon"), answer.includes("late")]).toEqual([true, true]);
});

describe("health", () => {
  it("says alive, and ready by parts; parts that are not required do not count", async () => {
    const states = { mysql: true, kafka: false };
    const server = await start({
      server: {
        readiness: {
          mysql: () => states.mysql,
          kafka: () => ({ ok: states.kafka, required: false, lag: 3 }),
          broken: () => Promise.resolve(true),
        },
      },
    });
    expect((await call(server, "/healthz")).body).toEqual({ status: "alive" });
    const ready = await call(server, "/readyz");
    expect(ready.status).toBe(200);
    expect(ready.body).toEqual({
      status: "ready",
      parts: { mysql: { ok: true }, kafka: { ok: false, required: false, lag: 3 }, broken: { ok: true } },
    });
    states.mysql = false;
    await vi.waitFor(async () => expect((await call(server, "/readyz")).status).toBe(503));
  });

  it("takes a check that throws for not ready", async () => {
    const server = await start({ server: { readiness: { bad: () => Promise.reject(new Error("no")) } } });
    expect((await call(server, "/readyz")).body).toMatchObject({ status: "not_ready", parts: { bad: { ok: false } } });
  });
});

describe("load and drain", () => {
  it("refuses at once what is over the bound, and works on afterwards", async () => {
    const release = Promise.withResolvers<void>();
    const server = await start({
      server: { maxInFlight: 2 },
      list: async () => {
        await release.promise;
        return { body: {} };
      },
    });
    const running = [call(server, "/api/list"), call(server, "/api/list")];
    await vi.waitFor(async () => {
      const refused = await call(server, "/api/list");
      expect(refused.body["code"]).toBe("overloaded");
      expect(refused.headers["retry-after"]).toBe("1");
    });
    expect((await call(server, "/healthz")).status).toBe(200);
    release.resolve();
    expect((await Promise.all(running)).map((answer) => answer.status)).toEqual([200, 200]);
    expect((await call(server, "/api/list")).status).toBe(200);
  });

  it("loses no request while it drains", async () => {
    const server = await start({
      list: async () => {
        await new Promise((resolve) => setTimeout(resolve, 30));
        return { body: {} };
      },
    });
    const agent = new Agent({ connections: 20, pipelining: 1 });
    let sent = 0;
    let answered = 0;
    const failures: unknown[] = [];
    let stopSending = false;
    const client = async () => {
      while (!stopSending) {
        sent += 1;
        try {
          const answer = await request(`${server.url}/api/list`, { dispatcher: agent });
          await answer.body.dump();
          answered += 1;
        } catch (error) {
          // A connection that is refused has carried no request.
          if ((error as NodeJS.ErrnoException).code !== "ECONNREFUSED") failures.push(error);
          else sent -= 1;
          return;
        }
      }
    };
    const clients = Array.from({ length: 20 }, client);
    await vi.waitFor(() => expect(answered).toBeGreaterThan(20));
    await server.drain();
    stopSending = true;
    await Promise.all(clients);
    expect(failures).toEqual([]);
    expect(answered).toBe(sent);
    await agent.close();
  });

  it("says draining and lets the request in hand finish", async () => {
    const begun = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const server = await start({
      server: { drainDelayMs: 200 },
      list: async () => {
        begun.resolve();
        await release.promise;
        return { body: { done: true } };
      },
    });
    const running = call(server, "/api/list");
    await begun.promise;
    const drained = server.drain();
    expect(server.draining.aborted).toBe(true);
    expect((await call(server, "/readyz")).body["status"]).toBe("draining");
    release.resolve();
    expect((await running).body).toEqual({ done: true });
    await drained;
    await expect(call(server, "/healthz")).rejects.toThrow();
  });
});
