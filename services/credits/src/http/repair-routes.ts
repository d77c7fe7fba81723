import { serve } from "@stipend/platform/http/serve";
import {
  type BooksRepairRequest,
  type BooksRepairResponse,
  booksRepair,
  repairPlans,
} from "@stipend/proto/http/checks";
import type { IRouter } from "express";
import { propose } from "../usecases/four-eyes.ts";
import { keyedRequest } from "../usecases/keyed-request.ts";
import { planRepairs, RepairIncomplete, repairBooks } from "../usecases/repair-books.ts";
import { auditOf, originOf } from "./acting.ts";
import type { RouteDeps } from "./deps.ts";
import { refusalOf } from "./refusals.ts";

/** The repair of books: the monitor looks, and asks in an admin's name. */
export function repairRoutes(router: IRouter, deps: RouteDeps): void {
  serve(router, repairPlans, async ({ body }) => ({ body: { data: await planRepairs(deps.ledger, body.userIds) } }));

  serve(router, booksRepair, async ({ actor, body }) => {
    const op = { ...originOf(actor), ...operationOf(body), audit: auditOf(actor, "credits.repair", body.reason) };
    const answer = (outcome: BooksRepairResponse["outcome"], more: Partial<BooksRepairResponse> = {}) => ({
      body: { userId: body.userId, transactionId: null, approvalId: null, ...more, outcome },
    });
    const waiting = await propose(deps.fourEyes, { kind: "repair", op });
    if (waiting !== null) {
      if (!("approval" in waiting)) throw refusalOf(waiting);
      return answer("waits", { approvalId: waiting.approval.id });
    }
    try {
      const result = await repairBooks(deps.fourEyes, op);
      if (result.outcome === "ok" || result.outcome === "replayed") {
        return answer("repaired", { transactionId: result.transaction.id });
      }
      if (result.outcome === "nothing_to_repair" || result.outcome === "proposal_outdated")
        return answer(result.outcome);
      throw refusalOf(result);
    } catch (error) {
      if (!(error instanceof RepairIncomplete)) throw error;
      deps.log.error({ err: error, userId: body.userId }, "a repair would not make the books agree; nothing was done");
      return answer("impossible");
    }
  });
}

function operationOf({ userId, proposal, key, reason }: BooksRepairRequest) {
  return { userId, proposal, reason, ...keyedRequest("repair", key, { userId, proposal, reason }) };
}
