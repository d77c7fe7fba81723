import type { Reply } from "@stipend/platform/http/serve";
import type { Done } from "../domain/ledger/outcomes.ts";
import { type Refusal, refusalOf } from "./refusals.ts";

interface DoneOutcome {
  readonly outcome: "ok" | "replayed";
}

/** Whether the operation is done, now or under the same key before. */
export function isDone<R extends { readonly outcome: string }>(result: R): result is Extract<R, DoneOutcome> {
  return result.outcome === "ok" || result.outcome === "replayed";
}

/** The answer to an operation that is done; a repeated one says so. */
export function replied(result: Pick<Done, "outcome">, body: unknown, status?: number): Reply {
  return {
    body,
    ...(status === undefined ? {} : { status }),
    ...(result.outcome === "replayed" ? { headers: { "Idempotent-Replayed": "true" } } : {}),
  };
}

/**
 * The operation's result when it is done.
 * @throws CodedError of the refusal otherwise.
 */
export function doneOrThrow<R extends { readonly outcome: string }>(result: R): Extract<R, DoneOutcome> {
  if (isDone(result)) return result;
  throw refusalOf(result as Refusal);
}
