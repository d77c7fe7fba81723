/**
 * The public door: every route of the running system, metered features and streams included, × no token, an expired one,
 * one for another audience, every role, another user's things, and a field that nobody knows.
 */
import { publicRoutes } from "@stipend/proto/http/catalogue";
import fc from "fast-check";
import { beforeAll, describe, expect, inject, test } from "vitest";
import { type Answer, Client } from "../support/client.ts";
import { type Operation, readApi } from "../support/fuzz/document.ts";
import { nestedObjects, type Place, planted } from "../support/fuzz/nested.ts";
import { Values } from "../support/fuzz/values.ts";
import { giveCredits, newKey, type Person } from "../support/people.ts";
import { running } from "../support/running.ts";
import { Problem } from "../support/shapes.ts";

const { people, serviceUrls, token } = running();
const ROLES = ["user", "support", "admin", "auditor", "service"] as const;
type Role = (typeof ROLES)[number];

const api = readApi(await (await fetch(`${inject("running").baseUrl}/api/openapi.json`)).json());
const values = new Values(api.schemas, {});
const guarded = api.operations.filter(({ open }) => !open);
const rows = guarded.map((operation) => [`${operation.method} ${operation.path}`, operation] as const);
const clients = new Map<Role, Client>();
let victim: Person;
/** Things of the victim, by the name of the path's parameter. */
const things = new Map<string, string>();

beforeAll(async () => {
  for (const role of ROLES) clients.set(role, await people.withRoles(`walker-${role}`, [role]));
  victim = await people.newcomer("victim");
  await giveCredits(await people.admin(), victim, 10);
  const hold = { userId: victim.name, amount: 1, ttlSeconds: 3_600, reason: "a test" };
  const held = await clientOf("service").post("/api/credits/holds", hold, { key: newKey() });
  things.set("holdId", (held.body as { holdId: string }).holdId);
  const spent = await victim.client.post("/api/credits/consume", { amount: 1, reason: "a test" }, { key: newKey() });
  things.set("transactionId", (spent.body as { transactionId: string }).transactionId);
});

function clientOf(role: Role): Client {
  return clients.get(role) ?? people.anonymous();
}

/** Parameters of the path that fit the contract, so that nothing else is wrong with a request than what is tried. */
function pathOf({ path, parameters }: Operation, given: ReadonlyMap<string, string> = new Map()): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const schema = parameters.find((parameter) => parameter.in === "path" && parameter.name === name)?.schema ?? {};
    const [made] = fc.sample(values.valid(schema), { numRuns: 1, seed: 1 });
    return encodeURIComponent(given.get(name) ?? String(made));
  });
}

/** Each object within an operation's body, with a fitting body that has it. */
function placesIn(operation: Operation) {
  const schema = operation.body ?? {};
  const found = new Map<string, readonly [string, Operation, Place, unknown]>();
  for (const body of fc.sample(values.valid(schema), { numRuns: 200, seed: 7 })) {
    for (const place of nestedObjects(body, schema, api.schemas)) {
      const name = `${operation.method} ${operation.path} at /${place.join("/")}`;
      if (!found.has(name)) found.set(name, [name, operation, place, body]);
    }
  }
  return [...found.values()];
}

/** A request nobody could mistake for a good one: refusals of the caller come before those of the content. */
function knock(operation: Operation, client: Client): Promise<Answer> {
  const body = operation.method === "GET" ? {} : { body: { walk: "the router" } };
  const query = operation.method === "GET" && !operation.metered ? "?walk=the-router" : "";
  return client.call(operation.method, pathOf(operation) + query, { ...body, key: newKey() });
}

function refusal(answer: Answer): { status: number; code: string } {
  const problem = Problem.safeParse(answer.body);
  return { status: answer.status, code: problem.success ? problem.data.code : JSON.stringify(answer.body) };
}

describe("the document of the running system", () => {
  test("has every contract, and the metered features", () => {
    const ids = api.operations.map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining(publicRoutes().map(({ contract }) => contract.id)));
    expect(guarded.filter(({ metered }) => metered).map(({ path }) => path)).toContain("/api/rewrite");
    expect(guarded.length).toBeGreaterThan(45);
  });

  test("has the roles of every contract", () => {
    for (const { contract } of publicRoutes()) {
      const documented = api.operations.find(({ id }) => id === contract.id);
      const roles = contract.roles === "anyone" ? [] : contract.roles;
      expect([documented?.open, documented?.roles], contract.id).toEqual([contract.roles === "anyone", [...roles]]);
    }
  });
});

describe("who is not let in", () => {
  test.each(rows)("%s: no token, an expired one, one for another audience", async (_, operation) => {
    const expired = people.withToken(await token("walker", [...ROLES], { ttlSeconds: -3_600 }));
    const foreign = people.withToken(await token("walker", [...ROLES], { audience: "elsewhere" }));
    expect(refusal(await knock(operation, people.anonymous()))).toEqual({ status: 401, code: "token_missing" });
    expect(refusal(await knock(operation, expired))).toEqual({ status: 401, code: "token_expired" });
    expect(refusal(await knock(operation, foreign))).toEqual({ status: 401, code: "token_audience_wrong" });
  });

  test.each(rows)("%s: every role but its own", async (_, operation) => {
    for (const [role, client] of clients) {
      const answer = await knock(operation, client);
      if (operation.roles.includes(role)) {
        expect([401, 403, 404, 405], `${role}: ${JSON.stringify(answer.body)}`).not.toContain(answer.status);
        expect(answer.status, `${role}: ${JSON.stringify(answer.body)}`).toBeLessThan(500);
      } else {
        expect(refusal(answer), role).toEqual({ status: 403, code: "role_required" });
      }
    }
  });

  test("what is for anyone is open without a token", async () => {
    for (const operation of api.operations.filter(({ open }) => open)) {
      const simple = operation.method === "GET" && !operation.path.includes("{");
      const answer = await knock(operation, people.anonymous());
      if (simple) expect((await people.anonymous().get(operation.path)).status, operation.path).toBe(200);
      else expect([200, 400, 404], operation.path).toContain(answer.status);
    }
  });
});

