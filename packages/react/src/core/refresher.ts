import type { Api, Caller } from "./api.ts";
import { asError, readable } from "./errors.ts";
import { readCredits, readMembership } from "./read.ts";
import type { Parts, State } from "./state.ts";
import { after } from "./time.ts";
import type { Environment } from "./types.ts";

/** Asks in any case. */
export const NOW = -1;
/** A window that asks for so long is no reason for others to wait. */
const TURN_MS = 5_000;

interface RefresherParts {
  readonly env: Environment;
  readonly api: Api;
  readonly state: State;
  /** One for each origin and scope. */
  readonly lockName: string;
  /** The server has answered this; `isWhole`: it is all there is to know. */
  readonly onAnswer: (parts: Parts, isWhole: boolean) => void;
}

/** Asks for the state when the stream does not tell it: once for all callers, and one window after the other. */
export class Refresher {
  readonly #parts: RefresherParts;
  #running: { readonly caller: Caller; readonly maxAgeMs: number; readonly done: Promise<void> } | undefined;

  constructor(parts: RefresherParts) {
    this.#parts = parts;
  }

  /** What is younger than `maxAgeMs`, or is learnt meanwhile from another window, is enough. @throws CreditsError */
  async refresh(caller: Caller, maxAgeMs: number): Promise<void> {
    const running = this.#running;
    if (running?.caller === caller && running.maxAgeMs <= maxAgeMs) return await running.done;
    if (this.#isEnough(maxAgeMs)) return;
    const done = this.#ask(caller, maxAgeMs).finally(() => {
      if (this.#running?.done === done) this.#running = undefined;
    });
    this.#running = { caller, maxAgeMs, done };
    await done;
  }

  #isEnough(maxAgeMs: number): boolean {
    const { state } = this.#parts;
    return state.isReady && state.age <= maxAgeMs;
  }

  async #ask(caller: Caller, maxAgeMs: number): Promise<void> {
    const { env, state } = this.#parts;
    const asked = env.monotonic();
    try {
      await this.#inTurn(caller, async () => {
        if (!this.#isEnough(Math.min(maxAgeMs, env.monotonic() - asked))) await this.#load(caller);
      });
    } catch (error) {
      if (!caller.signal.aborted) state.set({ error: asError(error) });
      throw error;
    }
  }

  async #load(caller: Caller): Promise<void> {
    const { api, onAnswer } = this.#parts;
    let failure: unknown;
    // One that is refused is no reason to lose the other.
    const ask = async <T>(path: string, read: (body: unknown) => T | undefined): Promise<T | undefined> => {
      try {
        return readable(read((await api.call(caller, path)).body));
      } catch (error) {
        failure ??= error;
        return undefined;
      }
    };
    const [credits, membership] = await Promise.all([
      ask("/api/credits", readCredits),
      ask("/api/membership", readMembership),
    ]);
    if (!caller.signal.aborted) onAnswer({ credits, membership }, !failure);
    if (failure) throw failure;
  }

  /** One window at a time, so that one's answer serves all; but nobody waits for ever. */
  async #inTurn(caller: Caller, run: () => Promise<void>): Promise<void> {
    const { env, lockName } = this.#parts;
    let turn: Promise<void> | undefined;
    const begin = (): Promise<void> => {
      turn ??= run();
      return turn;
    };
    const signal = after(env, TURN_MS, caller.signal);
    await env
      .locks()
      ?.request(lockName, { signal }, begin)
      .catch(() => {});
    await begin();
  }
}
