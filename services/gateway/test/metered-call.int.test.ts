import { request as httpRequest, type RequestListener } from "node:http";
import { eventually } from "@stipend/testing/eventually";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type RealSystem, startRealSystem } from "./support/real-system.ts";

interface OpenApi {
  readonly paths: Record<string, { post?: { operationId: string } } | undefined>;
}

let system: RealSystem;
let upstream: RequestListener = (_req, res) => void res.end();
let closeUpstream: () => void;
let user = "";
let users = 0;

const TTL_MS = 40_000;

beforeAll(async () => {
  const { createServer } = await import("node:http");
  const server = createServer((req, res) => upstream(req, res));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  closeUpstream = () => {
    server.closeAllConnections();
    server.close();
  };
  system = await startRealSystem(`
version: 1
features:
  - id: rewrite
    summary: Rewrites a text
    path: /api/rewrite
    upstream: http://127.0.0.1:${port}/rewrite
    cost: 1
    reason: Rewrite a text
    timeout: 5s
  - id: stream
    summary: The same, streamed
    path: /api/stream
    upstream: http://127.0.0.1:${port}/stream
    cost: { upTo: 3 }
    reason: Rewrite a text
    answer: streamed
`);
});

afterAll(async () => {
  await system.stop();
  closeUpstream();
});

beforeEach(async () => {
  user = `user-${++users}`;
  upstream = (_req, res) => void res.end("better");
  const granted = await system.credits(
    "POST",
    `/api/admin/users/${user}/credits/grants`,
    { amount: 3, kind: "bonus", reason: "test" },
    { sub: "root", roles: "admin" },
  );
  expect(granted.status, JSON.stringify(granted.body)).toBe(200);
});

async function call(headers: Record<string, string> = {}, path = "/api/rewrite") {
  const authorization = `Bearer ${await system.issuer.token({ sub: user })}`;
  const answer = await fetch(system.gatewayUrl + path, {
    method: "POST",
    headers: { authorization, ...headers },
    body: "{}",
  });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}

async function account() {
  const authorization = `Bearer ${await system.issuer.token({ sub: user })}`;
  const answer = await fetch(`${system.gatewayUrl}/api/credits`, { headers: { authorization } });
  const { balance, held, available } = (await answer.json()) as Record<string, number>;
  return { balance, held, available };
}

async function history(): Promise<string[]> {
  const authorization = `Bearer ${await system.issuer.token({ sub: user })}`;
  const answer = await fetch(`${system.gatewayUrl}/api/credits/transactions`, { headers: { authorization } });
  const { data } = (await answer.json()) as {
    data: { type: string; amount: number; reason: string; feature: string | null }[];
  };
  return data.reverse().map(({ type, amount }) => `${type} ${amount}`);
}

