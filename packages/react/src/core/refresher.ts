import type { Api, Caller } from "./api.ts";
import { FRESH_MS } from "./cache.ts";
import { asError, CreditsError } from "./errors.ts";
import { readCredits, readGrants, readMembership } from "./read.ts";
import type { Parts, State } from "./state.ts";
import { deadline } from "./time.ts";
import type { Environment } from "./types.ts";

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
  /** The server has answered this. */
  readonly onAnswer: (parts: Parts) => void;
}

/** Asks for the state when the stream does not tell it: once for all callers, and one window after the other. */
export class Refresher {
  readonly #parts: RefresherParts;
  #running: { readonly caller: Caller; readonly hard: boolean; readonly done: Promise<void> } | undefined;
  #grantsTimer: unknown;
  #watchers = 0;

  constructor(parts: RefresherParts) {
    this.#parts = parts;
  }

  /**
   * hard: asks in any case. Otherwise what another window learns meanwhile, and what is younger than `maxAgeMs`, is enough.
   * @throws CreditsError
   */
  async refresh(caller: Caller, hard: boolean, maxAgeMs = FRESH_MS): Promise<void> {
    const { state } = this.#parts;
    const running = this.#running;
    if (running?.caller === caller && (running.hard || !hard)) return await running.done;
    if (!hard && isComplete(state) && state.age <= maxAgeMs) return;
    const done = this.#ask(caller, hard).finally(() => {
      if (this.#running?.done === done) this.#running = undefined;
    });
    this.#running = { caller, hard, done };
    return await done;
  }

  async #ask(caller: Caller, hard: boolean): Promise<void> {
    const { env, state } = this.#parts;
    const asked = env.monotonic();
    try {
      await this.#inTurn(caller, async () => {
        if (!hard && isComplete(state) && state.age < env.monotonic() - asked) return;
        await this.#load(caller);
      });
    } catch (error) {
      const failed = asError(error);
      if (!caller.signal.aborted) state.fail(failed);
      throw failed;
    }
  }

  async #load(caller: Caller): Promise<void> {
    const { api, onAnswer, state } = this.#parts;
    const [account, membership] = await Promise.allSettled([
      api.json(caller, "/api/credits"),
      api.json(caller, "/api/membership"),
    ]);
    if (caller.signal.aborted) return;
    const body = account.status === "fulfilled" ? account.value : undefined;
    const parts: Parts = {
      credits: readCredits(body) ?? null,
      grants: readGrants(body) ?? null,
      membership: (membership.status === "fulfilled" ? readMembership(membership.value) : undefined) ?? null,
    };
    onAnswer(parts);
    for (const answer of [account, membership]) if (answer.status === "rejected") throw answer.reason;
    if (!parts.credits || !parts.membership) {
      throw new CreditsError("answer_unreadable", "The answer is no account or no membership");
    }
    state.confirm();
  }

  /** One window at a time, so that one's answer serves all; but nobody waits for ever. */
  async #inTurn(caller: Caller, run: () => Promise<void>): Promise<void> {
    const locks = this.#parts.env.locks();
    if (locks === undefined) return await run();
    const limit = deadline(this.#parts.env, TURN_MS, [caller.signal]);
    let begun = false;
    try {
      await locks.request(this.#parts.lockName, { signal: limit.signal }, async () => {
        begun = true;
        await run();
      });
    } catch (error) {
      if (begun) throw error;
      if (!caller.signal.aborted) await run();
    } finally {
      limit.end();
    }
  }

  watchGrants(caller: () => Caller | undefined): () => void {
    this.#watchers += 1;
    this.checkGrants(caller);
    let watching = true;
    return () => {
      if (watching) this.#watchers -= 1;
      watching = false;
    };
  }

  /** Asks for the grants soon, when somebody looks at them and they are older than the balance. */
  checkGrants(caller: () => Caller | undefined, delayMs = GRANTS_DELAY_MS): void {
    const { env } = this.#parts;
    if (this.#grantsTimer !== undefined || !this.#wantsGrants()) return;
    this.#grantsTimer = env.setTimeout(() => {
      const who = this.#wantsGrants() ? caller() : undefined;
      const asking = who === undefined ? Promise.resolve(true) : this.#askGrants(who).catch(() => false);
      void asking.then((newer) => {
        this.#grantsTimer = undefined;
        this.checkGrants(caller, newer ? GRANTS_PAUSE_MS : GRANTS_RETRY_MS);
      });
    }, delayMs);
  }

  #wantsGrants(): boolean {
    const { credits, grants } = this.#parts.state.snapshot;
    const old = credits !== null && (grants === null || grants.version < credits.version);
    return old && this.#watchers > 0 && this.#parts.env.visible();
  }

  /** True when it brought anything. */
  async #askGrants(caller: Caller): Promise<boolean> {
    const { api, onAnswer, state } = this.#parts;
    const before = state.snapshot.grants;
    await this.#inTurn(caller, async () => {
      const { credits } = state.snapshot;
      if (!this.#wantsGrants() || credits === null) return;
      // An empty account has no parts.
      const empty = credits.balance === 0 ? { version: credits.version, data: [] } : undefined;
      const grants = empty ?? readGrants(await api.json(caller, "/api/credits/explain"));
      if (grants !== undefined && !caller.signal.aborted) onAnswer({ grants });
    });
    return state.snapshot.grants !== before;
  }
}

function isComplete(state: State): boolean {
  return state.snapshot.status === "ready";
}
