import { serve } from "@stipend/platform/http/serve";
import { captureHold, createHold, releaseHold } from "@stipend/proto/http/credits/holds";
import { purchase } from "@stipend/proto/http/credits/packages";
import { refund } from "@stipend/proto/http/credits/refund";
import { consume } from "@stipend/proto/http/credits/spend";
import type { IRouter } from "express";
import { keyedRequest } from "../usecases/keyed-request.ts";
import { waysOut } from "../usecases/ways-out.ts";
import { ACT_FOR_OTHERS, accountOf, mayAct, originOf } from "./acting.ts";
import type { RouteDeps } from "./deps.ts";
import { granted, holdEndedBody, holdMadeBody, movementBody } from "./present.ts";
import { refusalOf } from "./refusals.ts";
import { doneOrThrow, isDone, replied } from "./replies.ts";

export function spendRoutes(router: IRouter, deps: RouteDeps): void {
  const { operations } = deps;

  serve(
    router,
    consume,
    async ({ actor, body, idempotencyKey }) => {
      const { amount, reason, feature, metadata } = body;
      const userId = accountOf(actor, body.userId, ACT_FOR_OTHERS);
      const result = await operations.consume({
        ...originOf(actor),
        userId,
        amount,
        reason,
        feature,
        metadata,
        ...keyedRequest("consume", keyOf(idempotencyKey), { userId, amount, reason, feature, metadata }),
      });
      if (result.outcome === "insufficient_credits") throw refusalOf(result, await waysOut(deps, result));
      const done = doneOrThrow(result);
      return replied(done, movementBody(done));
    },
    { authorize: mayAct },
  );

  serve(router, refund, async ({ actor, body, idempotencyKey }) => {
    const { transactionId, amount, reason } = body;
    const done = doneOrThrow(
      await operations.refund({
        ...originOf(actor),
        transactionId,
        amount,
        reason,
        ...keyedRequest("refund", keyOf(idempotencyKey), { transactionId, amount, reason }),
      }),
    );
    return replied(done, { ...movementBody(done), refundedTransactionId: transactionId });
  });

  serve(router, createHold, async ({ actor, body, idempotencyKey }) => {
    const { userId, amount, ttlSeconds, reason, feature, metadata } = body;
    const result = await operations.hold({
      ...originOf(actor),
      userId,
      amount,
      ttlSeconds,
      reason,
      feature,
      metadata,
      ...keyedRequest("hold", keyOf(idempotencyKey), { userId, amount, ttlSeconds, reason, feature, metadata }),
    });
    if (result.outcome === "insufficient_credits") throw refusalOf(result, await waysOut(deps, result));
    if (!isDone(result)) throw refusalOf(result);
    return replied(result, holdMadeBody(result), 201);
  });

  serve(router, captureHold, async ({ actor, params, body, idempotencyKey }) => {
    const { holdId } = params;
    const { amount, reason } = body;
    const done = doneOrThrow(
      await operations.capture({
        ...originOf(actor),
        holdId,
        amount,
        reason: reason ?? "",
        ...keyedRequest("capture", keyOf(idempotencyKey), { holdId, amount, reason }),
      }),
    );
    return replied(done, holdEndedBody(done));
  });

  serve(router, releaseHold, async ({ actor, params, body, idempotencyKey }) => {
    const { holdId } = params;
    const { reason } = body;
    const done = doneOrThrow(
      await operations.release({
        ...originOf(actor),
        holdId,
        reason: reason ?? "",
        ...keyedRequest("release", keyOf(idempotencyKey), { holdId, reason }),
      }),
    );
    return replied(done, holdEndedBody(done));
  });

  serve(router, purchase, async ({ actor, params, body, idempotencyKey }) => {
    const { code } = params;
    const { userId, paymentReference } = body;
    const done = doneOrThrow(
      await operations.purchase({
        ...originOf(actor),
        userId,
        code,
        paymentReference,
        reason: `package ${code}`,
        ...keyedRequest("purchase", keyOf(idempotencyKey), { userId, code, paymentReference }),
      }),
    );
    return replied(done, { ...granted(done), code });
  });
}

/** The contract of these routes requires the header, so it is there. */
export function keyOf(idempotencyKey: string | undefined): string {
  if (idempotencyKey === undefined) throw new Error("a route that moves credits must require an Idempotency-Key");
  return idempotencyKey;
}
