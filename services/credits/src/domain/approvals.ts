// Four eyes: what an admin proposes and another one approves. Pure types and rules.
import type { AdjustOperation, GrantOperation } from "./ledger/corrections.ts";
import type { Audit, Keyed, Origin } from "./ledger/operation.ts";
import type { PurchaseOperation } from "./ledger/packages.ts";
import type { RefundOperation } from "./ledger/spending.ts";
import type { GrantKind, LedgerId, UserId } from "./ledger/terms.ts";
import type { RepairOperation } from "./repairs.ts";

/** As the ledger row of an approved one has it. */
export type ProposableKind = "grant" | "adjust" | "refund" | "purchase" | "repair";

/** An operation that may have to wait for a second admin. */
export type Proposable =
  | { readonly kind: "grant"; readonly op: GrantOperation }
  | { readonly kind: "adjust"; readonly op: AdjustOperation }
  | { readonly kind: "refund"; readonly op: RefundOperation & { readonly userId: UserId } }
  | { readonly kind: "purchase"; readonly op: PurchaseOperation }
  | { readonly kind: "repair"; readonly op: RepairOperation };

/** What an operation needs besides its amount, as it is kept. */
export interface ProposedRequest {
  readonly kind?: GrantKind;
  readonly priority?: number;
  /** ISO 8601. */
  readonly expiresAt?: string;
  readonly transactionId?: LedgerId;
  readonly amount?: number;
  readonly code?: string;
  readonly paymentReference?: string;
  /** Of a repair: the plan that was looked at. */
  readonly proposal?: string;
}

export interface Proposal extends Origin, Keyed {
  readonly userId: UserId;
  readonly kind: ProposableKind;
  /** The most it may move, signed, not 0. */
  readonly amount: number;
  readonly request: ProposedRequest;
  readonly expiresAt: Date;
}

export type ApprovalStatus = "pending" | "approved" | "rejected" | "expired";

export interface Approval extends Keyed {
  readonly id: LedgerId;
  readonly userId: UserId;
  readonly kind: ProposableKind;
  readonly amount: number;
  readonly request: ProposedRequest;
  readonly reason: string;
  readonly proposedBy: string;
  readonly proposedAt: Date;
  readonly expiresAt: Date;
  /** Judged by the moment of the read: nothing marks a proposal that has run out. */
  readonly status: ApprovalStatus;
  readonly decidedBy: string | null;
  readonly decidedAt: Date | null;
  readonly decisionReason: string | null;
  /** The ledger row of an approved one. */
  readonly transactionId: LedgerId | null;
}

export type ProposalResult =
  | { readonly outcome: "ok" | "replayed"; readonly approval: Approval }
  /** in_ledger: the ledger has done something under this key already, so it answers. */
  | { readonly outcome: "idempotency_key_reused" | "in_ledger" | "invalid" };

export interface Decision {
  readonly approvalId: LedgerId;
  readonly decision: "approve" | "reject";
  readonly actor: string;
  readonly reason: string;
  readonly traceparent?: string | undefined;
  readonly audit?: Audit | undefined;
}

export type DecisionResult =
  | { readonly outcome: "ok" | "replayed"; readonly approval: Approval }
  | {
      readonly outcome: "approval_not_found" | "own_proposal" | "approval_decided" | "approval_expired" | "invalid";
      readonly approval: Approval | null;
    };

export interface ApprovalFilter {
  readonly status?: ApprovalStatus | undefined;
  readonly userId?: UserId | undefined;
  /** Proposals older than this one; the cursor. */
  readonly beforeId?: number | undefined;
  readonly limit: number;
}

/** Whether one admin alone may do it. @param threshold credits; what is above it needs two. */
export function needsSecondAdmin(amount: number, threshold: number): boolean {
  return Math.abs(amount) > threshold;
}

/** What is kept of an operation until somebody decides. */
export function requestOf({ kind, op }: Proposable): ProposedRequest {
  switch (kind) {
    case "grant":
      return {
        kind: op.kind,
        ...(op.priority === undefined ? {} : { priority: op.priority }),
        ...(op.expiresAt === undefined ? {} : { expiresAt: op.expiresAt.toISOString() }),
      };
    case "adjust":
      return {};
    case "refund":
      return { transactionId: op.transactionId, ...(op.amount === undefined ? {} : { amount: op.amount }) };
    case "purchase":
      return { code: op.code, paymentReference: op.paymentReference };
    case "repair":
      return { proposal: op.proposal };
  }
}

/** Who approves, and what the audit log shall know of the act. */
export interface Approver {
  readonly actor: string;
  readonly traceparent?: string | undefined;
  readonly audit: Audit;
}

/**
 * The operation as it runs once it is approved: under the proposing request's key and reason, by the approver, with
 * both names in its metadata.
 *
 * @throws Error when what was kept does not make an operation: a defect.
 */
export function operationOf(approval: Approval, { actor, traceparent, audit }: Approver): Proposable {
  const { userId, amount, request, reason, requestKey, requestHash } = approval;
  const base = {
    userId,
    reason,
    requestKey,
    requestHash,
    actor,
    traceparent,
    metadata: { approvalId: approval.id, proposedBy: approval.proposedBy, approvedBy: actor },
    audit,
  };
  switch (approval.kind) {
    case "grant":
      return {
        kind: "grant",
        op: {
          ...base,
          amount,
          kind: required(request.kind) as GrantOperation["kind"],
          priority: request.priority,
          expiresAt: request.expiresAt === undefined ? undefined : new Date(request.expiresAt),
        },
      };
    case "adjust":
      return { kind: "adjust", op: { ...base, amount } };
    case "refund":
      return {
        kind: "refund",
        op: { ...base, transactionId: required(request.transactionId), amount: request.amount },
      };
    case "purchase":
      return {
        kind: "purchase",
        op: {
          ...base,
          code: required(request.code),
          paymentReference: required(request.paymentReference),
          membershipNotRequired: true,
        },
      };
    case "repair":
      return { kind: "repair", op: { ...base, proposal: required(request.proposal) } };
  }
}

/**
 * Whether what an approved operation did is what was approved. A repair that would do something else is refused by the
 * ledger itself, by the name of its plan.
 */
export function keepsTo(approval: Approval, moved: number): boolean {
  return approval.kind === "repair" || isWithin(moved, approval.amount);
}

/** An approved operation may move less than was proposed (what is left, what is available), never more. */
export function isWithin(moved: number, proposed: number): boolean {
  return Math.sign(moved) === Math.sign(proposed) && Math.abs(moved) <= Math.abs(proposed);
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("a proposal lacks what its operation needs");
  return value;
}
