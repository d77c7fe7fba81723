import { defineRoute } from "@stipend/platform/http/contract";
import { z } from "zod";
import { Timestamp } from "./common.ts";

/** What the gateway answers itself. Metered features come on top of these, from deploy/features.yaml. */

const Whole = z.int().min(-12_000).max(12_000);

export const Duration = z
  .union([
    z.string().regex(/^P(?=.)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+S)?)?$/, "must be like P1M or PT1H"),
    z.strictObject({
      years: Whole.optional(),
      months: Whole.optional(),
      weeks: Whole.optional(),
      days: Whole.optional(),
      hours: Whole.optional(),
      minutes: Whole.optional(),
      seconds: Whole.optional(),
    }),
  ])
  .meta({ description: "ISO 8601 (PT1H, P1M) or an object of units; months and years are calendar months in UTC." });

export const ClockSetting = z
  .strictObject({
    now: Timestamp.optional().meta({ description: "The time it shall be." }),
    advance: Duration.optional(),
    real: z.literal(true).optional().meta({ description: "Back to the real time." }),
  })
  .refine((set) => Object.values(set).filter((value) => value !== undefined).length === 1, {
    message: "must have exactly one of now, advance, real",
  });

export const ClockReading = z
  .object({
    now: Timestamp,
    offsetMs: z.int().meta({ description: "Milliseconds that the services' clocks stand off the real one." }),
  })
  .meta({ id: "DevClock" });

export const getDevClock = defineRoute({
  id: "gateway.getDevClock",
  method: "GET",
  path: "/api/dev/clock",
  roles: ["admin"],
  summary: "What time it is for the services (development only)",
  tags: ["development"],
  responses: { 200: { description: "The clock", schema: ClockReading } },
  errors: [],
});

export const putDevClock = defineRoute({
  id: "gateway.putDevClock",
  method: "PUT",
  path: "/api/dev/clock",
  roles: ["admin"],
  summary: "Move the clock of every service (development only)",
  tags: ["development"],
  body: ClockSetting,
  responses: { 200: { description: "Every service has moved", schema: ClockReading } },
  errors: ["clock_not_everywhere"],
});

/** Data of the event `credits`: the state right after the change, and the change unless it is the first event. */
export const CreditsEvent = z
  .object({
    userId: z.string(),
    balance: z.int(),
    held: z.int(),
    available: z.int(),
    version: z.int(),
    status: z.enum(["active", "frozen"]),
    allowance: z
      .object({
        tier: z.string(),
        monthlyCredits: z.int(),
        remaining: z.int(),
        nextResetAt: Timestamp.nullable(),
      })
      .nullable(),
    transaction: z
      .object({
        id: z.string(),
        type: z.string(),
        amount: z.int(),
        balanceBefore: z.int(),
        balanceAfter: z.int(),
        heldAfter: z.int(),
        reason: z.string(),
        feature: z.string().nullable(),
        createdAt: Timestamp,
      })
      .nullable(),
  })
  .meta({ id: "CreditsEvent" });

/** Data of the event `membership`: the fields of GET /api/membership that its events carry. */
export const MembershipEvent = z
  .object({
    userId: z.string(),
    tier: z.string().nullable(),
    status: z.string(),
    cycle: z.string().nullable(),
    startedAt: Timestamp.nullable(),
    currentPeriodStart: Timestamp.nullable(),
    currentPeriodEnd: Timestamp.nullable(),
    expiresAt: Timestamp.nullable(),
    cancelAtPeriodEnd: z.boolean(),
    pendingTier: z.string().nullable(),
    monthlyCredits: z.int().nullable(),
    version: z.int(),
  })
  .meta({ id: "MembershipEvent" });

export const events = defineRoute({
  id: "gateway.events",
  method: "GET",
  path: "/api/events",
  roles: ["user"],
  summary: "Server-sent events `credits` and `membership` of the caller, each with its whole state and version",
  tags: ["events"],
  responses: {
    200: {
      description:
        "First the present state of both (left out when Last-Event-ID says it is known), then every change. The id of an event is `<credits version>-<membership version>`. Data: CreditsEvent or MembershipEvent as JSON.",
      contentType: "text/event-stream",
      schema: z.union([CreditsEvent, MembershipEvent]),
    },
  },
  errors: ["too_many_streams", "overloaded", "upstream_unavailable"],
});

export const openapi = defineRoute({
  id: "gateway.openapi",
  method: "GET",
  path: "/api/openapi.json",
  roles: "anyone",
  summary: "This document: OpenAPI 3.1, with the metered features that are in force",
  tags: ["documentation"],
  responses: { 200: { description: "OpenAPI 3.1", schema: z.looseObject({ openapi: z.string() }) } },
  errors: [],
});

export const docs = defineRoute({
  id: "gateway.docs",
  method: "GET",
  path: "/api/docs",
  roles: "anyone",
  summary: "The documentation as a page",
  tags: ["documentation"],
  responses: { 200: { description: "The page", contentType: "text/html" } },
  errors: [],
});

export const docsAsset = defineRoute({
  id: "gateway.docsAsset",
  method: "GET",
  path: "/api/docs/:file",
  roles: "anyone",
  summary: "Script and style of the page",
  tags: ["documentation"],
  params: z.strictObject({ file: z.enum(["docs.js", "docs-dom.js", "docs-schema.js", "docs-try.js", "docs.css"]) }),
  responses: { 200: { description: "The file", contentType: "text/plain" } },
  errors: [],
});
