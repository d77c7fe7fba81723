import { Redis } from "ioredis";
import type { Part } from "../lifecycle/lifecycle.ts";
import type { Log } from "../log/log.ts";

export interface RedisOptions {
  /** Put before every key by ioredis; not before channels of publish and subscribe. */
  readonly prefix: string;
  readonly log: Log;
  readonly name?: string;
  /** How long a command may take. Default 500 ms. */
  readonly commandTimeoutMs?: number;
}

const MAX_RECONNECT_MS = 2_000;

/**
 * A Redis connection for what may be lost: limits, caches, live state. Commands fail at once while Redis is away (no
 * offline queue) and after 500 ms when it hangs; callers go on without it. It reconnects by itself for ever.
 */
export function createRedis(url: string, options: RedisOptions): Redis {
  const log = options.log;
  const name = options.name ?? "redis";
  let away = false;
  const redis = new Redis(url, {
    keyPrefix: options.prefix,
    connectionName: name,
    lazyConnect: false,
    enableOfflineQueue: false,
    // A command in flight when the connection breaks is not sent again: it may have been done.
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 1_000,
    commandTimeout: options.commandTimeoutMs ?? 500,
    // Without it a server that has frozen keeps the connection for minutes.
    socketTimeout: 10_000,
    keepAlive: 10_000,
    retryStrategy: (attempt) => Math.min(MAX_RECONNECT_MS, 50 * 2 ** Math.min(attempt, 6)) * (0.5 + Math.random() / 2),
  });
  redis.on("error", (error: Error) => {
    if (!away) log.warn({ err: error, redis: name }, "Redis is away");
    away = true;
  });
  redis.on("ready", () => {
    if (away) log.info({ redis: name }, "Redis is back");
    away = false;
  });
  return redis;
}

/** Whether Redis answers now; never throws. */
export async function redisReady(redis: Redis): Promise<boolean> {
  try {
    return (await redis.ping()) === "PONG";
  } catch {
    return false;
  }
}

/** Waits until the first connection stands, at most ms; false when it does not. Services start without Redis as well. */
export function redisConnected(redis: Redis, ms: number): Promise<boolean> {
  if (redis.status === "ready") return Promise.resolve(true);
  return new Promise((resolve) => {
    const done = (ready: boolean) => {
      clearTimeout(timer);
      redis.off("ready", onReady);
      resolve(ready);
    };
    const onReady = () => done(true);
    const timer = setTimeout(() => done(false), ms);
    redis.on("ready", onReady);
  });
}

/** The connection as a part of the lifecycle. */
export function redisPart(redis: Redis, name = "redis"): Part {
  return {
    name,
    async start() {
      await redisConnected(redis, 1_000);
    },
    async stop() {
      redis.disconnect(false);
      await Promise.resolve();
    },
  };
}