describe("against the real ledger", () => {
  test("three calls are charged, the fourth is refused with what is missing and what can be done", async () => {
    for (const left of ["2", "1", "0"]) {
      const { status, headers, text } = await call();
      expect([status, text, headers.get("stipend-credits-charged"), headers.get("stipend-credits-remaining")]).toEqual([
        200,
        "better",
        "1",
        left,
      ]);
    }
    const refused = await call();
    expect(refused.status).toBe(402);
    expect(JSON.parse(refused.text)).toMatchObject({
      code: "insufficient_credits",
      required: 1,
      available: 0,
      shortfall: 1,
    });
    expect(JSON.parse(refused.text).options.length).toBeGreaterThan(0);
    expect(await account()).toEqual({ balance: 0, held: 0, available: 0 });
  });

  test("a failure and a cut answer give the credit back; hold and release stand in the history", async () => {
    upstream = (_req, res) => void res.writeHead(500).end();
    expect((await call()).status).toBe(502);
    upstream = (_req, res) => {
      res.writeHead(200, { "content-length": "100" });
      res.write("half", () => res.destroy());
    };
    const cut = await call();
    expect([cut.status, JSON.parse(cut.text).code, cut.headers.get("stipend-credits-remaining")]).toEqual([
      502,
      "feature_failed",
      "3",
    ]);
    expect(await account()).toEqual({ balance: 3, held: 0, available: 3 });
    expect(await history()).toEqual(["grant 3", "hold 0", "release 0", "hold 0", "release 0"]);
  });

  test("a key: failures may be repeated, a served call answers 409, ten at once are charged once", async () => {
    const key = { "idempotency-key": "abc" };
    upstream = (_req, res) => void res.writeHead(500).end();
    expect((await call(key)).status).toBe(502);
    expect((await call(key)).status).toBe(502);
    upstream = (_req, res) => void setTimeout(() => res.end("better"), 50);
    const statuses = (await Promise.all(Array.from({ length: 10 }, () => call(key)))).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    const again = await call(key);
    expect([again.status, JSON.parse(again.text).code]).toEqual([409, "already_served"]);
    expect(await account()).toEqual({ balance: 2, held: 0, available: 2 });
  });

  test("a streamed call is charged what it says at its end", async () => {
    upstream = (_req, res) => {
      res.writeHead(200, { "stipend-cost": "2" });
      res.write("one ");
      setTimeout(() => res.end("two"), 50);
    };
    expect((await call({}, "/api/stream")).text).toBe("one two");
    expect(await account()).toEqual({ balance: 1, held: 0, available: 1 });
    expect((await history()).slice(1)).toEqual(["hold 0", "consume -2"]);
  });

  test("200 calls of one user at once with 3 credits: 3 are served", async () => {
    const answers = await Promise.all(Array.from({ length: 200 }, () => call()));
    const count = (status: number) => answers.filter((answer) => answer.status === status).length;
    expect([count(200), count(402)]).toEqual([3, 197]);
    expect(await account()).toEqual({ balance: 0, held: 0, available: 0 });
  });
});

/** Starts a call that will not be answered. */
function callInVain(token: string): void {
  const req = httpRequest(`${system.gatewayUrl}/api/rewrite`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
  });
  req.on("error", () => undefined);
  req.on("response", (res) => res.on("error", () => undefined).resume());
  req.end("{}");
}

describe("the gateway dies", () => {
  /** Kills the gateway at one stage of a call, then moves credits' time past the hold's expiry. */
  async function dieAt(arrange: (reached: () => void) => void): Promise<void> {
    const stage = Promise.withResolvers<void>();
    arrange(() => stage.resolve());
    callInVain(await system.issuer.token({ sub: user }));
    await stage.promise;
    await system.killGateway();
    system.wire.untrap();
    await system.startGateway();
  }

  async function afterTheHoldsTime(): Promise<void> {
    clockOffset += TTL_MS;
    const clock = await system.credits("PUT", "/internal/dev/clock", { offsetMs: clockOffset });
    expect(clock.status).toBe(200);
  }
  let clockOffset = 0;

  test("before the hold reaches credits: nothing happened", async () => {
    await dieAt((reached) => system.wire.trap(/holds HTTP/, "before", reached));
    expect(await account()).toEqual({ balance: 3, held: 0, available: 3 });
    expect(await history()).toEqual(["grant 3"]);
  });

  test("after the hold: the credit is back when the hold's time is over", async () => {
    await dieAt((reached) => system.wire.trap(/holds HTTP/, "after", reached));
    expect(await account()).toEqual({ balance: 3, held: 1, available: 2 });
    await afterTheHoldsTime();
    await eventually(async () => expect(await account()).toEqual({ balance: 3, held: 0, available: 3 }));
  });

  test("while the upstream works: the credit is back when the hold's time is over", async () => {
    await dieAt((reached) => {
      upstream = () => reached();
    });
    expect(await account()).toEqual({ balance: 3, held: 1, available: 2 });
    await afterTheHoldsTime();
    await eventually(async () => expect(await account()).toEqual({ balance: 3, held: 0, available: 3 }));
  });

  test("after the upstream, before the capture reaches credits: not delivered, not charged", async () => {
    await dieAt((reached) => system.wire.trap(/capture HTTP/, "before", reached));
    expect(await account()).toEqual({ balance: 3, held: 1, available: 2 });
    await afterTheHoldsTime();
    await eventually(async () => expect(await account()).toEqual({ balance: 3, held: 0, available: 3 }));
  });

  test("after the capture, before the answer: charged once, and the ledger says so", async () => {
    await dieAt((reached) => system.wire.trap(/capture HTTP/, "after", reached));
    expect(await account()).toEqual({ balance: 2, held: 0, available: 2 });
    await afterTheHoldsTime();
    expect(await account()).toEqual({ balance: 2, held: 0, available: 2 });
    expect(await history()).toEqual(["grant 3", "hold 0", "consume -1"]);
  });

  test("with SIGTERM in the middle of a call: the call is finished first", async () => {
    const reached = Promise.withResolvers<() => void>();
    upstream = (_req, res) => reached.resolve(() => res.end("better"));
    const answer = call();
    const finish = await reached.promise;
    const stopped = system.stopGateway();
    setTimeout(finish, 50);
    expect((await answer).text).toBe("better");
    expect(await stopped).toBe(0);
    await system.startGateway();
    expect(await account()).toEqual({ balance: 2, held: 0, available: 2 });
  });
});

