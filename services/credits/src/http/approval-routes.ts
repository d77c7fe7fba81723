import type { Actor } from "@stipend/platform/auth/actor";
import { CodedError } from "@stipend/platform/errors/coded";
import { decodeCursor, toPage } from "@stipend/platform/http/pagination";
import { type Reply, serve } from "@stipend/platform/http/serve";
import * as contract from "@stipend/proto/http/credits/approvals";
import type { IRouter } from "express";
import { z } from "zod";
import type { Approval, Decision, DecisionResult, Proposable } from "../domain/approvals.ts";
import { approve, NotExecuted, ProposalOutdated, propose, reject } from "../usecases/four-eyes.ts";
import { RepairIncomplete } from "../usecases/repair-books.ts";
import { auditOf, originOf } from "./acting.ts";
import type { RouteDeps } from "./deps.ts";
import { approvalBody } from "./present.ts";
import { refusalOf } from "./refusals.ts";
import { replied } from "./replies.ts";

const Position = z.strictObject({ i: z.int().min(1) });

/** The name of each operation in the audit log, as when one admin does it alone. */
const ACTIONS = {
  grant: "credits.grant",
  adjust: "credits.adjust",
  refund: "credits.refund",
  purchase: "credits.package",
  repair: "credits.repair",
} as const satisfies Record<Approval["kind"], string>;

const OUTDATED: ReadonlySet<string> = new Set(["invalid", "proposal_outdated", "nothing_to_repair"]);

/** Proposals that wait for a second admin. */
export function approvalRoutes(router: IRouter, deps: RouteDeps): void {
  const { fourEyes, clock } = deps;

  serve(router, contract.listApprovals, async ({ query }) => {
    const { limit, cursor, status, userId } = query;
    const beforeId = decodeCursor(cursor, Position)?.i;
    const found = await fourEyes.approvals.approvals(clock.now(), { status, userId, beforeId, limit: limit + 1 });
    const body = toPage(found, limit, approvalBody, ({ id }) => ({ i: Number(id) }));
    return { body, subjects: body.data.map((approval) => approval.userId) };
  });

  serve(router, contract.approveProposal, async ({ actor, params, body }) => {
    const decision = decisionOf(actor, params.approvalId, "approve", body.reason);
    const auditFor = ({ kind, id, reason, proposedBy }: Approval) =>
      auditOf(actor, ACTIONS[kind], `${reason} (approval ${id}, proposed by ${proposedBy}, approved by ${actor.sub})`);
    return decided(await approve(fourEyes, decision, auditFor).catch(refuseExecution));
  });

  serve(router, contract.rejectProposal, async ({ actor, params, body }) =>
    decided(await reject(fourEyes, decisionOf(actor, params.approvalId, "reject", body.reason))),
  );
}

/**
 * The answer to an operation that waits for a second admin: 202; null: one is enough.
 * @throws CodedError `idempotency_key_reused`.
 */
export async function proposed(deps: RouteDeps, proposable: Proposable): Promise<Reply | null> {
  const result = await propose(deps.fourEyes, proposable);
  if (result === null) return null;
  if (result.outcome !== "ok" && result.outcome !== "replayed") throw refusalOf(result);
  return replied(result, { approvalId: result.approval.id }, 202);
}

function decisionOf(actor: Actor, approvalId: string, decision: Decision["decision"], reason: string): Decision {
  return {
    approvalId,
    decision,
    ...originOf(actor),
    reason,
    audit: auditOf(actor, `approval.${decision}`, reason),
  };
}

function decided(result: DecisionResult): Reply {
  if (result.outcome === "ok" || result.outcome === "replayed") return replied(result, approvalBody(result.approval));
  if (result.outcome === "approval_decided") {
    throw new CodedError(result.outcome, { details: { approvalStatus: result.approval?.status } });
  }
  throw refusalOf(result);
}

/** Nothing was done: what the ledger said, or that the proposal no longer fits. */
function refuseExecution(error: unknown): never {
  if (error instanceof ProposalOutdated) throw new CodedError("approval_outdated", { message: error.message });
  if (error instanceof RepairIncomplete) throw new CodedError("approval_outdated", { message: error.message });
  if (!(error instanceof NotExecuted)) throw error;
  // A grant whose own end has come while it waited, or an account in which something else differs by now.
  if (OUTDATED.has(error.result.outcome)) throw new CodedError("approval_outdated");
  throw refusalOf(error.result);
}
