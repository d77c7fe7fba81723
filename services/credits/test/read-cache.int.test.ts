import { connect, createServer, type Socket } from "node:net";
import { silentLog } from "@stipend/platform/log/log";
import { createRedis, redisConnected } from "@stipend/platform/redis/redis";
import { testEngines } from "@stipend/testing/engines/test-engines";
import { eventually } from "@stipend/testing/eventually";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { RedisReadCache } from "../src/store/redis-read-cache.ts";
import { type CreditsHarness, startCredits } from "./harness.ts";

let credits: CreditsHarness;
beforeAll(async () => {
  credits = await startCredits();
}, 60_000);
afterAll(async () => {
  await credits?.stop();
}, 60_000);

async function connectRedis(prefix: string, url = testEngines().redisUrl) {
  const redis = createRedis(url, { prefix, log: silentLog() });
  await redisConnected(redis, 5_000);
  return redis;
}

/** Redis behind a wire that can be cut, or hold back whatever is said. */
async function redisBehindAWire() {
  const { hostname, port } = new URL(testEngines().redisUrl);
  const sockets = new Set<Socket>();
  const state = { up: true, heldBack: false };
  const relay = createServer((client) => {
    if (!state.up) return void client.destroy();
    const server = connect(Number(port), hostname);
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
    }
    client.pipe(server);
    server.on("data", (chunk) => void (state.heldBack || client.write(chunk)));
    client.once("close", () => server.destroy());
  });
  await new Promise<void>((resolve) => relay.listen(0, "127.0.0.1", resolve));
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(() => {
    cut();
    relay.close();
  });
  return { state, cut, url: `redis://127.0.0.1:${(relay.address() as { port: number }).port}` };
}

let prefixes = 0;
const newPrefix = () => `reads-${process.pid}-${++prefixes}:`;

describe("the cache", () => {
  async function cacheOver(url?: string, format = "one", prefix = newPrefix()) {
    const redis = await connectRedis(prefix, url);
    onTestFinished(() => redis.disconnect(false));
    const cache = new RedisReadCache({ redis, format });
    let reads = 0;
    const ask = (version: number, what = "page", user = "alice") =>
      cache.through(user, version, [what], async () => ({ version, what, user, read: ++reads }));
    return { redis, ask, prefix, reads: () => reads };
  }

  test("gives what was read at this version, to every instance, and reads anew at another", async () => {
    const one = await cacheOver();
    const two = await cacheOver(undefined, "one", one.prefix);
    const first = await one.ask(1);
    await eventually(async () => expect(await one.ask(1)).toEqual(first));
    expect(await two.ask(1)).toEqual(first);
    const reads = one.reads();
    for (const other of [() => one.ask(2), () => one.ask(1, "other"), () => one.ask(1, "page", "bob")]) await other();
    expect(one.reads()).toBe(reads + 3);
    const later = await cacheOver(undefined, "two", one.prefix);
    expect(await later.ask(1)).not.toBe(first);
    expect(later.reads()).toBe(1);
  });

  test("keeps an answer for a minute, and none that is large", async () => {
    const { redis, ask, prefix } = await cacheOver();
    await ask(1);
    await ask(1, "x".repeat(70_000));
    const keys = await eventually(async () => {
      const found = await redis.keys(`${prefix}*`);
      expect(found).toHaveLength(1);
      return found;
    });
    const left = await redis.ttl(keys[0]?.slice(prefix.length) ?? "");
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(60);
  });

  test("Redis away or silent: everything is read; Redis back: kept again", async () => {
    const wire = await redisBehindAWire();
    const { ask, reads } = await cacheOver(wire.url);
    await ask(1);
    await eventually(async () => {
      const before = reads();
      await ask(1);
      expect(reads()).toBe(before);
    });
    wire.state.heldBack = true;
    for (let version = 2; version < 12; version += 1) expect(await ask(version)).toMatchObject({ version });
    wire.state.up = false;
    wire.cut();
    for (let version = 12; version < 22; version += 1) expect(await ask(version)).toMatchObject({ version });
    Object.assign(wire.state, { up: true, heldBack: false });
    await eventually(
      async () => {
        const before = reads();
        await ask(22);
        expect(reads()).toBe(before);
      },
      { timeoutMs: 15_000 },
    );
  });
});

describe("over two instances", () => {
  /** The sums of a series and its first page, as one instance shows them. */
  async function shown(user: string, baseUrl: string) {
    const [page, usage] = await Promise.all([
      credits.as(user, "GET", "/api/credits/transactions?limit=5", undefined, { baseUrl }),
      credits.as(user, "GET", "/api/credits/usage?interval=day", undefined, { baseUrl }),
    ]);
    expect([page.status, usage.status]).toEqual([200, 200]);
    const consumed = usage.body.data.map((bucket: { consumed: number }) => bucket.consumed);
    return { newest: page.body.data[0], consumed: consumed.reduce((sum: number, one: number) => sum + one, 0) };
  }

  test("a read shows every write that was answered before it, whoever wrote, while Redis is emptied again and again", async () => {
    const other = await credits.another();
    const instances = [credits.app.http.url, other.app.http.url];
    const redis = await connectRedis(`${credits.prefix}:`);
    const user = "reader";
    const written = { consumed: 0, version: 0 };
    const give = { amount: 1_000, kind: "bonus", reason: "test" };
    await credits.admin("POST", `/api/admin/users/${user}/credits/grants`, give);
    // Some past, so that whole buckets lie before the present one.
    for (let day = 0; day < 3; day += 1) {
      await credits.as(user, "POST", "/api/credits/consume", { amount: 2, reason: "work" });
      written.consumed += 2;
      credits.clock.advance({ days: 1 });
    }
    for (let turn = 0; turn < 12; turn += 1) {
      const spend = { amount: 1, reason: `turn ${turn}` };
      const done = await credits.as(user, "POST", "/api/credits/consume", spend, {
        baseUrl: instances[turn % 2] ?? "",
      });
      expect(done.status).toBe(200);
      written.consumed += 1;
      written.version = done.body.version;
      if (turn % 4 === 3) await redis.del(...(await redis.keys(`${credits.prefix}:*`)).map(bare));
      // On both, twice: what one kept a moment ago has to be as good as what the other reads.
      for (const instance of [...instances, ...instances]) {
        const { newest, consumed } = await shown(user, instance);
        expect([newest.version, newest.reason, consumed]).toEqual([written.version, spend.reason, written.consumed]);
      }
    }
    expect((await redis.keys(`${credits.prefix}:read:*`)).length).toBeGreaterThan(0);
    redis.disconnect(false);
    await other.stop();
  });

  function bare(key: string): string {
    return key.slice(credits.prefix.length + 1);
  }
});
