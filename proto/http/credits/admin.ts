import { defineRoute } from "@stipend/platform/http/contract";
import { z } from "zod";
import { Amount, Code, DecimalId, Reason, Timestamp, UserId } from "../common.ts";
import { Movement } from "./movement.ts";
import { Refunded, refundBody, refundErrors } from "./refund.ts";
import { AccountStatus, Credits, Version } from "./terms.ts";

const adminParams = z.strictObject({ userId: UserId });

const APPROVAL = {
  description: "Above the four-eyes threshold: waits for a second admin",
  schema: z.object({ approvalId: DecimalId }),
} as const;

export const adminGrant = defineRoute({
  id: "credits.adminGrant",
  method: "POST",
  path: "/api/admin/users/:userId/credits/grants",
  roles: ["admin"],
  summary: "Give credits",
  tags: ["admin"],
  idempotencyKey: "required",
  params: adminParams,
  body: z.strictObject({
    amount: Amount,
    kind: z.enum(["package", "bonus", "purchase", "refund", "adjustment"]).default("bonus"),
    priority: z.int().min(0).max(1_000).optional().meta({ description: "Lower is spent first." }),
    expiresAt: Timestamp.optional().meta({ description: "In the future. Left out: never." }),
    reason: Reason,
  }),
  responses: { 200: { description: "Given", schema: Movement.extend({ grantId: DecimalId }) }, 202: APPROVAL },
  errors: ["idempotency_key_reused"],
});

export const adminAdjust = defineRoute({
  id: "credits.adminAdjust",
  method: "POST",
  path: "/api/admin/users/:userId/credits/adjustments",
  roles: ["admin"],
  summary: "Correct a balance; a negative amount takes at most what is available",
  tags: ["admin"],
  idempotencyKey: "required",
  params: adminParams,
  body: z.strictObject({
    amount: z
      .int()
      .min(-1_000_000)
      .max(1_000_000)
      .refine((amount) => amount !== 0, "must not be 0")
      .meta({ description: "Signed." }),
    reason: Reason,
  }),
  responses: {
    200: {
      description: "Corrected; amount is signed and may be nearer to 0 than what was asked for",
      schema: Movement,
    },
    202: APPROVAL,
  },
  errors: ["insufficient_credits", "idempotency_key_reused"],
});

export const adminRefund = defineRoute({
  id: "credits.adminRefund",
  method: "POST",
  path: "/api/admin/users/:userId/credits/refunds",
  roles: ["admin"],
  summary: "Give back a consumption, all or part",
  tags: ["admin"],
  idempotencyKey: "required",
  params: adminParams,
  body: refundBody,
  responses: { 200: { description: "Given back", schema: Refunded }, 202: APPROVAL },
  errors: refundErrors,
});

export const adminPackage = defineRoute({
  id: "credits.adminPackage",
  method: "POST",
  path: "/api/admin/users/:userId/credits/packages",
  roles: ["admin"],
  summary: "Give a package without payment",
  tags: ["admin"],
  idempotencyKey: "required",
  params: adminParams,
  body: z.strictObject({ code: Code, reason: Reason }),
  responses: {
    200: { description: "Given", schema: Movement.extend({ code: Code, grantId: DecimalId }) },
    202: APPROVAL,
  },
  errors: ["package_not_found", "package_inactive", "idempotency_key_reused"],
});

export const adminReset = defineRoute({
  id: "credits.adminReset",
  method: "POST",
  path: "/api/admin/users/:userId/credits/reset",
  roles: ["admin"],
  summary: "Set an active member's allowance to the quota now; a non-member keeps what there is",
  tags: ["admin"],
  idempotencyKey: "required",
  params: adminParams,
  body: z.strictObject({ reason: Reason }),
  responses: {
    200: {
      description: "What the account holds afterwards",
      schema: z.object({
        userId: UserId,
        reset: z.boolean().meta({ description: "False for a non-member: nothing was changed." }),
        transactionId: DecimalId.nullable(),
        balanceBefore: Credits,
        balanceAfter: Credits,
        version: Version,
      }),
    },
  },
  errors: ["idempotency_key_reused"],
});

const StatusChanged = z.object({ transactionId: DecimalId, userId: UserId, status: AccountStatus, version: Version });

export const adminFreeze = defineRoute({
  id: "credits.adminFreeze",
  method: "POST",
  path: "/api/admin/users/:userId/credits/freeze",
  roles: ["admin"],
  summary: "Freeze an account: nothing can be spent or reserved; holds can still be captured",
  tags: ["admin"],
  idempotencyKey: "required",
  params: adminParams,
  body: z.strictObject({ reason: Reason }),
  responses: { 200: { description: "Frozen", schema: StatusChanged } },
  errors: ["account_already_frozen", "idempotency_key_reused"],
});

export const adminUnfreeze = defineRoute({
  id: "credits.adminUnfreeze",
  method: "POST",
  path: "/api/admin/users/:userId/credits/unfreeze",
  roles: ["admin"],
  summary: "Let a frozen account be used again",
  tags: ["admin"],
  idempotencyKey: "required",
  params: adminParams,
  body: z.strictObject({ reason: Reason }),
  responses: { 200: { description: "Unfrozen", schema: StatusChanged } },
  errors: ["account_not_frozen", "idempotency_key_reused"],
});
