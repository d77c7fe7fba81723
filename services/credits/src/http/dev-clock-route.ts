import type { DevClock } from "@stipend/platform/clock/clock";
import { defineRoute } from "@stipend/platform/http/contract";
import { serve } from "@stipend/platform/http/serve";
import type { IRouter } from "express";
import { z } from "zod";

const contract = defineRoute({
  id: "credits.devClock",
  method: "PUT",
  path: "/internal/dev/clock",
  roles: ["service", "admin"],
  summary: "Move this service's domain time; only in development",
  body: z.strictObject({ offsetMs: z.int() }),
  responses: { 200: { description: "Moved", schema: z.object({ now: z.iso.datetime(), offsetMs: z.int() }) } },
  errors: [],
});

/** The gateway moves every service's clock before it answers; what falls due by it is served right after. */
export function devClockRoute(router: IRouter, clock: DevClock): void {
  serve(router, contract, async ({ body }) => {
    clock.setOffset(body.offsetMs);
    return { body: { now: clock.now().toISOString(), offsetMs: clock.offsetMs } };
  });
}
