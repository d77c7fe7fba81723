import type { Api, Caller } from "./api.ts";
import { asError, CreditsError } from "./errors.ts";
import { readMovement, readShortfall } from "./read.ts";
import type { State } from "./state.ts";
import { pause } from "./time.ts";
import type { ConsumeRequest, Environment, MeteredAnswer, MeteredOptions, Movement } from "./types.ts";

/** So long the stream has to show a metered call that was charged before the account is asked for. */
const SHOWN_MS = 5_000;
const LOOK_MS = 100;

interface SpendingParts {
  readonly env: Environment;
  readonly api: Api;
  readonly state: State;
  /** This window has learnt something new. */
  readonly onNews: () => void;
  /** Something happened that nobody will tell. */
  readonly refresh: (caller: Caller) => Promise<void>;
}

/** Spends that are shown before the server answers, and taken back when it refuses. */
export class Spending {
  readonly #parts: SpendingParts;

  constructor(parts: SpendingParts) {
    this.#parts = parts;
  }

  /** @throws CreditsError with the key under which it may be repeated */
  async consume(caller: Caller, request: ConsumeRequest): Promise<Movement> {
    const { env, api, state, onNews } = this.#parts;
    const { idempotencyKey = env.random(), ...body } = request;
    const { amount, reason, feature = null } = request;
    const id = env.random();
    state.begin({ id, amount, reason, feature, metered: false, shown: false });
    try {
      const answer = await api.spend(caller, "/api/credits/consume", { body, idempotencyKey });
      const movement = readMovement(answer);
      if (movement === undefined) throw unreadable(idempotencyKey);
      const before = state.snapshot.credits;
      let newer = false;
      state.together(() => {
        newer = state.move(movement);
        state.end(id);
      });
      if (newer) onNews();
      // What came between is in the balance, but its part of the allowance is not known.
      const gap = before === null || movement.version > before.version + 1;
      if (newer && gap && state.snapshot.live !== "live") this.#refresh(caller);
      return movement;
    } catch (error) {
      throw this.#failed(caller, id, asError(error));
    }
  }

  /** @throws CreditsError */
  async callMetered<T>(caller: Caller, path: string, options: MeteredOptions): Promise<MeteredAnswer<T>> {
    const { env, api, state } = this.#parts;
    const { cost = 0, idempotencyKey = env.random(), method = "POST", ...rest } = options;
    const id = env.random();
    state.begin({ id, amount: cost, reason: null, feature: null, metered: true, shown: false });
    try {
      const { body, headers } = await api.call(caller, path, { ...rest, method, idempotencyKey });
      const charged = numberOf(headers, "stipend-credits-charged");
      void this.#settle(caller, id, charged ?? cost);
      return { data: body as T, charged, remaining: numberOf(headers, "stipend-credits-remaining") };
    } catch (error) {
      throw this.#failed(caller, id, asError(error).withKey(idempotencyKey));
    }
  }

  /** The answer of a metered call has no version: its cost stays taken off until the account shows it. */
  async #settle(caller: Caller, id: string, charged: number): Promise<void> {
    const { env, state } = this.#parts;
    state.correct(id, charged);
    const isLive = (): boolean => state.snapshot.live === "live";
    for (let waited = 0; charged > 0 && !state.isShown(id) && isLive() && waited < SHOWN_MS; waited += LOOK_MS) {
      await pause(env, LOOK_MS, caller.signal);
    }
    if (caller.signal.aborted) return;
    if (charged > 0 && !state.isShown(id)) await this.#parts.refresh(caller).catch(() => {});
    state.end(id);
  }

  #failed(caller: Caller, id: string, error: CreditsError): CreditsError {
    const { state } = this.#parts;
    if (caller.signal.aborted) return error;
    const shortfall = error.status === 402 ? readShortfall(error.problem) : undefined;
    state.together(() => {
      state.end(id);
      if (shortfall !== undefined) state.setShortfall(shortfall);
    });
    const known = state.snapshot.credits?.available;
    const surprising = error.status === 0 || error.status >= 500 || (shortfall && shortfall.available !== known);
    if (surprising && state.snapshot.live !== "live") this.#refresh(caller);
    return error;
  }

  #refresh(caller: Caller): void {
    this.#parts.refresh(caller).catch(() => {});
  }
}

function unreadable(idempotencyKey: string): CreditsError {
  return new CreditsError("answer_unreadable", "The answer is no movement", { idempotencyKey });
}

function numberOf(headers: Headers, name: string): number | null {
  const value = headers.get(name);
  return value !== null && /^\d{1,15}$/.test(value) ? Number(value) : null;
}
