import {
  afterMovement,
  belongsTo,
  grantsAfter,
  type Known,
  markShown,
  meetCredits,
  meetVersion,
  type Pending,
  type Source,
  sumOf,
} from "./account.ts";
import { ageOf, type Moment, moment } from "./time.ts";
import type {
  Change,
  Credits,
  CreditsErrorLike,
  Environment,
  Grants,
  LiveStatus,
  Membership,
  Movement,
  Shortfall,
  Snapshot,
} from "./types.ts";

export interface Parts {
  readonly credits?: Credits | null;
  readonly membership?: Membership | null;
  readonly grants?: Grants | null;
}

/** What this window knows of one user, or of nobody. Each method makes at most one new snapshot. */
export class State {
  readonly #env: Pick<Environment, "now" | "monotonic">;
  readonly #listeners = new Set<() => void>();
  #userId: string | null = null;
  #known: Known | null = null;
  #membership: Membership | null = null;
  #grants: Grants | null = null;
  #pending: readonly Pending[] = [];
  #news: Moment | null = null;
  #live: LiveStatus = "off";
  #error: CreditsErrorLike | null = null;
  #shortfall: Shortfall | null = null;
  #snapshot: Snapshot;
  #batch = 0;

  constructor(env: Pick<Environment, "now" | "monotonic">) {
    this.#env = env;
    this.#snapshot = this.#describe();
  }

  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  /** Milliseconds since what is known was last known to be right. */
  get age(): number {
    return ageOf(this.#env, this.#news);
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Forgets everything, and begins for somebody else, or for nobody. */
  reset(userId: string | null): void {
    this.#userId = userId;
    this.#known = this.#membership = this.#grants = this.#news = this.#error = this.#shortfall = null;
    this.#pending = [];
    this.#live = "off";
    this.#commit();
  }

  /** Several changes, one snapshot. */
  together(run: () => void): void {
    this.#batch += 1;
    try {
      run();
    } finally {
      this.#batch -= 1;
      this.#commit();
    }
  }

  /** Takes over what is newer. True when that was anything. */
  meet(parts: Parts, source: Source): boolean {
    const before = [this.#known, this.#membership, this.#grants];
    const userId = this.#userId;
    if (userId === null) return false;
    const { credits, membership, grants } = parts;
    if (credits && belongsTo(userId, credits)) this.#known = meetCredits(this.#known, credits, source);
    if (membership && belongsTo(userId, membership)) {
      this.#membership = meetVersion(this.#membership, membership, source);
    }
    if (grants) this.#grants = meetVersion(this.#grants, grants, source);
    if (source === "server") this.#error = null;
    this.#commit();
    return [this.#known, this.#membership, this.#grants].some((part, index) => part !== before[index]);
  }

  /** After a consumption of this window. True when it was news. */
  move(movement: Movement): boolean {
    const before = this.#known;
    if (movement.userId !== this.#userId) return false;
    this.#known = afterMovement(this.#known, movement);
    this.#grants = grantsAfter(this.#grants, movement);
    this.#error = null;
    this.#commit();
    return this.#known !== before;
  }

  /** What is known was right so long ago. A moment before the one at hand changes nothing. */
  confirm(agoMs = 0): void {
    if (this.age <= agoMs) return;
    this.#news = moment(this.#env, agoMs);
    this.#error = null;
    this.#commit();
  }

  begin(spend: Pending): void {
    if (!Number.isSafeInteger(spend.amount) || spend.amount <= 0) return;
    this.#pending = [...this.#pending, spend];
    this.#commit();
  }

  /** True when the spend is over or the account shows it. */
  isShown(id: string): boolean {
    return !this.#pending.some((spend) => spend.id === id && !spend.shown);
  }

  correct(id: string, amount: number): void {
    this.#pending = this.#pending.map((spend) => (spend.id === id ? { ...spend, amount } : spend));
    this.#commit();
  }

  end(id: string): void {
    this.#pending = this.#pending.filter((spend) => spend.id !== id);
    this.#commit();
  }

  /** The stream tells of a change, before its state is met. What is known already shows no spend that is under way. */
  observe(change: Change, version: number): void {
    const known = this.#known?.credits;
    if (this.#pending.length === 0 || (known !== undefined && version <= known.version)) return;
    this.#pending = markShown(this.#pending, change, known?.held ?? 0);
  }

  setLive(live: LiveStatus): void {
    this.#live = live;
    this.#commit();
  }

  fail(error: CreditsErrorLike): void {
    this.#error = error;
    this.#commit();
  }

  setShortfall(shortfall: Shortfall | null): void {
    this.#shortfall = shortfall;
    this.#commit();
  }

  #commit(): void {
    if (this.#batch > 0) return;
    const known = this.#known?.credits;
    // Topped up, here or elsewhere: nothing is missing any more.
    if (this.#shortfall !== null && known && known.available >= this.#shortfall.required) this.#shortfall = null;
    const next = this.#describe();
    const last = this.#snapshot;
    if ((Object.keys(next) as (keyof Snapshot)[]).every((name) => next[name] === last[name])) return;
    this.#snapshot = next;
    for (const listener of [...this.#listeners]) listener();
  }

  #describe(): Snapshot {
    const credits = this.#known?.credits ?? null;
    const pending = sumOf(this.#pending);
    return {
      status: this.#status(),
      userId: this.#userId,
      credits,
      membership: this.#membership,
      grants: this.#grants,
      pending,
      spendable: credits === null ? null : Math.max(0, credits.available - pending),
      live: this.#live,
      newsAt: this.#news?.wall ?? null,
      error: this.#error,
      shortfall: this.#shortfall,
    };
  }

  #status(): Snapshot["status"] {
    if (this.#userId === null) return "signed_out";
    if (this.#known !== null && this.#membership !== null) return "ready";
    return this.#error === null ? "loading" : "failed";
  }
}
