import { defineRoute } from "@stipend/platform/http/contract";
import { z } from "zod";

/** What every service answers itself, before its router: for balancers and watchers. */

const PartState = z.looseObject({ ok: z.boolean() });

export const healthz = defineRoute({
  id: "health.alive",
  method: "GET",
  path: "/healthz",
  roles: "anyone",
  summary: "The process is alive",
  tags: ["health"],
  responses: { 200: { description: "It is", schema: z.object({ status: z.literal("alive") }) } },
  errors: [],
});

const Readiness = z.object({
  status: z.enum(["ready", "not_ready", "draining"]),
  parts: z.record(z.string(), PartState).meta({ description: "What it depends on; the optional ones included." }),
});

export const readyz = defineRoute({
  id: "health.ready",
  method: "GET",
  path: "/readyz",
  roles: "anyone",
  summary: "The service can do its work",
  tags: ["health"],
  responses: {
    200: { description: "It can", schema: Readiness },
    503: { description: "It cannot: not yet, or it is stopping", schema: Readiness },
  },
  errors: [],
});
