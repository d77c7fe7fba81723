import { connect, createServer, type Socket } from "node:net";
import { silentLog } from "@stipend/platform/log/log";
import { createRedis, redisConnected } from "@stipend/platform/redis/redis";
import { metricsExporter } from "@stipend/platform/telemetry/metrics";
import { testEngines } from "@stipend/testing/engines/test-engines";
import { eventually } from "@stipend/testing/eventually";
import { expect, onTestFinished, test } from "vitest";
import { Limits } from "../src/limits/limits.ts";

let prefixes = 0;

async function limitsOn(
  url: string,
  quotas: { perUser?: number; perIp?: number; badTokensPerIp?: number },
  prefix = newPrefix(),
) {
  const redis = createRedis(url, { prefix, log: silentLog() });
  await redisConnected(redis, 5_000);
  onTestFinished(async () => {
    const keys = await redis.keys(`${prefix}*`).catch(() => []);
    if (keys.length > 0) await redis.del(...keys.map((key) => key.slice(prefix.length))).catch(() => 0);
    redis.disconnect(false);
  });
  return new Limits({
    redis,
    log: silentLog(),
    windowSeconds: 60,
    perUser: 1_000,
    perService: 1_000,
    perIp: 1_000,
    badTokensPerIp: 1_000,
    ...quotas,
  });
}

function newPrefix(): string {
  return `limits-${process.pid}-${++prefixes}:`;
}

const user = (sub: string) => ({ sub, roles: ["user"] as const });

const outcome = (promise: Promise<unknown>) =>
  promise.then(
    () => "in",
    (error: { code?: string }) => error.code,
  );

/** What /metrics says of requests whose limits could not be counted in Redis. */
async function degraded(policy: string, mode: "open" | "local"): Promise<number> {
  const { resourceMetrics } = await metricsExporter.collect();
  const metric = resourceMetrics.scopeMetrics
    .flatMap(({ metrics }) => metrics)
    .find(({ descriptor }) => descriptor.name === "stipend_gateway_limits_degraded");
  const point = metric?.dataPoints.find(
    ({ attributes }) => attributes["policy"] === policy && attributes["mode"] === mode,
  );
  return typeof point?.value === "number" ? point.value : 0;
}

test("a user is limited on every gateway together, whatever the address; others are not", async () => {
  const prefix = newPrefix();
  const { redisUrl } = testEngines();
  const one = await limitsOn(redisUrl, { perUser: 5 }, prefix);
  const two = await limitsOn(redisUrl, { perUser: 5 }, prefix);
  for (let n = 0; n < 5; n++)
    expect(await outcome((n % 2 ? one : two).take(`10.0.0.${n}`, user("alice"), true))).toBe("in");
  expect(await outcome(one.take("10.0.0.9", user("alice"), true))).toBe("rate_limited");
  expect(await outcome(two.take("10.0.0.9", user("alice"), false))).toBe("rate_limited");
  expect(await outcome(two.take("10.0.0.9", user("bob"), false))).toBe("in");
});

test("an address is limited over all its users", async () => {
  const limits = await limitsOn(testEngines().redisUrl, { perIp: 3 });
  for (const name of ["a", "b", "c"]) expect(await outcome(limits.take("10.0.0.1", user(name), true))).toBe("in");
  expect(await outcome(limits.take("10.0.0.1", undefined, true))).toBe("rate_limited");
});

test("a route with a limit of its own is counted for each caller, on every gateway together", async () => {
  const prefix = newPrefix();
  const { redisUrl } = testEngines();
  const one = await limitsOn(redisUrl, {}, prefix);
  const two = await limitsOn(redisUrl, {}, prefix);
  const csv = { id: "credits.transactionsCsv", quota: 2 };
  const headers = await one.take("10.0.0.1", user("alice"), true, csv);
  expect(headers["ratelimit-policy"]).toBe('"ip";q=1000;w=60, "user";q=1000;w=60, "route";q=2;w=60');
  expect(await outcome(two.take("10.0.0.2", user("alice"), true, csv))).toBe("in");
  expect(await outcome(one.take("10.0.0.3", user("alice"), true, csv))).toBe("rate_limited");
  expect(await outcome(one.take("10.0.0.3", user("alice"), true, { id: "audit.csv", quota: 2 }))).toBe("in");
  expect(await outcome(one.take("10.0.0.3", user("alice"), true))).toBe("in");
  expect(await outcome(one.take("10.0.0.3", user("bob"), true, csv))).toBe("in");
});