describe("what nobody knows is refused", () => {
  // A feature's body and query are its upstream's own.
  test.each(rows.filter(([, { metered }]) => !metered))("%s: an unknown field", async (_, operation) => {
    const role = ROLES.find((name) => operation.roles.includes(name)) ?? "user";
    const answer = await knock(operation, clientOf(role));
    expect(refusal(answer)).toEqual({ status: 400, code: "validation_failed" });
    const { errors } = answer.body as { errors: { field: string; in: string }[] };
    expect(errors).toContainEqual(
      expect.objectContaining({ field: "/walk", in: operation.method === "GET" ? "query" : "body" }),
    );
  });

  test.each(rows.filter(([, { metered, method }]) => !metered && method !== "GET"))(
    "%s: an unknown parameter",
    async (_, operation) => {
      const role = ROLES.find((name) => operation.roles.includes(name)) ?? "user";
      const path = `${pathOf(operation)}?walk=x`;
      const answer = await clientOf(role).call(operation.method, path, { body: {}, key: newKey() });
      expect(refusal(answer)).toEqual({ status: 400, code: "validation_failed" });
    },
  );
});

describe("what nobody knows is refused within a body as well", () => {
  const nested = guarded
    .filter(({ metered, body }) => !metered && body !== undefined)
    .flatMap((operation) => placesIn(operation));

  test("there are such places: a list's items, a batch's, those of an object", () => {
    const names = nested.map(([name]) => name);
    expect(names).toEqual(
      expect.arrayContaining([
        "POST /api/credits/batch at /operations/0",
        "POST /api/admin/users/batch at /items/0/membership",
        "POST /api/admin/credits/openings at /items/0/allowance",
        "PUT /api/dev/clock at /advance",
      ]),
    );
  });

  test.each(nested)("%s", async (_, operation, place, body) => {
    const role = ROLES.find((name) => operation.roles.includes(name)) ?? "user";
    const answer = await clientOf(role).call(operation.method, pathOf(operation), {
      body: planted(body, place, "walk"),
      key: newKey(),
    });
    // Items of a batch are judged one by one, and answered in their order.
    const isBatch = operation.path.endsWith("/batch") || operation.path.endsWith("/openings");
    const refused = isBatch ? (answer.body as { results: unknown[] }).results[0] : answer.body;
    expect(refused).toMatchObject({ status: 400, code: "validation_failed" });
    expect(JSON.stringify(refused)).toContain("walk");
  });
});

describe("another user's things", () => {
  const ofUsers = rows.filter(([, { roles }]) => roles.includes("user"));
  const named = ({ parameters }: Operation, place: string) =>
    parameters.filter((parameter) => parameter.in === place).map(({ name }) => name);
  const takesUser = ({ body }: Operation) => body?.properties?.["userId"] !== undefined;

  test.each(ofUsers.filter(([, operation]) => named(operation, "query").includes("userId")))(
    "%s: 403 by the query",
    async (_, operation) => {
      const answer = await clientOf("user").call(operation.method, `${pathOf(operation)}?userId=${victim.name}`);
      expect(refusal(answer)).toEqual({ status: 403, code: "forbidden" });
    },
  );

  test.each(ofUsers.filter(([, operation]) => takesUser(operation)))("%s: 403 by the body", async (_, operation) => {
    const options = { body: { userId: victim.name, amount: 1, reason: "theft", threshold: 5 }, key: newKey() };
    const answer = await clientOf("user").call(operation.method, pathOf(operation), options);
    expect(refusal(answer)).toEqual({ status: 403, code: "forbidden" });
  });

  test.each(ofUsers.filter(([, operation]) => named(operation, "path").length > 0))(
    "%s: 404, as if it were not there",
    async (_, operation) => {
      expect([...things.keys()]).toEqual(expect.arrayContaining(named(operation, "path")));
      const path = pathOf(operation, things);
      expect((await victim.client.call(operation.method, path)).status).toBe(200);
      const answer = await clientOf("user").call(operation.method, path);
      expect([answer.status, refusal(answer).code]).toEqual([404, expect.stringMatching(/_not_found$/)]);
    },
  );

  test("an account is not reached by a name that only looks the same", async () => {
    const upper = await people.person("Walker-User");
    const lower = await people.person("walker-user");
    expect((await upper.client.get("/api/credits")).body).toMatchObject({ userId: "Walker-User" });
    expect((await lower.client.get("/api/credits")).body).toMatchObject({ userId: "walker-user" });
  });
});

describe("a service behind the gateway", () => {
  test.each(serviceUrls)("at %s answers nobody else, whatever token and headers say", async (url) => {
    const client = new Client(url, await token("root", ["admin"]));
    const headers = { "stipend-actor": "root", "stipend-actor-roles": "admin" };
    for (const operation of guarded.filter(({ metered }) => !metered)) {
      const answer = await client.call(operation.method, pathOf(operation), { headers });
      expect(refusal(answer), operation.path).toEqual({ status: 401, code: "internal_token_required" });
    }
  });
});
