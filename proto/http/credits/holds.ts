import { defineRoute } from "@stipend/platform/http/contract";
import { z } from "zod";
import { Amount, DecimalId, Reason, Timestamp, UserId } from "../common.ts";
import { movementShape } from "./movement.ts";
import { spendingErrors } from "./spend.ts";
import { ActsFor, Credits, Feature, Metadata, READERS, Version } from "./terms.ts";

export const HoldStatus = z.enum(["open", "captured", "released", "expired"]);

export const Hold = z
  .object({
    holdId: DecimalId,
    userId: UserId,
    amount: Credits,
    captured: Credits,
    status: HoldStatus,
    expiresAt: Timestamp,
    createdAt: Timestamp,
    endedAt: Timestamp.nullable(),
    reason: z.string(),
    feature: z.string().nullable(),
    transactionId: DecimalId.nullable().meta({ description: "The consumption of a capture." }),
  })
  .meta({ id: "CreditHold" });

const HoldMade = z.object({
  holdId: DecimalId,
  userId: UserId,
  amount: Credits,
  expiresAt: Timestamp,
  version: Version,
  balanceAfter: Credits,
  heldAfter: Credits,
  available: Credits,
});

const HoldEnded = z.object({
  ...movementShape,
  holdId: DecimalId,
  status: HoldStatus,
});

export const createHold = defineRoute({
  id: "credits.hold",
  method: "POST",
  path: "/api/credits/holds",
  roles: ["service"],
  summary: "Reserve credits until captured, released or expired",
  tags: ["credits"],
  idempotencyKey: "required",
  body: z.strictObject({
    userId: UserId,
    amount: Amount,
    ttlSeconds: z.int().min(1).max(86_400),
    reason: Reason,
    feature: Feature.optional(),
    metadata: Metadata.optional(),
  }),
  responses: { 201: { description: "Reserved", schema: HoldMade } },
  errors: spendingErrors,
});

const holdParams = z.strictObject({ holdId: DecimalId });

export const getHold = defineRoute({
  id: "credits.getHold",
  method: "GET",
  path: "/api/credits/holds/:holdId",
  roles: READERS,
  summary: "A hold and how it ended",
  tags: ["credits"],
  params: holdParams,
  responses: { 200: { description: "The hold", schema: Hold } },
  errors: ["hold_not_found"],
});

export const listHolds = defineRoute({
  id: "credits.holds",
  method: "GET",
  path: "/api/credits/holds",
  roles: READERS,
  summary: "The open holds of an account, newest first, at most 100",
  tags: ["credits"],
  query: z.strictObject({ userId: ActsFor }),
  responses: { 200: { description: "What is reserved, and until when", schema: z.object({ data: z.array(Hold) }) } },
  errors: ["forbidden", "user_not_found"],
});

export const captureHold = defineRoute({
  id: "credits.capture",
  method: "POST",
  path: "/api/credits/holds/:holdId/capture",
  roles: ["service"],
  summary: "Spend a hold, all or part; the rest is freed",
  tags: ["credits"],
  idempotencyKey: "required",
  params: holdParams,
  body: z.strictObject({ amount: Amount.optional(), reason: Reason.optional() }),
  responses: { 200: { description: "Spent", schema: HoldEnded } },
  errors: ["hold_not_found", "hold_ended", "capture_exceeds_hold", "idempotency_key_reused"],
});

export const releaseHold = defineRoute({
  id: "credits.release",
  method: "POST",
  path: "/api/credits/holds/:holdId/release",
  roles: ["service"],
  summary: "Free a hold",
  tags: ["credits"],
  idempotencyKey: "required",
  params: holdParams,
  body: z.strictObject({ reason: Reason.optional() }),
  responses: { 200: { description: "Freed", schema: HoldEnded } },
  errors: ["hold_not_found", "hold_ended", "idempotency_key_reused"],
});
