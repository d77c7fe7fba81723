import { randomBytes } from "node:crypto";
import { eventually } from "@stipend/testing/eventually";
import { afterEach, describe, expect, it } from "vitest";
import { DevClock } from "../src/clock/clock.ts";
import { DEV_CLOCK_KEY, loadDevClock } from "../src/clock/dev-clock-door.ts";
import { silentLog } from "../src/log/log.ts";
import { createRedis, redisConnected, redisPart, redisReady } from "../src/redis/redis.ts";
import { engines, viaPort } from "./support/engines.ts";
import { TestProxy } from "./support/proxy.ts";

const cleanUp: (() => Promise<unknown> | unknown)[] = [];

afterEach(async () => {
  for (const step of cleanUp.splice(0).reverse()) await step();
});

function redis(url: string) {
  const prefix = `t${randomBytes(4).toString("hex")}:`;
  const made = createRedis(url, { prefix, log: silentLog() });
  cleanUp.push(() => redisPart(made).stop?.());
  return { made, prefix };
}

describe("createRedis", () => {
  it("puts the prefix before keys", async () => {
    const { made, prefix } = redis(engines().redisUrl);
    expect(await redisConnected(made, 2_000)).toBe(true);
    await made.set("a", "1", "EX", 10);
    const bare = createRedis(engines().redisUrl, { prefix: "", log: silentLog() });
    cleanUp.push(() => redisPart(bare).stop?.());
    await redisConnected(bare, 2_000);
    expect(await bare.get(`${prefix}a`)).toBe("1");
  });

  it("fails at once while Redis is away, within half a second when it is silent, and heals", async () => {
    const proxy = new TestProxy(engines().redisUrl);
    await proxy.open();
    cleanUp.push(() => proxy.close());
    const { made } = redis(viaPort(engines().redisUrl, proxy.port));
    expect(await redisConnected(made, 2_000)).toBe(true);
    proxy.freeze();
    const started = performance.now();
    await expect(made.get("a")).rejects.toThrow();
    expect(performance.now() - started).toBeLessThan(1_000);
    proxy.thaw();
    await eventually(async () => expect(await redisReady(made)).toBe(true));
    await proxy.close();
    await eventually(() => expect(made.status).not.toBe("ready"));
    const refused = performance.now();
    await expect(made.get("a")).rejects.toThrow();
    expect(performance.now() - refused).toBeLessThan(100);
    await proxy.open();
    await eventually(async () => expect(await redisReady(made)).toBe(true));
  });
});

describe("loadDevClock", () => {
  it("takes over the offset that was stored, and keeps real time otherwise", async () => {
    const { made, prefix } = redis(engines().redisUrl);
    await redisConnected(made, 2_000);
    const clock = new DevClock();
    await loadDevClock(engines().redisUrl, prefix, clock);
    expect(clock.offsetMs).toBe(0);
    await made.set(DEV_CLOCK_KEY, "86400000", "EX", 60);
    await loadDevClock(engines().redisUrl, prefix, clock);
    expect(clock.offsetMs).toBe(86_400_000);
    await made.set(DEV_CLOCK_KEY, "rubbish", "EX", 60);
    const other = new DevClock();
    await loadDevClock(engines().redisUrl, prefix, other);
    expect(other.offsetMs).toBe(0);
  });

  it("does not hold up a boot without Redis", async () => {
    const started = performance.now();
    await loadDevClock("redis://127.0.0.1:9", "x:", new DevClock());
    expect(performance.now() - started).toBeLessThan(1_500);
  });
});
