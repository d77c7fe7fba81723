import { defineRoute } from "@stipend/platform/http/contract";
import { z } from "zod";
import { Amount, DecimalId, Reason } from "../common.ts";
import { Movement } from "./movement.ts";

export const refundBody = z.strictObject({
  transactionId: DecimalId,
  amount: Amount.optional().meta({ description: "Left out: all that is left of it." }),
  reason: Reason,
});

export const refundErrors = [
  "transaction_not_found",
  "not_refundable",
  "nothing_to_refund",
  "refund_exceeds_original",
  "idempotency_key_reused",
] as const;

export const Refunded = Movement.extend({ refundedTransactionId: DecimalId });

export const refund = defineRoute({
  id: "credits.refund",
  method: "POST",
  path: "/api/credits/refund",
  roles: ["service"],
  summary: "Give back a consumption, all or part, to the grants it came from",
  tags: ["credits"],
  idempotencyKey: "required",
  body: refundBody,
  responses: { 200: { description: "Given back", schema: Refunded } },
  errors: refundErrors,
});
