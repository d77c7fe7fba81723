import { CodedError } from "@stipend/platform/errors/coded";
import { serve } from "@stipend/platform/http/serve";
import { currentTraceparent } from "@stipend/platform/telemetry/trace";
import * as contract from "@stipend/proto/http/credits/admin";
import type { IRouter } from "express";
import type { StatusOperation } from "../domain/ledger/corrections.ts";
import { giftReference, keyedRequest } from "../usecases/keyed-request.ts";
import { resetAllowance } from "../usecases/reset-allowance.ts";
import { auditOf, originOf } from "./acting.ts";
import { proposed } from "./approval-routes.ts";
import type { RouteDeps } from "./deps.ts";
import { granted, movementBody } from "./present.ts";
import { refusalOf } from "./refusals.ts";
import { doneOrThrow, replied } from "./replies.ts";
import { keyOf } from "./spend-routes.ts";

/** Admin writes: each carries its audit record into the transaction of the change. */
export function adminRoutes(router: IRouter, deps: RouteDeps): void {
  serve(router, contract.adminGrant, async ({ actor, params, body, idempotencyKey }) => {
    const { amount, kind, priority, expiresAt, reason } = body;
    const { userId } = params;
    const op = {
      ...originOf(actor),
      userId,
      amount,
      kind,
      priority,
      expiresAt: expiresAt === undefined ? undefined : new Date(expiresAt),
      reason,
      audit: auditOf(actor, "credits.grant", reason),
      ...keyedRequest("grant", keyOf(idempotencyKey), { userId, amount, kind, priority, expiresAt, reason }),
    };
    const waiting = await proposed(deps, { kind: "grant", op });
    if (waiting !== null) return waiting;
    const result = await deps.operations.grant(op);
    // Judged by the ledger, after it has looked for a repeat: a grant that has expired since is still answered as it was.
    if (result.outcome === "invalid" && expiresAt !== undefined) throw notInTheFuture();
    const done = doneOrThrow(result);
    return replied(done, granted(done));
  });

  serve(router, contract.adminAdjust, async ({ actor, params, body, idempotencyKey }) => {
    const { amount, reason } = body;
    const { userId } = params;
    const op = {
      ...originOf(actor),
      userId,
      amount,
      reason,
      audit: auditOf(actor, "credits.adjust", reason),
      ...keyedRequest("adjust", keyOf(idempotencyKey), { userId, amount, reason }),
    };
    const waiting = await proposed(deps, { kind: "adjust", op });
    if (waiting !== null) return waiting;
    const done = doneOrThrow(await deps.operations.adjust(op));
    return replied(done, { ...movementBody(done), amount: done.transaction.amount });
  });

  serve(router, contract.adminRefund, async ({ actor, params, body, idempotencyKey }) => {
    const { transactionId, amount, reason } = body;
    const { userId } = params;
    const op = {
      ...originOf(actor),
      userId,
      transactionId,
      amount,
      reason,
      audit: auditOf(actor, "credits.refund", reason),
      ...keyedRequest("refund", keyOf(idempotencyKey), { userId, transactionId, amount, reason }),
    };
    const waiting = await proposed(deps, { kind: "refund", op });
    if (waiting !== null) return waiting;
    const done = doneOrThrow(await deps.operations.refund(op));
    return replied(done, { ...movementBody(done), refundedTransactionId: transactionId });
  });

  serve(router, contract.adminPackage, async ({ actor, params, body, idempotencyKey }) => {
    const { code, reason } = body;
    const { userId } = params;
    const key = keyOf(idempotencyKey);
    const op = {
      ...originOf(actor),
      userId,
      code,
      paymentReference: giftReference(userId, key),
      membershipNotRequired: true,
      reason,
      audit: auditOf(actor, "credits.package", reason),
      ...keyedRequest("package", key, { userId, code, reason }),
    };
    const waiting = await proposed(deps, { kind: "purchase", op });
    if (waiting !== null) return waiting;
    const done = doneOrThrow(await deps.operations.purchase(op));
    return replied(done, { ...granted(done), code });
  });

  serve(router, contract.adminReset, async ({ actor, params, body, idempotencyKey }) => {
    const { userId } = params;
    const { reason } = body;
    const { outcome, transaction, account } = await resetAllowance(deps, {
      userId,
      actor: actor.sub,
      reason,
      audit: auditOf(actor, "credits.reset", reason),
      ...keyedRequest("reset", keyOf(idempotencyKey), { userId, reason }),
      traceparent: currentTraceparent(),
    });
    if (outcome === "idempotency_key_reused" || outcome === "invalid") throw refusalOf({ outcome });
    return replied(
      { outcome: outcome === "replayed" ? "replayed" : "ok" },
      {
        userId,
        reset: transaction !== null,
        transactionId: transaction?.id ?? null,
        balanceBefore: transaction?.balanceBefore ?? account?.balance ?? 0,
        balanceAfter: transaction?.balanceAfter ?? account?.balance ?? 0,
        version: transaction?.version ?? account?.version ?? 0,
      },
    );
  });

  statusRoute(router, deps, contract.adminFreeze, "freeze");
  statusRoute(router, deps, contract.adminUnfreeze, "unfreeze");
}

function statusRoute(
  router: IRouter,
  deps: RouteDeps,
  route: typeof contract.adminFreeze | typeof contract.adminUnfreeze,
  action: StatusOperation["action"],
): void {
  serve(router, route, async ({ actor, params, body, idempotencyKey }) => {
    const { userId } = params;
    const { reason } = body;
    const result = await deps.operations.setStatus({
      ...originOf(actor),
      userId,
      action,
      reason,
      audit: auditOf(actor, `credits.${action}`, reason),
      ...keyedRequest(action, keyOf(idempotencyKey), { userId, reason }),
    });
    const done = doneOrThrow(result);
    const { id, statusAfter, version } = done.transaction;
    return replied(done, { transactionId: id, userId, status: statusAfter, version });
  });
}

function notInTheFuture(): CodedError {
  return new CodedError("validation_failed", {
    message: "expiresAt must lie in the future",
    details: { errors: [{ field: "/expiresAt", in: "body", message: "must lie in the future" }] },
  });
}
