import {
  type Approval,
  type ApprovalFilter,
  type Approver,
  type Decision,
  type DecisionResult,
  needsSecondAdmin as isAbove,
  keepsTo,
  operationOf,
  type Proposable,
  type Proposal,
  type ProposalResult,
  requestOf,
} from "../domain/approvals.ts";
import type { Audit } from "../domain/ledger/operation.ts";
import type { LedgerId, UserId } from "../domain/ledger/terms.ts";
import { mostChanged } from "../domain/repairs.ts";
import type { Clock, Ledger, LedgerReads } from "./ports.ts";
import { planRepairs } from "./repair-books.ts";
import { type OperationResult, runOperations } from "./run-operations.ts";

const HOUR_MS = 3_600_000;

export interface ApprovalReads {
  /** Null: nothing was ever proposed under this key. */
  approvalByKey(now: Date, userId: UserId, kind: Approval["kind"], requestKey: string): Promise<Approval | null>;
  /** Newest first. */
  approvals(now: Date, filter: ApprovalFilter): Promise<Approval[]>;
}

export interface FourEyesPorts {
  readonly ledger: Ledger;
  readonly approvals: ApprovalReads;
  readonly reads: Pick<LedgerReads, "transaction" | "package">;
  readonly clock: Clock;
  readonly timeZone: string;
  /** Credits; a single operation above it waits for a second admin. */
  readonly threshold: number;
  readonly proposalHours: number;
}

/**
 * Keeps an operation that is too large for one admin as a proposal.
 *
 * @returns null: one admin is enough, or the ledger itself answers (nothing such can be done, or it was done under this
 *   key before). A key under which something was proposed goes on answering with that proposal, whatever became of it
 *   and of the threshold.
 */
export async function propose(
  ports: FourEyesPorts,
  proposable: Proposable,
): Promise<Exclude<ProposalResult, { readonly outcome: "in_ledger" }> | null> {
  const { kind, op } = proposable;
  const now = ports.clock.now();
  const amount = await mostMoved(ports, proposable, now);
  if (!needsSecondAdmin(amount, ports.threshold)) {
    const known = await ports.approvals.approvalByKey(now, op.userId, kind, op.requestKey);
    if (known === null) return null;
  }
  const { userId, actor, reason, traceparent, requestKey, requestHash, audit } = op;
  const expiresAt = new Date(now.getTime() + ports.proposalHours * HOUR_MS);
  const origin = { actor, reason, traceparent, requestKey, requestHash, audit: proposing(audit) };
  const proposal: Proposal = { ...origin, userId, kind, amount, request: requestOf(proposable), expiresAt };
  const result = await ports.ledger.write("approvals.propose", async (session) =>
    only(await session.propose(now, [proposal])),
  );
  return result.outcome === "in_ledger" ? null : result;
}

/** Whether one admin alone may move so much. */
export function needsSecondAdmin(amount: number, threshold: number): boolean {
  return isAbove(amount, threshold);
}

function proposing(audit: Audit | undefined): Audit | undefined {
  return audit === undefined ? undefined : { ...audit, action: "approval.propose" };
}

/** Signed; 0 for what the ledger would refuse anyway, and so may judge at once. */
async function mostMoved(ports: FourEyesPorts, { kind, op }: Proposable, now: Date): Promise<number> {
  switch (kind) {
    case "grant":
      return op.expiresAt !== undefined && op.expiresAt <= now ? 0 : op.amount;
    case "adjust":
      return op.amount;
    case "refund": {
      const consumed = await ports.reads.transaction(op.transactionId);
      if (consumed === null || consumed.userId !== op.userId || consumed.type !== "consume") return 0;
      return op.amount ?? -consumed.amount;
    }
    case "purchase":
      return (await ports.reads.package(op.code))?.credits ?? 0;
    case "repair": {
      const [plan] = await planRepairs(ports.ledger, [op.userId]);
      return plan === undefined || plan.proposal !== op.proposal ? 0 : mostChanged(plan);
    }
  }
}

/** The operation of an approved proposal would not be done now; the proposal goes on waiting. */
export class NotExecuted extends Error {
  readonly result: Pick<OperationResult, "outcome">;

  constructor(result: OperationResult) {
    super(`the approved operation was refused: ${result.outcome}`);
    this.name = "NotExecuted";
    this.result = result;
  }
}

/** What would be done is more than was proposed (the package was changed since); nothing was done. */
export class ProposalOutdated extends Error {
  constructor(approvalId: LedgerId) {
    super(`proposal ${approvalId} would move more than it says`);
    this.name = "ProposalOutdated";
  }
}

/**
 * Approves a proposal and does what it says, in one transaction: either both stand or neither does. The operation runs
 * under the proposing request's key, so the ledger's own unique key lets it happen once.
 *
 * @param auditFor the audit record of the operation itself; that of the decision stands in `decision`.
 * @throws NotExecuted, ProposalOutdated: everything was rolled back.
 */
export async function approve(
  ports: FourEyesPorts,
  decision: Decision,
  auditFor: (approval: Approval) => Approver["audit"],
): Promise<DecisionResult> {
  return ports.ledger.write("approvals.approve", async (session) => {
    const now = ports.clock.now();
    const decided = only(await session.decide(now, [decision]));
    if (decided.outcome !== "ok") return decided;
    const { approval } = decided;
    const { actor, traceparent } = decision;
    const operation = operationOf(approval, { actor, traceparent, audit: auditFor(approval) });
    const done = only(await runOperations(session, now, [operation], { timeZone: ports.timeZone }));
    if (!("transaction" in done)) throw new NotExecuted(done);
    if (!keepsTo(approval, done.transaction.amount)) throw new ProposalOutdated(approval.id);
    return { outcome: "ok", approval: { ...approval, transactionId: done.transaction.id } };
  });
}

/** Ends a proposal without doing anything; the one who made it may take it back like this. */
export async function reject(ports: FourEyesPorts, decision: Decision): Promise<DecisionResult> {
  return ports.ledger.write("approvals.reject", async (session) =>
    only(await session.decide(ports.clock.now(), [decision])),
  );
}

function only<T>(results: readonly T[]): T {
  const [result] = results;
  if (result === undefined || results.length !== 1) throw new Error("one answer was expected");
  return result;
}
