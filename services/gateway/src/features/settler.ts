import { setTimeout as delay } from "node:timers/promises";
import type { Part } from "@stipend/platform/lifecycle/lifecycle";
import type { Log } from "@stipend/platform/log/log";
import { gauge } from "@stipend/platform/telemetry/metrics";
import type { Caller } from "../forward/identity.ts";
import type { Ledger, SettleOutcome } from "./ledger.ts";

/** What became of a hold that must not be charged. */
export type UndoOutcome =
  | { readonly kind: "released"; readonly available: number | undefined }
  /** The ledger says it was captured after all. */
  | { readonly kind: "captured" }
  /** credits has not answered yet; it goes on being tried, and the hold lapses by itself. */
  | { readonly kind: "pending" };

const MAX_PENDING = 10_000;
const PAUSES_MS = [500, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000, 60_000];

/**
 * Gives holds back. A client waits for it a short time only; what credits did not answer in that time is tried
 * again behind the scenes, a bounded number of times, and if all fails (or this process dies) the hold's own expiry
 * frees the credits.
 */
export class Settler implements Part {
  readonly name = "hold settler";
  readonly #ledger: Ledger;
  readonly #log: Log;
  readonly #pending = new Set<Promise<void>>();
  readonly #ending = new AbortController();
  #endGauge: (() => void) | undefined;

  constructor(ledger: Ledger, log: Log) {
    this.#ledger = ledger;
    this.#log = log;
  }

  get pending(): number {
    return this.#pending.size;
  }

  /**
   * Releases a hold, waiting for credits at most `withinMs`.
   *
   * @param refundIfCaptured a capture that turns up later was never delivered to the client and is refunded.
   */
  async release(holdId: string, caller: Caller, withinMs: number, refundIfCaptured: boolean): Promise<UndoOutcome> {
    const outcome = judge(await this.#ledger.release(holdId, caller, withinMs));
    if (outcome.kind === "pending") this.#keepTrying(holdId, caller, refundIfCaptured);
    return outcome;
  }

  /** Releases a hold that nobody waits for. */
  releaseLater(holdId: string, caller: Caller): void {
    this.#track(this.#releaseOrKeepTrying(holdId, caller));
  }

  /** Gives back a capture whose answer nobody is there to read any more. */
  refundLater(holdId: string, caller: Caller): void {
    this.#track(this.#tryUntilSettled(holdId, caller, true));
  }

  async start(): Promise<void> {
    this.#endGauge = gauge("gateway_holds_to_settle", "Holds that wait to be given back", () => this.#pending.size);
  }

  async drain(): Promise<void> {
    this.#ending.abort();
    await Promise.allSettled(this.#pending);
  }

  /** The doors are closed by now; calls that were cut off are giving their holds back. */
  async stop(): Promise<void> {
    await delay(50);
    await Promise.allSettled(this.#pending);
    this.#endGauge?.();
  }

  async #releaseOrKeepTrying(holdId: string, caller: Caller): Promise<void> {
    const outcome = judge(await this.#ledger.release(holdId, caller, 4_000));
    if (outcome.kind === "pending") this.#keepTrying(holdId, caller, false);
  }

  #keepTrying(holdId: string, caller: Caller, refundIfCaptured: boolean): void {
    if (this.#pending.size >= MAX_PENDING) {
      this.#log.error({ holdId }, "too many holds wait to be given back; this one is left to its expiry");
      return;
    }
    this.#track(this.#tryUntilSettled(holdId, caller, refundIfCaptured));
  }

  async #tryUntilSettled(holdId: string, caller: Caller, refundIfCaptured: boolean): Promise<void> {
    for (const pause of PAUSES_MS) {
      await delay(pause, undefined, { signal: this.#ending.signal }).catch(() => undefined);
      const outcome = judge(await this.#ledger.release(holdId, caller, 4_000));
      if (outcome.kind === "released") return;
      if (outcome.kind === "captured" && (!refundIfCaptured || (await this.#refund(holdId, caller)))) return;
      if (this.#ending.signal.aborted) break;
    }
    this.#log.error({ holdId, refundIfCaptured }, "a hold could not be given back; its expiry frees it");
  }

  async #refund(holdId: string, caller: Caller): Promise<boolean> {
    const state = await this.#ledger.state(holdId, caller);
    if (state?.transactionId === undefined) return false;
    this.#log.warn(
      { holdId, transactionId: state.transactionId },
      "refunding a capture whose answer was never delivered",
    );
    return await this.#ledger.refund(state.transactionId, "Charged, but the answer could not be delivered", caller);
  }

  #track(work: Promise<void>): void {
    const tracked = work
      .catch((error: unknown) => this.#log.error({ err: error }, "giving back a hold failed"))
      .finally(() => this.#pending.delete(tracked));
    this.#pending.add(tracked);
  }
}

function judge(outcome: SettleOutcome): UndoOutcome {
  if (outcome.kind === "done") return { kind: "released", available: outcome.available };
  if (outcome.kind === "uncertain") return { kind: "pending" };
  return outcome.status === "captured" ? { kind: "captured" } : { kind: "released", available: undefined };
}
