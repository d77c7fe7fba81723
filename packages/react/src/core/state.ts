import { type Known, markShown, meet, type Pending, type Source } from "./account.ts";
import { ageOf, type Moment, moment } from "./time.ts";
import type { Change, Credits, Environment, Membership, Snapshot } from "./types.ts";

/** What the snapshot is made of. */
interface Model extends Pick<Snapshot, "userId" | "membership" | "live" | "error" | "shortfall"> {
  readonly credits: Known | null;
  readonly spends: readonly Pending[];
  readonly news: Moment | null;
}

/** Parts of a state; what is missing or null is not known. */
export interface Parts {
  readonly credits?: Credits | null | undefined;
  readonly membership?: Membership | null | undefined;
}

/** Nobody's, and before anything is known. */
export const NOTHING: Model = {
  userId: null,
  credits: null,
  membership: null,
  spends: [],
  news: null,
  live: "off",
  error: null,
  shortfall: null,
};

/** What this window knows of one user, or of nobody. */
export class State {
  readonly #env: Pick<Environment, "now" | "monotonic">;
  readonly #listeners = new Set<() => void>();
  #model = NOTHING;
  snapshot: Snapshot = describe(NOTHING);

  constructor(env: Pick<Environment, "now" | "monotonic">) {
    this.#env = env;
  }

  get model(): Model {
    return this.#model;
  }

  get isReady(): boolean {
    return this.snapshot.status === "ready";
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  /** Milliseconds since what is known was last known to be right. */
  get age(): number {
    return ageOf(this.#env, this.#model.news);
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** All changes at once: one snapshot, or none when nothing is new. */
  set(patch: Partial<Model>): void {
    const next = { ...this.#model, ...patch };
    // Topped up, here or elsewhere: nothing is missing any more.
    if (next.credits && next.shortfall && next.credits.available >= next.shortfall.required) next.shortfall = null;
    if ((Object.keys(next) as (keyof Model)[]).every((name) => next[name] === this.#model[name])) return;
    this.#model = next;
    this.snapshot = describe(next);
    for (const listener of [...this.#listeners]) listener();
  }

  /** Forgets everything, and begins for somebody else, or for nobody. */
  reset(userId: string | null): void {
    this.set({ ...NOTHING, userId });
  }

  /** Takes over what is newer and this user's. True when that was anything. */
  meet(parts: Parts, source: Source): boolean {
    const { userId, credits, membership } = this.#model;
    const newer = {
      credits: parts.credits?.userId === userId ? meet(credits, parts.credits as Known, source) : credits,
      membership:
        parts.membership?.userId === userId ? meet(membership, parts.membership as Membership, source) : membership,
    };
    this.set(newer);
    return newer.credits !== credits || newer.membership !== membership;
  }

  /** What is known was right so long ago. A moment before the one at hand changes nothing. */
  confirm(agoMs = 0): void {
    if (this.age > agoMs) this.set({ news: moment(this.#env, agoMs), error: null });
  }

  /** The stream tells of a change, before its state is met. What is known already shows no spend that is under way. */
  observe(change: Change, version: number): void {
    const { spends, credits } = this.#model;
    if (version > (credits?.version ?? 0))
      this.#model = { ...this.#model, spends: markShown(spends, change, credits?.held ?? 0) };
  }
}

/** What to show of a model. */
export function describe({ spends, news, ...model }: Model): Snapshot {
  const { credits, userId, membership, error } = model;
  const pending = spends.reduce((sum, { amount }) => sum + amount, 0);
  const known = credits && membership ? "ready" : error ? "failed" : "loading";
  return {
    ...model,
    status: userId === null ? "signed_out" : known,
    pending,
    spendable: credits && Math.max(0, credits.available - pending),
    newsAt: news?.wall ?? null,
  };
}
