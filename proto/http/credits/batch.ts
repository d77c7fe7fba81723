import { defineRoute } from "@stipend/platform/http/contract";
import { z } from "zod";
import { Amount, DecimalId, Reason, UserId } from "../common.ts";
import { HoldStatus } from "./holds.ts";
import { Feature, Metadata } from "./terms.ts";

const Key = z.string().regex(/^[\x20-\x7e]{1,255}$/, "must be 1-255 printable ASCII characters");

const batchBase = { key: Key, userId: UserId, reason: Reason };

/** One item of a batch. Items are validated one by one: a bad one is answered as such and fails no other. */
export const BatchOperation = z.discriminatedUnion("op", [
  z.strictObject({
    op: z.literal("consume"),
    ...batchBase,
    amount: Amount,
    feature: Feature.optional(),
    metadata: Metadata.optional(),
  }),
  z.strictObject({ op: z.literal("refund"), ...batchBase, transactionId: DecimalId, amount: Amount.optional() }),
  z.strictObject({
    op: z.literal("hold"),
    ...batchBase,
    amount: Amount,
    ttlSeconds: z.int().min(1).max(86_400),
    feature: Feature.optional(),
    metadata: Metadata.optional(),
  }),
  z.strictObject({
    op: z.literal("capture"),
    ...batchBase,
    reason: Reason.optional(),
    holdId: DecimalId,
    amount: Amount.optional(),
  }),
  z.strictObject({ op: z.literal("release"), ...batchBase, reason: Reason.optional(), holdId: DecimalId }),
]);

const MOST_OPERATIONS = 1_000;

export const batch = defineRoute({
  id: "credits.batch",
  method: "POST",
  path: "/api/credits/batch",
  roles: ["service"],
  summary: "Up to 1,000 operations; an outcome for each, in order; one bad item never fails another",
  tags: ["credits"],
  bodyLimit: 1_048_576,
  body: z.strictObject({ operations: z.array(z.unknown()).min(1).max(MOST_OPERATIONS) }),
  documentedBody: z.strictObject({
    operations: z.array(BatchOperation).min(1).max(MOST_OPERATIONS).meta({
      description: "key is the item's idempotency key; the other fields are those of the single calls.",
    }),
  }),
  responses: {
    200: {
      description: "One result an operation, in the order given",
      schema: z.object({
        results: z.array(
          z.looseObject({
            key: z.string().nullable(),
            status: z.int().meta({ description: "The HTTP status the single call would have answered." }),
            code: z.string().optional().meta({ description: "Of a refusal: the problem's code." }),
            replayed: z.boolean().optional(),
            holdStatus: HoldStatus.optional().meta({ description: "Of a capture or release: how the hold ended." }),
          }),
        ),
      }),
    },
  },
  errors: [],
});
