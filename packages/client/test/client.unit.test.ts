import { describe, expect, test } from "vitest";
import { type ClientOptions, StipendClient } from "../src/client.ts";
import { ApiProblem, Cancelled, NoAnswer, UnexpectedAnswer } from "../src/errors.ts";
import { breakOff, json, problem, serverWith, silence } from "./support/server.ts";

const MOVED = { transactionId: "4", userId: "alice", amount: 3 };
const FAST = { firstPauseMs: 1, longestPauseMs: 10 };
const SPEND = { amount: 3, reason: "three pictures" };

function clientOf(url: string, options: Partial<ClientOptions> = {}): StipendClient {
  return new StipendClient({ baseUrl: url, token: "t-1", retries: FAST, ...options });
}

describe("a call", () => {
  test("sends path, query, token and body, and reads the answer", async () => {
    const { url, seen } = await serverWith(json(200, MOVED, { "idempotent-replayed": "true" }));
    const answer = await clientOf(`${url}/`).post("/api/credits/packages/{code}/purchase", {
      path: { code: "pack 1/2" },
      body: { userId: "alice", paymentReference: "pi_1" },
      key: "order-17",
    });
    expect(answer.data).toMatchObject(MOVED);
    expect(answer).toMatchObject({ status: 200, key: "order-17", replayed: true });
    expect(seen[0]).toMatchObject({ method: "POST", url: "/api/credits/packages/pack%201%2F2/purchase" });
    expect(seen[0]?.headers).toMatchObject({
      authorization: "Bearer t-1",
      "idempotency-key": "order-17",
      "content-type": "application/json",
    });
    expect(JSON.parse(seen[0]?.body ?? "")).toEqual({ userId: "alice", paymentReference: "pi_1" });
  });

  test("makes a new key for each write that takes one, and none for a read", async () => {
    const { url, seen } = await serverWith(json(200, MOVED));
    const client = clientOf(url);
    const keys = [
      (await client.post("/api/credits/consume", { body: SPEND })).key,
      (await client.post("/api/credits/consume", { body: SPEND })).key,
    ];
    expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(keys[1]).not.toBe(keys[0]);
    expect(seen.map(({ headers }) => headers["idempotency-key"])).toEqual(keys);
    await client.get("/api/credits", { query: { userId: "a@b" } });
    expect(seen[2]).toMatchObject({ method: "GET", url: "/api/credits?userId=a%40b", body: "" });
    expect(seen[2]?.headers["idempotency-key"]).toBeUndefined();
  });

  test("names the version it was decided on", async () => {
    const { url, seen } = await serverWith(json(200, {}));
    await clientOf(url).put("/api/admin/tiers/{code}", {
      path: { code: "pro" },
      body: { monthlyCredits: 300, reason: "more" },
      ifMatch: 3,
    });
    expect(seen[0]?.headers["if-match"]).toBe('"3"');
  });

  test("gives a CSV as text, or as it comes", async () => {
    const { url } = await serverWith((res) => res.writeHead(200, { "content-type": "text/csv" }).end("id\r\n1\r\n"));
    const client = clientOf(url);
    expect((await client.get("/api/credits/transactions.csv")).data).toBe("id\r\n1\r\n");
    const { data } = await client.stream("/api/credits/transactions.csv");
    expect(await new Response(data).text()).toBe("id\r\n1\r\n");
  });

  test("reads a list to its end", async () => {
    const { url, seen } = await serverWith(
      json(200, { data: [{ id: "3" }, { id: "2" }], nextCursor: "abc" }),
      json(200, { data: [{ id: "1" }], nextCursor: null }),
    );
    const ids: string[] = [];
    for await (const row of clientOf(url).each("/api/credits/transactions", { query: { type: "consume" } })) {
      ids.push(row.id);
    }
    expect(ids).toEqual(["3", "2", "1"]);
    expect(seen.map((one) => one.url)).toEqual([
      "/api/credits/transactions?type=consume",
      "/api/credits/transactions?type=consume&cursor=abc",
    ]);
  });

  test("of a metered feature tells what it cost", async () => {
    const { url, seen } = await serverWith(
      json(200, { text: "ok" }, { "stipend-credits-charged": "1", "stipend-credits-remaining": "249" }),
    );
    const answer = await clientOf(url).feature("post", "/api/rewrite", { body: { text: "a" } });
    expect(answer).toMatchObject({ data: { text: "ok" }, charged: 1, remaining: 249 });
    expect(seen[0]?.headers["idempotency-key"]).toBe(answer.key);
  });
});

describe("a refusal", () => {
  test("is an ApiProblem with its code and what the code tells", async () => {
    const { url, seen } = await serverWith(problem(402, "insufficient_credits", { shortfall: 7, required: 9 }));
    const error = await clientOf(url)
      .post("/api/credits/consume", { body: SPEND, key: "k" })
      .catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ApiProblem);
    expect(error).toMatchObject({
      code: "insufficient_credits",
      status: 402,
      detail: "why",
      action: "what",
      requestId: "r-1",
      key: "k",
      details: { shortfall: 7, required: 9 },
    });
    expect(seen).toHaveLength(1);
  });

  test("of somebody else is an UnexpectedAnswer", async () => {
    const { url } = await serverWith((res) =>
      res.writeHead(404, { "content-type": "text/html" }).end("<h1>nginx</h1>"),
    );
    const error = await clientOf(url)
      .get("/api/credits")
      .catch((e: unknown) => e);
    expect(error).toBeInstanceOf(UnexpectedAnswer);
    expect(error).toMatchObject({ code: "unexpected_answer", status: 404 });
  });

  test("of a token that has run out is mended once by a new one", async () => {
    const { url, seen } = await serverWith(problem(401, "token_expired"), json(200, { balance: 1 }));
    const reasons: string[] = [];
    const token = (reason: string): string => `t-${reasons.push(reason)}`;
    expect((await clientOf(url, { token }).get("/api/credits")).data).toMatchObject({ balance: 1 });
    expect(reasons).toEqual(["first", "expired"]);
    expect(seen.map(({ headers }) => headers.authorization)).toEqual(["Bearer t-1", "Bearer t-2"]);
  });

  test("of a token that stays expired is not asked about for ever", async () => {
    const { url, seen } = await serverWith(problem(401, "token_expired"));
    await expect(clientOf(url, { token: () => "old" }).get("/api/credits")).rejects.toMatchObject({
      code: "token_expired",
    });
    expect(seen).toHaveLength(2);
  });
});