test("credits dies while the upstream works and comes back: the call is served and charged once, or given back", async () => {
  const reached = Promise.withResolvers<() => void>();
  upstream = (_req, res) => reached.resolve(() => res.end("better"));
  const running = call();
  const early = running.then((answer) => expect.fail(`answered before the upstream did: ${JSON.stringify(answer)}`));
  const finish = await Promise.race([reached.promise, early]);
  early.catch(() => undefined);
  await system.killCredits();
  finish();
  const restarted = system.startCredits();
  const answer = await running;
  await restarted;
  if (answer.status === 200) expect(await account()).toEqual({ balance: 2, held: 0, available: 2 });
  else {
    expect([answer.status, JSON.parse(answer.text).code]).toEqual([503, "charge_failed"]);
    await eventually(async () => expect(await account()).toEqual({ balance: 3, held: 0, available: 3 }));
  }
});

test("a feature that is added to the file can be called at once; the file with a mistake changes nothing", async () => {
  const { readFileSync, writeFileSync } = await import("node:fs");
  const text = readFileSync(system.featuresFile, "utf8");
  expect((await call({}, "/api/rewrite2")).status).toBe(404);
  const more = text
    .replace("id: stream", "id: stream2")
    .replace("/api/stream", "/api/rewrite2")
    .split("  - id: stream2")[1];
  writeFileSync(system.featuresFile, `${text}\n  - id: stream2${more}`);
  upstream = (_req, res) => void res.writeHead(200, { "stipend-cost": "1" }).end("x");
  await eventually(async () => expect((await call({}, "/api/rewrite2")).status).toBe(200));
  const document = (await (await fetch(`${system.gatewayUrl}/api/openapi.json`)).json()) as OpenApi;
  expect(document.paths["/api/rewrite2"]?.post?.operationId).toBe("feature.stream2");
  writeFileSync(system.featuresFile, `${text}\n  - id: broken`);
  await eventually(async () => {
    const ready = (await (await fetch(`${system.gatewayUrl}/readyz`)).json()) as {
      parts: { features: { ok: boolean } };
    };
    expect(ready.parts.features.ok).toBe(false);
  });
  // Still there: it asks for 3 credits, and 2 are left.
  expect((await call({}, "/api/rewrite2")).status).toBe(402);
  writeFileSync(system.featuresFile, text);
  await eventually(async () => expect((await call({}, "/api/rewrite2")).status).toBe(404));
});
