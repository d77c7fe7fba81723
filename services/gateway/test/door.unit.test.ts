import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { publicRoutes } from "@stipend/proto/http/catalogue";
import { beforeAll, describe, expect, test } from "vitest";
import type { Route } from "../src/http/context.ts";
import { sendJson } from "../src/http/send-json.ts";
import { openDoor } from "./support/door.ts";
import { createIssuer, type Issuer } from "./support/issuer.ts";

let issuer: Issuer;
beforeAll(async () => {
  issuer = await createIssuer("ES256");
});

/** Every contract of every service, each route answering only that it was reached. */
function everyRoute(): Route[] {
  return publicRoutes().map(({ contract }) => ({
    contract,
    head: true,
    run: async ({ res, principal, caller }) =>
      sendJson(res, 200, { reached: contract.id, sub: principal?.sub, ip: caller.ip }),
  }));
}

async function ask(url: string, method: string, path: string, token?: string, headers: Record<string, string> = {}) {
  const answer = await fetch(url + path, {
    method,
    headers: { ...headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
  });
  const text = await answer.text();
  return {
    status: answer.status,
    headers: answer.headers,
    body: text === "" ? {} : (JSON.parse(text) as Record<string, unknown>),
  };
}

const ALL = ["user", "support", "admin", "auditor", "service"];
const concrete = (path: string) => path.replace(/:\w+/g, "x1");

describe("every route of every contract", () => {
  test("refuses no token, bad tokens and wrong roles, and lets the right ones in", async () => {
    const { url } = await openDoor(issuer, everyRoute());
    const now = Math.floor(Date.now() / 1_000);
    const stranger = await createIssuer("ES256");
    const bad: [string, string | undefined][] = [
      ["token_missing", undefined],
      ["token_malformed", "abc"],
      ["token_expired", await issuer.token({ exp: now - 10, roles: ALL })],
      ["token_audience_wrong", await issuer.token({ aud: "other", roles: ALL })],
      ["token_issuer_wrong", await issuer.token({ iss: "other", roles: ALL })],
      ["token_signature_invalid", await stranger.token({ roles: ALL })],
    ];
    const routes = publicRoutes().map(({ contract }) => contract);
    expect(routes.length).toBeGreaterThan(30);
    for (const { id, method, path, roles } of routes) {
      if (roles === "anyone") {
        expect((await ask(url, method, concrete(path))).status, id).toBe(200);
        continue;
      }
      for (const [code, token] of bad) {
        const { status, body, headers } = await ask(url, method, concrete(path), token);
        expect([status, body["code"]], id).toEqual([401, code]);
        expect(headers.get("www-authenticate")).toContain("Bearer");
        expect(headers.get("content-type")).toContain("application/problem+json");
      }
      for (const role of ALL) {
        const { status, body } = await ask(url, method, concrete(path), await issuer.token({ roles: [role] }));
        const may = (roles as readonly string[]).includes(role);
        expect([status, body["code"] ?? body["reached"]], `${id} as ${role}`).toEqual(
          may ? [200, id] : [403, "role_required"],
        );
      }
      const none = await ask(url, method, concrete(path), await issuer.token({ roles: [] }));
      expect([none.status, none.body["code"]], `${id} without roles`).toEqual([403, "role_required"]);
    }
  }, 60_000);

  test("takes no other method", async () => {
    const { url } = await openDoor(issuer, everyRoute());
    const token = await issuer.token({ roles: ALL });
    for (const { contract } of publicRoutes()) {
      const { status, headers, body } = await ask(url, "PATCH", concrete(contract.path), token);
      expect([status, body["code"]]).toEqual([405, "method_not_allowed"]);
      expect(headers.get("allow")).toContain(contract.method);
    }
  });

  test("has no neighbour: unknown paths, internal routes, other spellings", async () => {
    const { url } = await openDoor(issuer, everyRoute());
    const token = await issuer.token({ roles: ALL });
    const paths = [
      "/",
      "/api",
      "/api/nothing",
      "/internal/dev/clock",
      "/api/../internal/check",
      "/API/credits",
      "/api/credits/",
      "/metrics",
    ];
    for (const path of paths) {
      const { status, body } = await ask(url, "GET", path, token);
      expect([path, status, body["code"]]).toEqual([path, 404, "not_found"]);
      expect(body["type"]).toBe("urn:stipend:problem:not_found");
    }
  });
});

test("a token stands in the Authorization header and nowhere else", async () => {
  const { url } = await openDoor(issuer, everyRoute());
  const token = await issuer.token();
  const { status } = await ask(url, "GET", `/api/credits?access_token=${token}`, undefined, {
    cookie: `token=${token}`,
  });
  expect(status).toBe(401);
});

test("refused admin attempts are reported each; a page without a token is not, nor a bad token now and then", async () => {
  const { url, refused } = await openDoor(issuer, everyRoute());
  await ask(url, "GET", "/api/credits");
  expect(refused).toEqual([]);
  await ask(url, "GET", "/api/admin/audit", await issuer.token({ sub: "mallory" }), {
    "user-agent": "curl/8",
    "x-request-id": "request-0001",
  });
  expect(refused).toHaveLength(1);
  expect(refused[0]).toMatchObject({
    code: "role_required",
    subject: "mallory",
    roles: ["user"],
    method: "GET",
    route: "/api/admin/audit",
    caller: { ip: "127.0.0.1", userAgent: "curl/8", requestId: "request-0001" },
  });
  await ask(url, "GET", "/api/admin/audit");
  await ask(url, "GET", "/api/admin/audit", "a.b.c");
  for (let n = 0; n < 10; n++) await ask(url, "GET", "/api/credits", await issuer.token({ exp: 1 }));
  expect(refused.slice(1).map(({ code, subject }) => [code, subject])).toEqual([
    ["token_missing", ""],
    ["token_malformed", ""],
  ]);
});

test("bad tokens above a rate are reported, a flood of them within a bound", async () => {
  const { url, refused } = await openDoor(issuer, everyRoute());
  for (let n = 0; n < 60; n++) await ask(url, "GET", "/api/credits", "a.b.c");
  expect(refused).toHaveLength(30);
  expect(new Set(refused.map(({ code, subject }) => `${code} ${subject}`))).toEqual(new Set(["token_malformed "]));
});

test("a client's word on its address counts only when a trusted proxy passes it on", async () => {
  const token = await issuer.token();
  const forwarded = { "x-forwarded-for": "203.0.113.7" };
  const direct = await openDoor(issuer, everyRoute());
  expect((await ask(direct.url, "GET", "/api/credits", token, forwarded)).body["ip"]).toBe("127.0.0.1");
  const behind = await openDoor(issuer, everyRoute(), { trustedProxies: "127.0.0.0/8" });
  expect((await ask(behind.url, "GET", "/api/credits", token, forwarded)).body["ip"]).toBe("203.0.113.7");
  const spoofed = { "x-forwarded-for": "198.51.100.1, 203.0.113.7" };
  expect((await ask(behind.url, "GET", "/api/credits", token, spoofed)).body["ip"]).toBe("203.0.113.7");
});

test.each([
  ["203.0.113.7:4711", "203.0.113.7"],
  ["[2001:db8::7]:4711", "2001:db8::7"],
  ["2001:db8::7", "2001:db8::7"],
  ["::ffff:203.0.113.7", "203.0.113.7"],
  ["unknown", "127.0.0.1"],
  ["<script>", "127.0.0.1"],
  ["203.0.113.7, _hidden", "127.0.0.1"],
])("a trusted proxy's word %j is the address %s", async (word, address) => {
  const { url } = await openDoor(issuer, everyRoute(), { trustedProxies: "127.0.0.0/8" });
  const { body } = await ask(url, "GET", "/api/credits", await issuer.token(), { "x-forwarded-for": word });
  expect(body["ip"]).toBe(address);
});

test("request ids: a harmless one is kept, anything else replaced", async () => {
  const { url } = await openDoor(issuer, everyRoute());
  const kept = await ask(url, "GET", "/api/docs", undefined, { "x-request-id": "req-12345678" });
  expect(kept.headers.get("x-request-id")).toBe("req-12345678");
  const replaced = await ask(url, "GET", "/api/docs", undefined, { "x-request-id": "a b<script>" });
  expect(replaced.headers.get("x-request-id")).toMatch(/^[\w-]{20,}$/);
});

test("huge headers and broken requests get a problem+json, not a crash", async () => {
  const { url } = await openDoor(issuer, everyRoute());
  const huge = await raw(url, `GET /api/docs HTTP/1.1\r\nhost: x\r\nx-big: ${"a".repeat(20_000)}\r\n\r\n`);
  expect(huge).toMatch(/^HTTP\/1.1 431 /);
  expect(huge).toContain('"code":"headers_too_large"');
  const broken = await raw(url, "GET /api/docs HTTP/9.9\r\n\r\n");
  expect(broken).toMatch(/^HTTP\/1.1 400 /);
  expect(broken).toContain("application/problem+json");
  const many = await raw(url, `GET /api/docs HTTP/1.1\r\nhost: x\r\n${"a: b\r\n".repeat(2_500)}\r\n`);
  expect(many).toMatch(/^HTTP\/1.1 (200|431) /);
});

test("HEAD answers like GET, without a body", async () => {
  const { url } = await openDoor(issuer, everyRoute());
  const status = await new Promise((resolve) => {
    httpRequest(`${url}/api/docs`, { method: "HEAD" }, (res) =>
      resolve([res.statusCode, res.headers["content-type"]]),
    ).end();
  });
  expect(status).toEqual([200, "application/json; charset=utf-8"]);
});

function raw(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(text));
    let answer = "";
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => {
      answer += chunk;
      if (answer.includes("\r\n\r\n") && answer.startsWith("HTTP/1.1 200")) socket.destroy();
    });
    socket.on("close", () => resolve(answer));
    socket.on("error", reject);
  });
}
