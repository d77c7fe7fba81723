import type { Actor } from "@stipend/platform/auth/actor";
import { CodedError } from "@stipend/platform/errors/coded";
import { failedItem, itemKey } from "@stipend/platform/http/batch";
import { validationProblem } from "@stipend/platform/http/problem";
import { serve } from "@stipend/platform/http/serve";
import * as contract from "@stipend/proto/http/credits/batch";
import { domainProblems } from "@stipend/proto/http/problems";
import type { IRouter } from "express";
import type { z } from "zod";
import type { Hold } from "../domain/ledger/holds.ts";
import type { Done } from "../domain/ledger/outcomes.ts";
import { keyedRequest } from "../usecases/keyed-request.ts";
import { originOf } from "./acting.ts";
import type { RouteDeps } from "./deps.ts";
import { holdEndedBody, holdMadeBody, movementBody } from "./present.ts";
import { type Refusal, refusalOf } from "./refusals.ts";
import { isDone } from "./replies.ts";

type Item = z.output<typeof contract.BatchOperation>;

/**
 * Up to 1,000 operations at once. Each goes its own way through the lanes, so one bad item fails no other, those of
 * one account keep their order, and every answer is that of the single call.
 */
export function batchRoute(router: IRouter, deps: RouteDeps): void {
  serve(router, contract.batch, async ({ actor, body }) => {
    const results = await Promise.all(body.operations.map((operation) => answerItem(deps, actor, operation)));
    return { body: { results } };
  });
}

async function answerItem(deps: RouteDeps, actor: Actor, operation: unknown) {
  const parsed = contract.BatchOperation.safeParse(operation);
  const key = itemKey(operation);
  if (!parsed.success) return failed(key, validationProblem("body", parsed.error));
  try {
    return await run(deps, actor, parsed.data);
  } catch (error) {
    if (!(error instanceof CodedError)) deps.log.error({ err: error }, "an item of a batch failed");
    return failed(key, error);
  }
}

async function run(deps: RouteDeps, actor: Actor, item: Item) {
  const { op, key, ...request } = item;
  const base = { ...originOf(actor), ...keyedRequest(op, key, request) };
  switch (item.op) {
    case "consume": {
      const { op: _, key: __, ...fields } = item;
      return outcome(key, 200, await deps.operations.consume({ ...base, ...fields }), movementBody);
    }
    case "refund": {
      const { op: _, key: __, ...fields } = item;
      return outcome(key, 200, await deps.operations.refund({ ...base, ...fields }), (done) => ({
        ...movementBody(done),
        refundedTransactionId: item.transactionId,
      }));
    }
    case "hold": {
      const { op: _, key: __, ...fields } = item;
      return outcome(key, 201, await deps.operations.hold({ ...base, ...fields }), (done) =>
        holdMadeBody(done as Done<{ readonly hold: Hold }>),
      );
    }
    case "capture": {
      const { holdId, amount, userId, reason } = item;
      const result = await deps.operations.capture({ ...base, holdId, amount, userId, reason: reason ?? "" });
      return outcome(key, 200, result, endedItem);
    }
    case "release": {
      const { holdId, userId, reason } = item;
      const result = await deps.operations.release({ ...base, holdId, userId, reason: reason ?? "" });
      return outcome(key, 200, result, endedItem);
    }
  }
}

function outcome(key: string, status: number, result: { readonly outcome: string }, body: (done: Done) => object) {
  if (!isDone(result)) return failed(key, refusalOf(result as Refusal));
  const done = result as Done;
  return { ...body(done), key, status, replayed: done.outcome === "replayed" };
}

/** In a batch `status` is the HTTP status of the item, so the hold's own has another name. */
function endedItem(done: Done) {
  const { status: holdStatus, ...ended } = holdEndedBody(done as Done<{ readonly hold: Hold }>);
  return { ...ended, holdStatus };
}

function failed(key: string | null, error: unknown) {
  return failedItem(key, error, [domainProblems]);
}
