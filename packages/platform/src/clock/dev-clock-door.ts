import type { IRouter } from "express";
import { z } from "zod";
import { ROLES } from "../auth/actor.ts";
import { defineRoute } from "../http/contract.ts";
import { Problem } from "../http/problem.ts";
import { serve } from "../http/serve.ts";
import { silentLog } from "../log/log.ts";
import { createRedis, redisConnected } from "../redis/redis.ts";
import type { DevClock } from "./clock.ts";

/** Redis key, below the installation's prefix, of the offset in whole milliseconds. The gateway writes it. */
export const DEV_CLOCK_KEY = "dev-clock";

const LOAD_TIMEOUT_MS = 1_000;

const setDevClock = defineRoute({
  id: "internal.devClock",
  method: "PUT",
  path: "/internal/dev/clock",
  // Whoever holds an internal token: the gateway has judged who may move the clock.
  roles: ROLES,
  summary: "Moves this service's clock (development only)",
  body: z.strictObject({ offsetMs: z.int() }),
  responses: { 200: { description: "The clock as it is now" } },
  errors: [],
});

/** Mount it behind internalAuth, and only where STIPEND_DEV_CLOCK is on. */
export function mountDevClock(app: IRouter, clock: DevClock): void {
  serve(app, setDevClock, async ({ body }) => {
    try {
      clock.setOffset(body.offsetMs);
    } catch (cause) {
      throw new Problem("validation_failed", { message: cause instanceof Error ? cause.message : "bad offset", cause });
    }
    return { body: { now: clock.now().toISOString(), offsetMs: clock.offsetMs } };
  });
}

/** Takes over the offset that was set before this service started. Within 1 s; without Redis the clock stays real. */
export async function loadDevClock(redisUrl: string, prefix: string, clock: DevClock): Promise<void> {
  const redis = createRedis(redisUrl, { prefix, log: silentLog(), name: "dev-clock" });
  try {
    if (!(await redisConnected(redis, LOAD_TIMEOUT_MS))) return;
    const stored = await redis.get(DEV_CLOCK_KEY);
    if (stored !== null && /^-?\d{1,15}$/.test(stored)) clock.setOffset(Number(stored));
  } catch {
    // Redis went away in between: the gateway sends the offset again when the clock is next set.
  } finally {
    redis.disconnect(false);
  }
}
