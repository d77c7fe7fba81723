import type { Api, Caller } from "./api.ts";
import { asError, unreadable } from "./errors.ts";
import { readCredits, readGrants, readMembership } from "./read.ts";
import type { Parts, State } from "./state.ts";
import { after } from "./time.ts";
import type { Environment } from "./types.ts";

/** Asks in any case. */
export const NOW = -1;
const GRANTS_DELAY_MS = 200;
const GRANTS_PAUSE_MS = 1_000;
const GRANTS_RETRY_MS = 15_000;
/** A window that asks for so long is no reason for others to wait. */
const TURN_MS = 5_000;

interface RefresherParts {
  readonly env: Environment;
  readonly api: Api;
  readonly state: State;
  /** One for each origin and scope. */
  readonly lockName: string;
  readonly caller: () => Caller | undefined;
  /** The server has answered this; `isWhole`: it is all there is to know. */
  readonly onAnswer: (parts: Parts, isWhole: boolean) => void;
}

/** Asks for the state when the stream does not tell it: once for all callers, and one window after the other. */
export class Refresher {
  readonly #parts: RefresherParts;
  #running: { readonly caller: Caller; readonly maxAgeMs: number; readonly done: Promise<void> } | undefined;
  #isAskingGrants = false;
  #watchers = 0;

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
    const answers = await Promise.allSettled([api.call(caller, "/api/credits"), api.call(caller, "/api/membership")]);
    const [account, membership] = answers.map((answer) =>
      answer.status === "fulfilled" ? answer.value.body : undefined,
    );
    const parts = {
      credits: readCredits(account),
      grants: readGrants(account),
      membership: readMembership(membership),
    };
    const isWhole = parts.credits !== undefined && parts.membership !== undefined;
    if (!caller.signal.aborted) onAnswer(parts, isWhole);
    for (const answer of answers) if (answer.status === "rejected") throw answer.reason;
    if (!isWhole) throw unreadable();
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

  watchGrants(): () => void {
    let isWatching = 1;
    this.#watchers += 1;
    this.checkGrants();
    return () => {
      this.#watchers -= isWatching;
      isWatching = 0;
    };
  }

  /** Asks for the grants soon, when somebody looks at them and they are older than the balance. */
  checkGrants(delayMs = GRANTS_DELAY_MS): void {
    if (this.#isAskingGrants || !this.#wantsGrants()) return;
    this.#isAskingGrants = true;
    this.#parts.env.setTimeout(async () => {
      const isNewer = await this.#askGrants().catch(() => false);
      this.#isAskingGrants = false;
      this.checkGrants(isNewer ? GRANTS_PAUSE_MS : GRANTS_RETRY_MS);
    }, delayMs);
  }

  #wantsGrants(): boolean {
    const { credits, grants } = this.#parts.state.snapshot;
    return this.#watchers > 0 && this.#parts.env.visible() && (credits?.version ?? -1) > (grants?.version ?? -1);
  }

  /** True when it brought anything. */
  async #askGrants(): Promise<boolean> {
    const { api, onAnswer, state, caller } = this.#parts;
    const before = state.snapshot.grants;
    const who = caller();
    if (!who) return false;
    await this.#inTurn(who, async () => {
      const { credits } = state.snapshot;
      if (!credits || !this.#wantsGrants()) return;
      // An empty account has no parts.
      const empty = credits.balance === 0 ? { version: credits.version, data: [] } : undefined;
      const grants = empty ?? readGrants((await api.call(who, "/api/credits/explain")).body);
      onAnswer({ grants }, false);
    });
    return state.snapshot.grants !== before;
  }
}
