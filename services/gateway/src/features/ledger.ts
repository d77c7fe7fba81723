import { setTimeout as delay } from "node:timers/promises";
import type { Caller } from "../forward/identity.ts";
import type { JsonAnswer, JsonCall, JsonClient } from "../forward/json-client.ts";
import { Refusal } from "../http/refusal.ts";

export interface HoldRequest {
  readonly userId: string;
  readonly amount: number;
  readonly ttlSeconds: number;
  readonly reason: string;
  readonly feature: string;
}

export type HoldOutcome =
  | { readonly kind: "held"; readonly holdId: string }
  /** The key was used before: by a call that runs, was served, or failed. */
  | { readonly kind: "replayed"; readonly holdId: string }
  /** credits says no (402, 403 …): its own words for the client. */
  | { readonly kind: "refused"; readonly answer: JsonAnswer };

export type HoldStatus = "open" | "captured" | "released" | "expired";

export interface HoldState {
  readonly status: HoldStatus;
  readonly expiresAt: string;
  /** The capture, when there was one. */
  readonly transactionId: string | undefined;
}

export type SettleOutcome =
  | { readonly kind: "done"; readonly available: number | undefined; readonly transactionId: string | undefined }
  /** The hold had ended another way before. */
  | { readonly kind: "ended"; readonly status: HoldStatus }
  /** No answer, or none that says whether it happened. */
  | { readonly kind: "uncertain" };

/** Pauses between tries of one call to credits; the last try is followed by none. Together with the calls' own limits bounded by `within`. */
const PAUSES_MS = [50, 150, 400, 1_000];
const CALL_TIMEOUT_MS = 2_000;

/**
 * Holds at credits, as the service `gateway`. Each call carries a key made from the hold, so a call whose answer was
 * lost is repeated without harm; how often and how long is bounded.
 */
export class Ledger {
  readonly #client: Pick<JsonClient, "call">;

  constructor(client: Pick<JsonClient, "call">) {
    this.#client = client;
  }

  /**
   * When credits says that it can't (503), that is the answer within a second: the client is told soon.
   *
   * @throws Refusal upstream_unavailable … when credits gives no answer; nothing is charged then, and a hold that was
   *   made lapses by its ttl.
   */
  async hold(request: HoldRequest, key: string, caller: Caller): Promise<HoldOutcome> {
    const call = post("/api/credits/holds", { ...request }, key, caller);
    const { answer, refusal } = await this.#certain(call, 4_000, 600);
    const last = answer ?? refusal;
    if (last?.body === undefined) {
      throw new Refusal("upstream_unavailable", {
        message: "credits cannot be reached; nothing was charged",
        retryAfterSeconds: 1,
      });
    }
    if (last.status !== 201 && last.status !== 200) return { kind: "refused", answer: last };
    const holdId = text(last.body, "holdId");
    if (holdId === undefined) throw new Error("credits answered a hold without holdId");
    return { kind: last.headers["idempotent-replayed"] === "true" ? "replayed" : "held", holdId };
  }

  /** undefined when credits gives no answer. */
  async state(holdId: string, caller: Caller): Promise<HoldState | undefined> {
    const { answer } = await this.#certain({ method: "GET", path: `/api/credits/holds/${holdId}`, caller }, 4_000);
    const status = answer?.status === 200 ? holdStatus(text(answer.body, "status")) : undefined;
    if (answer === undefined || status === undefined) return undefined;
    return {
      status,
      expiresAt: text(answer.body, "expiresAt") ?? new Date(0).toISOString(),
      transactionId: text(answer.body, "transactionId"),
    };
  }

  /** @param withinMs how long to try altogether. */
  capture(holdId: string, amount: number, caller: Caller, withinMs: number): Promise<SettleOutcome> {
    return this.#settle(
      post(`/api/credits/holds/${holdId}/capture`, { amount }, `capture/${holdId}`, caller),
      withinMs,
    );
  }

  release(holdId: string, caller: Caller, withinMs: number): Promise<SettleOutcome> {
    return this.#settle(post(`/api/credits/holds/${holdId}/release`, {}, `release/${holdId}`, caller), withinMs);
  }

  /** Gives back a capture whose answer the client never got. True when it stands in the ledger. */
  async refund(transactionId: string, reason: string, caller: Caller): Promise<boolean> {
    const call = post("/api/credits/refund", { transactionId, reason }, `undo/${transactionId}`, caller);
    const { answer } = await this.#certain(call, 4_000);
    return answer?.status === 200 || text(answer?.body, "code") === "nothing_to_refund";
  }

  async #settle(call: JsonCall, withinMs: number): Promise<SettleOutcome> {
    const { answer } = await this.#certain(call, withinMs);
    if (answer === undefined) return { kind: "uncertain" };
    if (answer.status === 200) {
      const transactionId = text(answer.body, "transactionId");
      return { kind: "done", available: numberAt(answer.body, "available"), transactionId };
    }
    const ended = answer.status === 409 ? holdStatus(text(answer.body, "holdStatus")) : undefined;
    return ended === undefined ? { kind: "uncertain" } : { kind: "ended", status: ended };
  }

  /**
   * Repeats a call until an answer says for certain what happened.
   *
   * @param refusedWithinMs how long an answer that says "not now" (429, 5xx) is asked again.
   * @returns no answer when none came in time; the refusal is the last "not now".
   */
  async #certain(call: JsonCall, withinMs: number, refusedWithinMs = withinMs): Promise<CertainAnswer> {
    const began = performance.now();
    let refusal: JsonAnswer | undefined;
    for (const pause of [...PAUSES_MS, undefined]) {
      const left = began + withinMs - performance.now();
      if (left <= 0) break;
      try {
        const answer = await this.#client.call({ ...call, timeoutMs: Math.min(CALL_TIMEOUT_MS, left) });
        if (answer.status < 500 && answer.status !== 429) return { answer, refusal };
        refusal = answer;
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
      }
      const until = began + (refusal === undefined ? withinMs : refusedWithinMs);
      if (pause === undefined || performance.now() + pause > until) break;
      await delay(pause);
    }
    return { answer: undefined, refusal };
  }
}

interface CertainAnswer {
  readonly answer: JsonAnswer | undefined;
  readonly refusal: JsonAnswer | undefined;
}

function post(path: string, body: unknown, idempotencyKey: string, caller: Caller): JsonCall {
  return { method: "POST", path, body, idempotencyKey, caller };
}

function holdStatus(value: string | undefined): HoldStatus | undefined {
  return value === "open" || value === "captured" || value === "released" || value === "expired" ? value : undefined;
}

function text(body: unknown, name: string): string | undefined {
  const value = member(body, name);
  return typeof value === "string" ? value : undefined;
}

function numberAt(body: unknown, name: string): number | undefined {
  const value = member(body, name);
  return typeof value === "number" ? value : undefined;
}

function member(body: unknown, name: string): unknown {
  return typeof body === "object" && body !== null ? (body as Record<string, unknown>)[name] : undefined;
}
