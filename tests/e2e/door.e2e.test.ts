/** The public door: every route of every service × the tokens that must not open it. */

import type { RouteContract } from "@stipend/platform/http/contract";
import { publicRoutes } from "@stipend/proto/http/catalogue";
import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { type Answer, Client, type Method } from "../support/client.ts";
import { newKey } from "../support/people.ts";
import { running } from "../support/running.ts";
import { Problem } from "../support/shapes.ts";

const { people, serviceUrls, token } = running();
const METHODS: readonly Method[] = ["GET", "POST", "PUT", "DELETE"];
const ROLES = ["user", "support", "admin", "auditor", "service"] as const;
type Role = (typeof ROLES)[number];

/** Event streams never end by themselves; everything else is asked like a client would. */
const routes = publicRoutes()
  .map(({ contract }) => contract)
  .filter((contract) => contract.responses[200]?.contentType !== "text/event-stream");
const guarded = routes.filter((contract) => contract.roles !== "anyone");
const clients = new Map<Role, Client>();

beforeAll(async () => {
  for (const role of ROLES) clients.set(role, await people.withRoles(`walker-${role}`, [role]));
});

/** A request nobody could mistake for a good one: refusals of the caller come before those of the content. */
function knock(contract: RouteContract, client: Client): Promise<Answer> {
  const path = contract.path.replaceAll(/:[A-Za-z]+/g, "1");
  const body = contract.method === "GET" ? {} : { body: { walk: "the router" } };
  return client.call(contract.method, path, { ...body, key: newKey() });
}

function refusal(answer: Answer): { status: number; code: string } {
  const problem = Problem.safeParse(answer.body);
  return { status: answer.status, code: problem.success ? problem.data.code : JSON.stringify(answer.body) };
}

describe("every route", () => {
  test("is walked", () => {
    expect(guarded.length).toBeGreaterThan(40);
  });

  test.each(guarded.map((contract) => [`${contract.method} ${contract.path}`, contract] as const))(
    "%s",
    async (_, contract) => {
      const expired = people.withToken(await token("walker", [...ROLES], { ttlSeconds: -3_600 }));
      const foreign = people.withToken(await token("walker", [...ROLES], { audience: "elsewhere" }));
      expect(refusal(await knock(contract, people.anonymous()))).toEqual({ status: 401, code: "token_missing" });
      expect(refusal(await knock(contract, expired))).toEqual({ status: 401, code: "token_expired" });
      expect(refusal(await knock(contract, foreign))).toEqual({ status: 401, code: "token_audience_wrong" });

      for (const [role, client] of clients) {
        const answer = await knock(contract, client);
        if (contract.roles.includes(role)) {
          expect([401, 403], `${role}: ${JSON.stringify(answer.body)}`).not.toContain(answer.status);
          expect(answer.status, `${role}: ${JSON.stringify(answer.body)}`).toBeLessThan(500);
        } else {
          expect(refusal(answer), role).toEqual({ status: 403, code: "role_required" });
        }
      }
    },
  );

  test("for anyone is open without a token", async () => {
    for (const path of ["/healthz", "/readyz", "/api/openapi.json", "/api/docs"]) {
      expect((await people.anonymous().get(path)).status, path).toBe(200);
    }
  });
});

describe("what the documentation lists", () => {
  const Document = z.object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) });
  const OPEN = routes.filter((contract) => contract.roles === "anyone").map((contract) => contract.path);

  test("is closed without a token, metered features included", async () => {
    const document = Document.parse((await people.anonymous().get("/api/openapi.json")).body);
    const listed = Object.entries(document.paths).flatMap(([path, methods]) => {
      const known = METHODS.filter((method) => method.toLowerCase() in methods);
      return known.map((method) => ({ method, path: path.replaceAll(/\{\w+\}/g, "1") }));
    });
    expect(listed.map(({ path }) => path)).toContain("/api/rewrite");
    const closed = listed.filter(
      ({ path }) => path.startsWith("/api/") && !path.startsWith("/api/docs") && !OPEN.includes(path),
    );
    expect(closed.length).toBeGreaterThanOrEqual(guarded.length);
    for (const { method, path } of closed) {
      const answer = await people.anonymous().call(method, path, method === "GET" ? {} : { body: {} });
      expect(refusal(answer), `${method} ${path}`).toEqual({ status: 401, code: "token_missing" });
    }
  });
});

describe("a service behind the gateway", () => {
  test.each(serviceUrls)("at %s answers nobody else, whatever token and headers say", async (url) => {
    const client = new Client(url, await token("root", ["admin"]));
    const headers = { "stipend-actor": "root", "stipend-actor-roles": "admin" };
    for (const path of [
      "/api/credits",
      "/api/membership",
      "/api/admin/audit",
      "/api/admin/alerts",
      "/internal/check",
    ]) {
      expect(refusal(await client.get(path, { headers })), path).toEqual({
        status: 401,
        code: "internal_token_required",
      });
    }
  });
});

describe("another user's account", () => {
  const reads = guarded.filter(
    (contract) =>
      contract.method === "GET" &&
      contract.query !== undefined &&
      "userId" in contract.query.shape &&
      contract.roles.includes("user"),
  );

  test.each(reads.map((contract) => contract.path))("GET %s: 403", async (path) => {
    const victim = await people.newcomer("victim");
    const answer = await clients.get("user")?.get(`${path}?userId=${victim.name}`);
    expect(answer?.status).toBe(403);
    expect(Problem.parse(answer?.body).code).toBe("forbidden");
  });

  test("cannot be charged", async () => {
    const body = { amount: 1, reason: "theft", userId: "somebody-else" };
    const answer = await clients.get("user")?.post("/api/credits/consume", body, { key: newKey() });
    expect(answer?.status).toBe(403);
  });

  test("is not reached by a name that only looks the same", async () => {
    const upper = await people.person("Walker-User");
    const lower = await people.person("walker-user");
    expect((await upper.client.get("/api/credits")).body).toMatchObject({ userId: "Walker-User" });
    expect((await lower.client.get("/api/credits")).body).toMatchObject({ userId: "walker-user" });
  });
});
