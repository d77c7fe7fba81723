import { defineRoute } from "@stipend/platform/http/contract";
import { z } from "zod";
import { Cursor, DecimalId, PageLimit, page, Reason, Timestamp, UserId } from "../common.ts";
import { refundErrors } from "./refund.ts";
import { Credits, GrantKind } from "./terms.ts";

const ApprovalStatus = z.enum(["pending", "approved", "rejected", "expired"]);

export const Approval = z
  .object({
    id: DecimalId,
    status: ApprovalStatus,
    operation: z.enum(["grant", "adjust", "refund", "package", "repair"]),
    userId: UserId,
    amount: Credits.meta({ description: "The most it may move, signed." }),
    kind: GrantKind.nullable().meta({ description: "Of a grant." }),
    priority: z.int().nullable().meta({ description: "Of a grant." }),
    grantExpiresAt: Timestamp.nullable().meta({ description: "When the grant itself would expire." }),
    refundedTransactionId: DecimalId.nullable().meta({ description: "Of a refund." }),
    code: z.string().nullable().meta({ description: "Of a package." }),
    reason: z.string(),
    proposedBy: z.string(),
    proposedAt: Timestamp,
    expiresAt: Timestamp.meta({ description: "Nobody can approve it from then on." }),
    decidedBy: z.string().nullable(),
    decidedAt: Timestamp.nullable(),
    decisionReason: z.string().nullable(),
    transactionId: DecimalId.nullable().meta({ description: "What an approved one did." }),
  })
  .meta({ id: "Approval" });

export const listApprovals = defineRoute({
  id: "credits.approvals",
  method: "GET",
  path: "/api/admin/approvals",
  roles: ["admin"],
  summary: "What waits, or waited, for a second admin; newest first",
  tags: ["admin"],
  query: z.strictObject({
    status: ApprovalStatus.optional(),
    userId: UserId.optional(),
    limit: PageLimit,
    cursor: Cursor.optional(),
  }),
  responses: { 200: { description: "A page", schema: page(Approval) } },
  errors: ["invalid_cursor"],
});

const approvalParams = z.strictObject({ approvalId: DecimalId });

const decisionBody = z.strictObject({ reason: Reason });

export const approveProposal = defineRoute({
  id: "credits.approve",
  method: "POST",
  path: "/api/admin/approvals/:approvalId/approve",
  roles: ["admin"],
  summary: "Do what another admin proposed, once. The same admin may repeat the call",
  tags: ["admin"],
  params: approvalParams,
  body: decisionBody,
  responses: { 200: { description: "Done; transactionId says what", schema: Approval } },
  errors: [
    "own_proposal",
    "approval_not_found",
    "approval_decided",
    "approval_expired",
    "approval_outdated",
    "insufficient_credits",
    ...refundErrors,
    "package_not_found",
    "package_inactive",
    "payment_reference_used",
  ],
});

export const rejectProposal = defineRoute({
  id: "credits.reject",
  method: "POST",
  path: "/api/admin/approvals/:approvalId/reject",
  roles: ["admin"],
  summary: "End a proposal without doing it; whoever proposed it takes it back like this",
  tags: ["admin"],
  params: approvalParams,
  body: decisionBody,
  responses: { 200: { description: "Ended", schema: Approval } },
  errors: ["approval_not_found", "approval_decided", "approval_expired"],
});