test("headers say the policies and what is left; a refusal says when to come again", async () => {
  const limits = await limitsOn(testEngines().redisUrl, { perUser: 2, perIp: 10 });
  const headers = await limits.take("10.0.0.1", user("alice"), true);
  expect(headers["ratelimit-policy"]).toBe('"ip";q=10;w=60, "user";q=2;w=60');
  expect(headers["ratelimit"]).toMatch(/^"ip";r=9;t=\d+, "user";r=1;t=\d+$/);
  await limits.take("10.0.0.1", user("alice"), true);
  const refused = await limits.take("10.0.0.1", user("alice"), true).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: "rate_limited", details: { policies: ["user"] } });
  const { retryAfterSeconds } = refused as { retryAfterSeconds: number };
  expect(retryAfterSeconds).toBeGreaterThan(0);
  expect(retryAfterSeconds).toBeLessThanOrEqual(60);
});

test("200 requests of one user at once pass the defaults", async () => {
  const limits = await limitsOn(testEngines().redisUrl, { perUser: 30_000, perIp: 600_000 });
  const outcomes = await Promise.all(
    Array.from({ length: 200 }, () => outcome(limits.take("10.0.0.1", user("alice"), false))),
  );
  expect(new Set(outcomes)).toEqual(new Set(["in"]));
});

test("a service that acts for many users has a limit of its own", async () => {
  const limits = await limitsOn(testEngines().redisUrl, { perUser: 1 });
  const shop = { sub: "shop", roles: ["service"] as const };
  for (let n = 0; n < 20; n++) expect(await outcome(limits.take("10.0.0.1", shop, false))).toBe("in");
});

test("refused tokens are counted by address", async () => {
  const limits = await limitsOn(testEngines().redisUrl, { badTokensPerIp: 2 });
  for (let n = 0; n < 2; n++) expect(await outcome(limits.takeBadToken("10.0.0.1"))).toBe("in");
  expect(await outcome(limits.takeBadToken("10.0.0.1"))).toBe("rate_limited");
  expect(await outcome(limits.takeBadToken("10.0.0.2"))).toBe("in");
});

test("Redis away: reads go through, writes are limited by this process; Redis back: counted there again", async () => {
  const { hostname, port } = new URL(testEngines().redisUrl);
  const sockets = new Set<Socket>();
  let up = true;
  const relay = createServer((client) => {
    if (!up) return void client.destroy();
    const server = connect(Number(port), hostname);
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
    }
    client.pipe(server).pipe(client);
  });
  await new Promise<void>((resolve) => relay.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    relay.close();
  });
  const limits = await limitsOn(`redis://127.0.0.1:${(relay.address() as { port: number }).port}`, { perUser: 3 });
  await limits.take("10.0.0.1", user("alice"), true);
  const before = { open: await degraded("user", "open"), local: await degraded("user", "local") };

  up = false;
  for (const socket of sockets) socket.destroy();
  await eventually(async () => expect(await limits.take("10.0.0.1", user("alice"), true)).toEqual({}));
  for (let n = 0; n < 10; n++) expect(await outcome(limits.take("10.0.0.1", user("alice"), true))).toBe("in");
  const writes: (string | undefined)[] = [];
  for (let n = 0; n < 5; n++) writes.push(await outcome(limits.take("10.0.0.1", user("alice"), false)));
  expect(writes).toEqual(["in", "in", "in", "rate_limited", "rate_limited"]);
  // Ten reads and more that went through unlimited, five writes that were counted here: by user and by address.
  expect(await degraded("user", "open")).toBeGreaterThanOrEqual(before.open + 10);
  expect(await degraded("user", "local")).toBe(before.local + 5);
  expect(await degraded("ip", "local")).toBeGreaterThan(0);

  up = true;
  await eventually(async () => {
    const headers = await limits.take("10.0.0.1", user("bob"), true);
    expect(headers["ratelimit"]).toContain('"user"');
  });
});
