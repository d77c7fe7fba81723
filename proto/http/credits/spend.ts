import { defineRoute } from "@stipend/platform/http/contract";
import { z } from "zod";
import { Amount, Reason } from "../common.ts";
import { Movement } from "./movement.ts";
import { ActsFor, Feature, Metadata } from "./terms.ts";

export const spendingErrors = [
  "insufficient_credits",
  "account_frozen",
  "idempotency_key_reused",
  "forbidden",
] as const;

export const consume = defineRoute({
  id: "credits.consume",
  method: "POST",
  path: "/api/credits/consume",
  roles: ["user", "service"],
  summary: "Spend credits",
  tags: ["credits"],
  idempotencyKey: "required",
  body: z.strictObject({
    amount: Amount,
    reason: Reason,
    feature: Feature.optional(),
    metadata: Metadata.optional(),
    userId: ActsFor,
  }),
  responses: { 200: { description: "Spent", schema: Movement } },
  errors: spendingErrors,
});
