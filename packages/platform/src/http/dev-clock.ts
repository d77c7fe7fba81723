import type { IRouter } from "express";
import { z } from "zod";
import type { DevClock } from "../clock/clock.ts";
import { defineRoute } from "./contract.ts";
import { Problem } from "./problem.ts";
import { serve } from "./serve.ts";

/** Redis key, below the installation's prefix, of the offset in whole milliseconds. */
export const DEV_CLOCK_KEY = "dev-clock";

const setDevClock = defineRoute({
  id: "internal.devClock",
  method: "PUT",
  path: "/internal/dev/clock",
  roles: ["service"],
  summary: "Moves this service's clock (development only)",
  body: z.strictObject({ offsetMs: z.int() }),
  responses: { 200: { description: "The clock as it is now" } },
  errors: [],
});

/** Mount it only where STIPEND_DEV_CLOCK is on. */
export function serveDevClock(router: IRouter, clock: DevClock): void {
  serve(router, setDevClock, async ({ body }) => {
    try {
      clock.setOffset(body.offsetMs);
    } catch (cause) {
      throw new Problem("validation_failed", { message: cause instanceof Error ? cause.message : "bad offset", cause });
    }
    return { body: { now: clock.now().toISOString(), offsetMs: clock.offsetMs } };
  });
}

/** Takes over the offset that was set before this service started; without Redis the clock stays real. */
export async function loadDevClock(
  redis: { get(key: string): Promise<string | null> },
  clock: DevClock,
): Promise<void> {
  try {
    const stored = await redis.get(DEV_CLOCK_KEY);
    if (stored !== null && /^-?\d{1,15}$/.test(stored)) clock.setOffset(Number(stored));
  } catch {
    // Redis is away: the gateway sends the offset again when the clock is next set.
  }
}
