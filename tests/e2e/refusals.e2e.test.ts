/** Bad input: every refusal is a problem+json with a stable code, and changes nothing. */
import { randomUUID } from "node:crypto";
import { request } from "node:http";
import { Movement } from "@stipend/proto/http/credits/movement";
import { beforeAll, describe, expect, test } from "vitest";
import { type Answer, type Client, expectBody } from "../support/client.ts";
import { accountOf, giveCredits, newKey, type Person } from "../support/people.ts";
import { running } from "../support/running.ts";
import { Membership, Problem } from "../support/shapes.ts";

const { baseUrl, token, people } = running();
const CONSUME = "/api/credits/consume";

let admin: Client;
let user: Person;

beforeAll(async () => {
  admin = await people.admin();
  user = await people.newcomer("frank");
  await giveCredits(admin, user, 10);
});

function expectProblem(answer: Answer, status: number, code: string): Problem {
  expect(answer.headers.get("content-type")).toMatch(/^application\/problem\+json/);
  const problem = expectBody(answer, Problem, status);
  expect(problem).toMatchObject({ status, code });
  expect(JSON.stringify(problem)).not.toMatch(/\bat \S+ \(|node_modules|\.ts:\d/);
  return problem;
}

async function expectUntouched(): Promise<void> {
  expect(await accountOf(user)).toMatchObject({ balance: 10, held: 0 });
}

describe("tokens", () => {
  const cases: readonly (readonly [name: string, code: string, make: () => Promise<string>])[] = [
    ["rubbish", "token_malformed", async () => "rubbish"],
    ["expired", "token_expired", () => token("frank", ["user"], { ttlSeconds: -3_600 })],
    ["for another audience", "token_audience_wrong", () => token("frank", ["user"], { audience: "elsewhere" })],
    ["of another issuer", "token_issuer_wrong", () => token("frank", ["user"], { issuer: "https://evil.example" })],
    ["with a changed claim", "token_signature_invalid", () => forge((claims) => ({ ...claims, sub: "root" }))],
    ["without a signature (alg none)", "token_algorithm_refused", unsigned],
  ];

  test.each(cases)("%s: 401 %s", async (_, code, make) => {
    const answer = await people.withToken(await make()).get("/api/credits");
    expectProblem(answer, 401, code);
    expect(answer.headers.get("www-authenticate")).toMatch(/^Bearer/);
  });

  test("none at all: 401 token_missing", async () => {
    expectProblem(await people.anonymous().get("/api/credits"), 401, "token_missing");
  });
});

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

async function forge(change: (claims: object) => object): Promise<string> {
  const [header, payload, signature] = (await token("frank", ["user"])).split(".");
  const claims: unknown = JSON.parse(Buffer.from(payload ?? "", "base64url").toString("utf8"));
  return [header, encode(change(claims as object)), signature].join(".");
}

async function unsigned(): Promise<string> {
  const [, payload] = (await token("root", ["admin"])).split(".");
  return `${encode({ alg: "none", typ: "JWT" })}.${payload}.`;
}

describe("bodies", () => {
  test.each([
    ["malformed", '{"amount": 1, '],
    ["cut off", '{"amount'],
    ["no JSON at all", "amount=1"],
  ])("%s: 400 malformed_json", async (_, rawBody) => {
    const answer = await user.client.call("POST", CONSUME, { rawBody, key: newKey() });
    expectProblem(answer, 400, "malformed_json");
    await expectUntouched();
  });

  test.each([
    ["a negative amount", { amount: -1, reason: "x" }, "/amount"],
    ["a fractional amount", { amount: 1.5, reason: "x" }, "/amount"],
    ["no credits at all", { amount: 0, reason: "x" }, "/amount"],
    ["too many credits", { amount: 1_000_001, reason: "x" }, "/amount"],
    ["an amount beyond exact numbers", { amount: 1e21, reason: "x" }, "/amount"],
    ["an amount in letters", { amount: "1", reason: "x" }, "/amount"],
    ["no reason", { amount: 1 }, "/reason"],
    ["a field nobody knows", { amount: 1, reason: "x", free: true }, ""],
    ["an empty body", undefined, "/amount"],
    ["a list", [{ amount: 1, reason: "x" }], ""],
  ])("%s: 400 validation_failed", async (_, body, field) => {
    const problem = expectProblem(await user.client.post(CONSUME, body, { key: newKey() }), 400, "validation_failed");
    expect(JSON.stringify(problem["errors"])).toContain(field);
    await expectUntouched();
  });

  test("more than the limit: 413 body_too_large", async () => {
    const body = { amount: 1, reason: "x".repeat(20_000) };
    expectProblem(await user.client.post(CONSUME, body, { key: newKey() }), 413, "body_too_large");
  });

  test("another kind: 415 unsupported_media_type", async () => {
    const options = { rawBody: "<a/>", key: newKey(), headers: { "content-type": "text/xml" } };
    expectProblem(await user.client.call("POST", CONSUME, options), 415, "unsupported_media_type");
  });
});

describe("Idempotency-Key", () => {
  const body = { amount: 1, reason: "a test" };

  test("missing: 400 idempotency_key_required", async () => {
    expectProblem(await user.client.post(CONSUME, body), 400, "idempotency_key_required");
    await expectUntouched();
  });

  test("standing twice in one request: 400 idempotency_key_invalid", async () => {
    const { status, text } = await postWithTwoKeys(CONSUME, body, await token(user.name, ["user"]));
    expect({ status, code: Problem.parse(JSON.parse(text)).code }).toEqual({
      status: 400,
      code: "idempotency_key_invalid",
    });
    await expectUntouched();
  });

  test("repeated with the same request: the first answer again; with another request: 422 idempotency_key_reused", async () => {
    const gina = await people.newcomer("gina");
    await giveCredits(admin, gina, 10);
    const key = newKey();
    const first = await gina.client.post(CONSUME, body, { key });
    const again = await gina.client.post(CONSUME, body, { key });
    expect(expectBody(again, Movement)).toEqual(expectBody(first, Movement));
    expect(again.headers.get("idempotent-replayed")).toBe("true");
    expectProblem(await gina.client.post(CONSUME, { ...body, amount: 2 }, { key }), 422, "idempotency_key_reused");
    expect(await accountOf(gina)).toMatchObject({ balance: 9 });
  });

  test("one hundred copies at once: one row, one answer", async () => {
    const hugo = await people.newcomer("hugo");
    await giveCredits(admin, hugo, 10);
    const key = newKey();
    const answers = await Promise.all(Array.from({ length: 100 }, () => hugo.client.post(CONSUME, body, { key })));
    expect(new Set(answers.map((answer) => expectBody(answer, Movement).transactionId)).size).toBe(1);
    expect(await accountOf(hugo)).toMatchObject({ balance: 9 });
  });

  test("the same key of another account is another operation", async () => {
    const key = newKey();
    for (const name of ["ivan", "judy"]) {
      const person = await people.newcomer(name);
      await giveCredits(admin, person, 1);
      expect(expectBody(await person.client.post(CONSUME, body, { key }), Movement).balanceAfter).toBe(0);
    }
  });
});

/** fetch joins repeated headers into one line; a raw request sends them as they are. */
function postWithTwoKeys(path: string, body: unknown, bearer: string): Promise<{ status: number; text: string }> {
  const headers = [
    "Host",
    new URL(baseUrl).host,
    "Authorization",
    `Bearer ${bearer}`,
    "Content-Type",
    "application/json",
  ];
  const keys = ["Idempotency-Key", randomUUID(), "Idempotency-Key", randomUUID()];
  return new Promise((resolve, reject) => {
    const outgoing = request(`${baseUrl}${path}`, { method: "POST", headers: [...headers, ...keys] }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
    });
    outgoing.on("error", reject).end(JSON.stringify(body));
  });
}

describe("addresses", () => {
  test("an unknown path: 404 not_found", async () => {
    expectProblem(await user.client.get("/api/nothing/here"), 404, "not_found");
    expectProblem(await user.client.get("/internal/check"), 404, "not_found");
  });

  test("another method: 405 method_not_allowed, with those there are", async () => {
    const answer = await user.client.call("DELETE", CONSUME);
    expectProblem(answer, 405, "method_not_allowed");
    expect(answer.headers.get("allow")).toContain("POST");
  });
});

describe("memberships", () => {
  test.each([
    ["an unknown tier", { tier: "gold", cycle: "monthly", reason: "x" }],
    ["an unknown cycle", { tier: "pro", cycle: "weekly", reason: "x" }],
    ["no reason", { tier: "pro", cycle: "monthly" }],
  ])("%s is refused and changes nothing", async (_, body) => {
    const person = await people.newcomer("kate");
    const answer = await admin.put(`/api/admin/users/${person.name}/membership`, body);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
    expectBody(answer, Problem, answer.status);
    expect(expectBody(await person.client.get("/api/membership"), Membership)).toMatchObject({ tier: null });
  });
});