describe("what fails is sent again", () => {
  test("with the same key after a broken connection", async () => {
    const { url, seen } = await serverWith(breakOff, problem(503, "outcome_unknown"), json(200, MOVED));
    const answer = await clientOf(url).post("/api/credits/consume", { body: SPEND });
    expect(answer.data).toMatchObject(MOVED);
    expect(seen).toHaveLength(3);
    expect(new Set(seen.map(({ headers }) => headers["idempotency-key"]))).toEqual(new Set([answer.key]));
    expect(new Set(seen.map(({ body }) => body)).size).toBe(1);
  });

  test("after an answer that broke off in its middle", async () => {
    const cut = json(200, MOVED);
    const { url, seen } = await serverWith((res) => {
      res.writeHead(200, { "content-type": "application/json", "content-length": "100" }).write('{"transac');
      setImmediate(() => res.socket?.destroy());
    }, cut);
    expect((await clientOf(url).post("/api/credits/consume", { body: SPEND })).data).toMatchObject(MOVED);
    expect(seen).toHaveLength(2);
  });

  test("after an answer that took too long, and no more often than allowed", async () => {
    const { url, seen } = await serverWith(silence);
    const error = await clientOf(url, { timeoutMs: 30 })
      .get("/api/credits")
      .catch((e: unknown) => e);
    expect(error).toBeInstanceOf(NoAnswer);
    expect(seen).toHaveLength(3);
  });

  test("but a write without a key never, whatever happened to it", async () => {
    for (const reply of [breakOff, problem(503, "database_busy", {}, { "retry-after": "0" })]) {
      const { url, seen } = await serverWith(reply);
      const call = { path: { code: "pro" }, body: { monthlyCredits: 1, reason: "r" } };
      await expect(clientOf(url).put("/api/admin/tiers/{code}", call)).rejects.toThrow();
      expect(seen).toHaveLength(1);
    }
  });

  test("unless the API says that it did not begin", async () => {
    for (const code of ["rate_limited", "overloaded"]) {
      const { url, seen } = await serverWith(problem(code === "overloaded" ? 503 : 429, code), json(200, {}));
      const call = { path: { code: "pro" }, body: { monthlyCredits: 1, reason: "r" } };
      await clientOf(url).put("/api/admin/tiers/{code}", call);
      expect(seen).toHaveLength(2);
    }
  });

  test("and a batch is, as each of its items has a key", async () => {
    const batches = [
      (client: StipendClient) => client.post("/api/credits/batch", { body: { operations: [] } }),
      (client: StipendClient) => client.post("/api/admin/credits/openings", { body: { reason: "r", items: [] } }),
      (client: StipendClient) => client.post("/api/admin/users/batch", { body: { reason: "r", items: [] } }),
    ];
    for (const send of batches) {
      const { url, seen } = await serverWith(breakOff, json(200, { results: [] }));
      await send(clientOf(url));
      expect(seen).toHaveLength(2);
    }
  });

  test("not when the API asks for more patience than allowed", async () => {
    const { url, seen } = await serverWith(problem(503, "overloaded", {}, { "retry-after": "3600" }));
    await expect(clientOf(url).get("/api/credits")).rejects.toMatchObject({ retryAfterSeconds: 3600 });
    expect(seen).toHaveLength(1);
  });

  test("and not when the caller has had enough", async () => {
    const stop = new AbortController();
    const { url, seen } = await serverWith(() => stop.abort());
    const error = await clientOf(url)
      .get("/api/credits", { signal: stop.signal })
      .catch((e: unknown) => e);
    expect(error).toBeInstanceOf(Cancelled);
    expect(seen).toHaveLength(1);
  });

  test("and not when the whole client is told to stop", async () => {
    const stop = new AbortController();
    const { url, seen } = await serverWith((res, one) => {
      stop.abort();
      problem(503, "overloaded")(res, one);
    });
    const client = clientOf(url, { signal: stop.signal });
    await expect(client.get("/api/credits")).rejects.toBeInstanceOf(Cancelled);
    await expect(client.get("/api/credits", { signal: new AbortController().signal })).rejects.toBeInstanceOf(
      Cancelled,
    );
    for await (const _ of client.events()) expect.fail("told something");
    expect(seen).toHaveLength(1);
  });

  test("and the token goes nowhere else: a redirect is no answer", async () => {
    const other = await serverWith(json(200, {}));
    const { url, seen } = await serverWith((res) => res.writeHead(307, { location: other.url }).end());
    await expect(clientOf(url).get("/api/credits")).rejects.toBeInstanceOf(UnexpectedAnswer);
    expect([seen.length, other.seen.length]).toEqual([1, 0]);
  });
});
