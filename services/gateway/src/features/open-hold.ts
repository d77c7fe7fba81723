import type { Caller } from "../forward/identity.ts";
import type { JsonAnswer } from "../forward/json-client.ts";
import { Refusal } from "../http/refusal.ts";
import { type Feature, heldAmount } from "./feature.ts";
import { freshHoldKey, holdKey, MAX_ATTEMPTS } from "./hold-keys.ts";
import type { HoldRequest, Ledger } from "./ledger.ts";

/** What the hold outlives the call by: time to capture or release it, many times over. */
const GRACE_SECONDS = 15;
const MAX_TTL_SECONDS = 86_400;

export type OpenedHold =
  | { readonly kind: "held"; readonly holdId: string; readonly amount: number }
  | { readonly kind: "refused"; readonly answer: JsonAnswer };

/**
 * Reserves what the call may cost.
 *
 * @param clientKey the client's Idempotency-Key, if it sent one. A hold of an earlier attempt with it that failed is
 *   stepped over; one that was captured means the call was served.
 * @throws Refusal already_served, request_in_progress, too_many_attempts, upstream_unavailable.
 */
export async function openHold(
  ledger: Ledger,
  feature: Feature,
  userId: string,
  clientKey: string | undefined,
  caller: Caller,
): Promise<OpenedHold> {
  const request: HoldRequest = {
    userId,
    amount: heldAmount(feature.cost),
    ttlSeconds: Math.min(MAX_TTL_SECONDS, Math.ceil(feature.timeoutMs / 1_000) + GRACE_SECONDS),
    reason: feature.reason,
    feature: feature.id,
  };
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const key = clientKey === undefined ? freshHoldKey() : holdKey(feature.id, userId, clientKey, attempt);
    const outcome = await ledger.hold(request, key, caller);
    if (outcome.kind === "refused") return outcome;
    // A fresh key that is replayed is our own call, repeated after its answer was lost.
    if (outcome.kind === "held" || clientKey === undefined) {
      return { kind: "held", holdId: outcome.holdId, amount: request.amount };
    }
    await refuseUnlessFailed(ledger, outcome.holdId, caller);
  }
  throw new Refusal("too_many_attempts", { details: { attempts: MAX_ATTEMPTS } });
}

async function refuseUnlessFailed(ledger: Ledger, holdId: string, caller: Caller): Promise<void> {
  const state = await ledger.state(holdId, caller);
  if (state === undefined) {
    throw new Refusal("upstream_unavailable", {
      message: "credits cannot be reached; nothing was charged",
      retryAfterSeconds: 1,
    });
  }
  if (state.status === "captured") throw new Refusal("already_served", { details: { holdId } });
  if (state.status === "open") {
    throw new Refusal("request_in_progress", { details: { expiresAt: state.expiresAt }, retryAfterSeconds: 2 });
  }
}
