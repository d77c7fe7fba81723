import { afterMovement, type Pending } from "./account.ts";
import type { Answer, Api, Caller } from "./api.ts";
import { asError, CreditsError, readable } from "./errors.ts";
import { readMovement, readShortfall } from "./read.ts";
import type { State } from "./state.ts";
import { pause } from "./time.ts";
import type { ConsumeRequest, Environment, MeteredAnswer, MeteredOptions, Movement } from "./types.ts";

/** So long the stream has to show a metered call that was charged before the account is asked for. */
const SHOWN_MS = 5_000;

interface SpendingParts {
  readonly env: Environment;
  readonly api: Api;
  readonly state: State;
  /** This window has learnt something new. */
  readonly onNews: () => void;
  /** Something happened that nobody will tell. Never rejects. */
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
    const { amount, reason, feature = null } = body;
    const id = this.#begin({ amount, reason, feature, metered: false });
    try {
      const answer = await api.spend(caller, "/api/credits/consume", { body, idempotencyKey });
      const movement = readable(readMovement(answer));
      const { credits, userId } = state.model;
      // What came between is in the balance, but its part of the allowance is not known.
      const isGap = credits !== null && movement.version > credits.version + 1;
      this.#end(id, movement.userId === userId ? { credits: afterMovement(credits, movement) } : {});
      if (state.model.credits !== credits) onNews();
      if (isGap) this.#ask(caller);
      return movement;
    } catch (error) {
      throw this.#failed(caller, id, error, idempotencyKey);
    }
  }

  /** @throws CreditsError */
  async callMetered<T>(caller: Caller, path: string, options: MeteredOptions): Promise<MeteredAnswer<T>> {
    const { env, api } = this.#parts;
    const { cost = 0, idempotencyKey = env.random(), ...rest } = options;
    const id = this.#begin({ amount: cost, reason: null, feature: null, metered: true });
    try {
      const answer = await api.call(caller, path, { method: "POST", ...rest, idempotencyKey });
      const charged = numberOf(answer, "charged");
      void this.#settle(caller, id, charged ?? cost);
      return { data: answer.body as T, charged, remaining: numberOf(answer, "remaining") };
    } catch (error) {
      throw this.#failed(caller, id, error, idempotencyKey);
    }
  }

  /** The answer of a metered call has no version: its cost stays taken off until the account shows it. */
  async #settle(caller: Caller, id: string, charged: number): Promise<void> {
    const { env, state, refresh } = this.#parts;
    const { spends } = state.model;
    const isOpen = (): boolean => state.model.spends.some((spend) => spend.id === id && spend.amount > 0);
    if (isOpen())
      state.set({ spends: spends.map((spend) => (spend.id === id ? { ...spend, amount: charged } : spend)) });
    // Once it is shown it counts for nothing: waiting on harms nobody.
    if (isOpen() && state.snapshot.live === "live") await pause(env, SHOWN_MS, caller.signal);
    if (isOpen()) await refresh(caller);
    this.#end(id, {});
  }

  #begin(spend: Omit<Pending, "id">): string {
    const { env, state } = this.#parts;
    const id = env.random();
    const amount = Number.isSafeInteger(spend.amount) ? Math.max(0, spend.amount) : 0;
    state.set({ spends: [...state.model.spends, { ...spend, id, amount }] });
    return id;
  }

  /** Of a session that is over, nothing is left to end. */
  #end(id: string, news: Parameters<State["set"]>[0]): void {
    const { state } = this.#parts;
    state.set({ ...news, spends: state.model.spends.filter((spend) => spend.id !== id) });
  }

  #failed(caller: Caller, id: string, cause: unknown, idempotencyKey: string): CreditsError {
    const error = asError(cause);
    if (!caller.signal.aborted) {
      const shortfall = error.status === 402 && readShortfall(error.problem);
      this.#end(id, shortfall ? { shortfall } : {});
      const known = this.#parts.state.snapshot.credits?.available;
      if (error.status === 0 || error.status >= 500 || (shortfall && shortfall.available !== known)) this.#ask(caller);
    }
    return new CreditsError(error.code, error.message, { ...error, idempotencyKey });
  }

  /** The stream, where there is one, tells it sooner. */
  #ask(caller: Caller): void {
    if (this.#parts.state.snapshot.live !== "live") void this.#parts.refresh(caller);
  }
}

function numberOf({ headers }: Answer, name: "charged" | "remaining"): number | null {
  const value = Number.parseInt(headers.get(`stipend-credits-${name}`) ?? "", 10);
  return value >= 0 ? value : null;
}
