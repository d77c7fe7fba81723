import { CodedError } from "@stipend/platform/errors/coded";
import { failedItem, itemKey } from "@stipend/platform/http/batch";
import { validationProblem } from "@stipend/platform/http/problem";
import { serve } from "@stipend/platform/http/serve";
import { currentTraceparent } from "@stipend/platform/telemetry/trace";
import * as contract from "@stipend/proto/http/credits/openings";
import { domainProblems } from "@stipend/proto/http/problems";
import type { IRouter } from "express";
import type { z } from "zod";
import type { Done } from "../domain/ledger/outcomes.ts";
import { needsSecondAdmin } from "../usecases/four-eyes.ts";
import { keyedRequest } from "../usecases/keyed-request.ts";
import { type Opening, type OpeningOutcome, openAccounts } from "../usecases/open-accounts.ts";
import { auditOf } from "./acting.ts";
import type { RouteDeps } from "./deps.ts";
import { type Refusal, refusalOf } from "./refusals.ts";
import { isDone } from "./replies.ts";

type Item = z.output<typeof contract.OpeningItem>;
type Judged = { readonly opening: Opening } | { readonly refused: ReturnType<typeof failed> };

/** How a team moves in: the balances of its users, up to 500 at once; one bad item fails no other. */
export function openingRoute(router: IRouter, deps: RouteDeps): void {
  serve(router, contract.openAccounts, async ({ actor, body }) => {
    const judged = judge(body.items, deps.clock.now(), deps.fourEyes.threshold);
    const openings = judged.flatMap((item) => ("opening" in item ? [item.opening] : []));
    const outcomes = await openAccounts(deps, {
      openings,
      actor: actor.sub,
      reason: body.reason,
      newAudit: () => auditOf(actor, "credits.open", body.reason),
      traceparent: currentTraceparent(),
      dryRun: body.dryRun,
    });
    const answers = outcomes.values();
    const results = judged.map((item) =>
      "refused" in item ? item.refused : answerOf(deps, item.opening.requestKey, answers.next().value),
    );
    return { body: { results } };
  });
}

/** @param threshold what one admin may give alone: an opening is no way around it. */
function judge(items: readonly unknown[], now: Date, threshold: number): Judged[] {
  const users = new Set<string>();
  return items.map((item) => {
    const parsed = contract.OpeningItem.safeParse(item);
    if (!parsed.success) return { refused: failed(itemKey(item), validationProblem("body", parsed.error)) };
    const { key, userId, balance, allowance } = parsed.data;
    if (needsSecondAdmin(balance, threshold)) {
      return { refused: failed(key, new CodedError("second_admin_required", { details: { threshold } })) };
    }
    if (users.has(userId)) return { refused: failed(key, invalid("/userId", "stands twice in this batch")) };
    users.add(userId);
    if (allowance?.startedAt !== undefined && new Date(allowance.startedAt) > now) {
      return { refused: failed(key, invalid("/allowance/startedAt", "must not lie in the future")) };
    }
    return { opening: openingOf(parsed.data) };
  });
}

function openingOf({ key, userId, balance, allowance }: Item): Opening {
  const startedAt = allowance?.startedAt === undefined ? undefined : new Date(allowance.startedAt);
  // What the tier says of the month is not the caller's: a tier that is edited between two tries makes no other request.
  const { remaining, cycle } = allowance ?? {};
  const asked = { userId, balance, remaining, cycle, startedAt: startedAt?.toISOString() };
  return {
    userId,
    balance,
    allowance: allowance === undefined ? undefined : { ...allowance, startedAt },
    ...keyedRequest("open", key, asked),
  };
}

function answerOf(deps: RouteDeps, key: string, outcome: OpeningOutcome | undefined) {
  if (outcome === undefined) throw new Error("an opening was not answered");
  if ("failure" in outcome) {
    deps.log.error({ err: outcome.failure, key }, "an opening failed; the others were booked without it");
    return failed(key, outcome.failure);
  }
  if (!isDone(outcome.result)) return failed(key, refusalOf(outcome.result as Refusal));
  const done: Done = outcome.result;
  return {
    key,
    status: 200,
    replayed: done.outcome === "replayed",
    userId: done.transaction.userId,
    balanceAfter: done.transaction.balanceAfter,
    version: done.transaction.version,
  };
}

function invalid(field: string, message: string): CodedError {
  return new CodedError("validation_failed", {
    message: `${field} ${message}`,
    details: { errors: [{ field, in: "body", message }] },
  });
}

function failed(key: string | null, error: unknown) {
  return failedItem(key, error, [domainProblems]);
}
