import { defineRoute } from "@stipend/platform/http/contract";
import { z } from "zod";
import { Timestamp } from "../common.ts";
import { ActsFor, Credits, READERS } from "./terms.ts";

export const usage = defineRoute({
  id: "credits.usage",
  method: "GET",
  path: "/api/credits/usage",
  roles: READERS,
  summary: "Consumption over time, for charts",
  tags: ["credits"],
  query: z.strictObject({
    userId: ActsFor,
    interval: z.enum(["hour", "day", "month"]).default("day"),
    from: Timestamp.optional().meta({ description: "Default: 2 days, 30 days or 12 months before `to`." }),
    to: Timestamp.optional().meta({ description: "Exclusive. Default: now." }),
    groupBy: z.enum(["none", "feature"]).default("none"),
  }),
  responses: {
    200: {
      description: "One entry a bucket, oldest first, empty ones included",
      schema: z.object({
        interval: z.enum(["hour", "day", "month"]),
        timeZone: z.string(),
        from: Timestamp,
        to: Timestamp,
        data: z.array(
          z.object({
            start: Timestamp,
            end: Timestamp,
            consumed: Credits,
            refunded: Credits,
            net: Credits.meta({ description: "consumed − refunded." }),
            operations: z.int(),
            features: z
              .array(
                z.object({ feature: z.string().nullable(), consumed: Credits, refunded: Credits, operations: z.int() }),
              )
              .optional(),
          }),
        ),
      }),
    },
  },
  errors: ["forbidden", "user_not_found"],
});
