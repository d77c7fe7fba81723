// The ledger in memory: one account, one operation at a time, no SQL. Small and obvious on purpose: what the procedures do set-based for
// many accounts at once must come out the same.
import type { AccountStatus, GrantKind, TransactionType } from "../../src/domain/ledger/terms.ts";

export interface ModelGrant {
  readonly kind: GrantKind;
  readonly priority: number;
  readonly expiresAt: number | null;
  remaining: number;
  reserved: number;
  /** Lapsed for good: takes no refund, and what holds keep of it lapses when they end. */
  ended: boolean;
  /** The row that made it or, of an allowance, that filled it anew: what was drawn before can't come back to it. */
  since: number;
}

export interface ModelDraw {
  /** Which of the account's grants, in the order of their making. */
  readonly grant: number;
  readonly change: number;
  readonly reserved: number;
}

export interface ModelHold {
  readonly amount: number;
  readonly expiresAt: number;
  readonly parts: readonly ModelDraw[];
  status: "open" | "captured" | "released" | "expired";
}

export interface ModelRow {
  readonly type: TransactionType;
  readonly amount: number;
  readonly heldChange: number;
  readonly balanceAfter: number;
  readonly heldAfter: number;
  readonly draws: readonly ModelDraw[];
  /** Of a refund: which row it gives back. */
  readonly refundOf: number | null;
}

export interface Verdict {
  readonly outcome: string;
  /** Index of the row that answers it. */
  readonly row: number | null;
}

interface Answer {
  readonly hash: string;
  readonly row: number;
}

const refused = (outcome: string): Verdict => ({ outcome, row: null });

export class ModelAccount {
  status: AccountStatus = "active";
  dueAt: number | null = null;
  membershipVersion: number | null = null;
  servedStart: number | null = null;
  servedEnd: number | null = null;
  servedGiven = 0;
  readonly grants: ModelGrant[] = [];
  readonly holds: ModelHold[] = [];
  readonly rows: ModelRow[] = [];
  readonly #answers = new Map<string, Answer>();

  get balance(): number {
    return this.grants.reduce((sum, grant) => sum + grant.remaining, 0);
  }

  get held(): number {
    return this.grants.reduce((sum, grant) => sum + grant.reserved, 0);
  }

  get free(): number {
    return this.balance - this.held;
  }

  consume(now: number, amount: number, key: string, hash: string): Verdict {
    return this.#once("consume", key, hash, () => {
      if (this.#due(now)) return refused("reset_due");
      if (this.status === "frozen") return refused("account_frozen");
      if (amount > this.free) return refused("insufficient_credits");
      return this.#write("consume", this.#take(amount, false));
    });
  }

  hold(now: number, amount: number, ttlMs: number, key: string, hash: string): Verdict {
    return this.#once("hold", key, hash, () => {
      if (this.#due(now)) return refused("reset_due");
      if (this.status === "frozen") return refused("account_frozen");
      if (amount > this.free) return refused("insufficient_credits");
      const parts = this.#take(amount, true);
      this.holds.push({ amount, expiresAt: now + ttlMs, parts, status: "open" });
      return this.#write("hold", parts);
    });
  }

  capture(index: number, amount: number | undefined, key: string, hash: string): Verdict {
    return this.#once("capture", key, hash, () => {
      const hold = this.#hold(index);
      if (hold.status !== "open") return refused(`hold_${hold.status}`);
      let left = amount ?? hold.amount;
      if (left > hold.amount) return refused("capture_exceeds_hold");
      const draws = hold.parts.map((part) => {
        const taken = Math.min(left, part.reserved);
        left -= taken;
        return { grant: part.grant, change: 0 - taken, reserved: -part.reserved };
      });
      hold.status = "captured";
      return this.#write("consume", draws);
    });
  }

  release(index: number, key: string, hash: string): Verdict {
    return this.#once("release", key, hash, () => {
      const hold = this.#hold(index);
      if (hold.status !== "open") return refused(`hold_${hold.status}`);
      hold.status = "released";
      return this.#write("release", this.#freed(hold));
    });
  }

  refund(now: number, row: number, amount: number | undefined, key: string, hash: string): Verdict {
    return this.#once("refund", key, hash, () => {
      const original = this.#row(row);
      if (original.type !== "consume") return refused("not_refundable");
      if (this.#due(now)) return refused("reset_due");
      const given = this.rows.filter((other) => other.refundOf === row).reduce((sum, other) => sum + other.amount, 0);
      const left = -original.amount - given;
      if (left === 0) return refused("nothing_to_refund");
      if (amount !== undefined && amount > left) return refused("refund_exceeds_original");
      const back = this.#backward(original, given, amount ?? left);
      const isLost = ({ grant }: ModelDraw) => this.#endedAt(grant, now) || this.#grant(grant).since > row;
      const ended = back.filter(isLost);
      const draws = back.filter((draw) => !isLost(draw));
      const lost = ended.reduce((sum, draw) => sum + draw.change, 0);
      return this.#write("refund", lost > 0 ? [...draws, this.#open("refund", lost, 50, null)] : draws, row);
    });
  }

  grant(
    kind: GrantKind,
    amount: number,
    priority: number,
    expiresAt: number | null,
    key: string,
    hash: string,
  ): Verdict {
    return this.#once("grant", key, hash, () => this.#write("grant", [this.#open(kind, amount, priority, expiresAt)]));
  }

  adjust(now: number, amount: number, key: string, hash: string): Verdict {
    return this.#once("adjust", key, hash, () => {
      if (this.#due(now)) return refused("reset_due");
      if (amount > 0) return this.#write("adjust", [this.#open("adjustment", amount, 50, null)]);
      if (this.free === 0) return refused("insufficient_credits");
      return this.#write("adjust", this.#take(Math.min(-amount, this.free), false));
    });
  }

  setStatus(action: "freeze" | "unfreeze", key: string, hash: string): Verdict {
    return this.#once(action, key, hash, () => {
      const target = action === "freeze" ? "frozen" : "active";
      if (this.status === target) return refused(action === "freeze" ? "account_already_frozen" : "account_not_frozen");
      this.status = target;
      return this.#write(action, []);
    });
  }

  /** Frees holds past their end, then lapses what has expired. */
  lapse(now: number): void {
    const over = this.holds.filter((hold) => hold.status === "open" && hold.expiresAt <= now);
    for (const hold of over.sort((one, other) => one.expiresAt - other.expiresAt)) {
      hold.status = "expired";
      this.#write("release", this.#freed(hold));
    }
    this.lapseGrants(now);
  }

  lapseGrants(now: number): void {
    const over = this.grants
      .map((grant, index) => ({ grant, index }))
      .filter(({ grant, index }) => this.#endedAt(index, now) && grant.remaining > grant.reserved)
      .sort((one, other) => (one.grant.expiresAt ?? 0) - (other.grant.expiresAt ?? 0) || one.index - other.index);
    for (const { grant, index } of over) {
      grant.ended = true;
      this.#write("expire", [{ grant: index, change: grant.reserved - grant.remaining, reserved: 0 }]);
    }
  }

  give(now: number, start: number, end: number, quota: number, rolloverCap: number, dueAt: number): Verdict {
    if (start > now) return refused("not_current");
    this.dueAt = dueAt;
    if (this.servedStart !== null && end <= this.servedStart) return refused("unchanged");
    const first = this.servedEnd === null;
    const reset = this.servedEnd !== null && start >= this.servedEnd;
    const more = quota - this.servedGiven;
    this.servedGiven = reset ? quota : Math.max(this.servedGiven, quota);
    this.servedStart = start;
    this.servedEnd = end;
    if (reset) {
      const renewed = this.#lastFreeAllowance();
      const lapsed = this.#endAllowance();
      const leftover = -lapsed.reduce((sum, draw) => sum + draw.change, 0);
      const fresh = quota + Math.min(rolloverCap, leftover);
      const given =
        renewed === undefined ? () => this.#open("allowance", fresh, 10, null) : () => this.#renew(renewed, fresh);
      return { ...this.#write("reset", fresh > 0 ? [...lapsed, given()] : lapsed), outcome: "reset" };
    }
    if (more <= 0) return refused("unchanged");
    return {
      ...this.#write("grant", [this.#open("allowance", more, 10, null)]),
      outcome: first ? "first" : "topped_up",
    };
  }

  forfeit(): Verdict {
    this.dueAt = null;
    const lapsed = this.#endAllowance();
    if (lapsed.every((draw) => draw.change === 0)) return refused("unchanged");
    return { ...this.#write("expire", lapsed), outcome: "forfeited" };
  }

  #once(operation: string, key: string, hash: string, run: () => Verdict): Verdict {
    const known = this.#answers.get(`${operation} ${key}`);
    if (known !== undefined) {
      return known.hash === hash ? { outcome: "replayed", row: known.row } : refused("idempotency_key_reused");
    }
    const verdict = run();
    if (verdict.row !== null) this.#answers.set(`${operation} ${key}`, { hash, row: verdict.row });
    return verdict;
  }

  #due(now: number): boolean {
    return this.dueAt !== null && this.dueAt <= now;
  }

  #hold(index: number): ModelHold {
    const hold = this.holds[index];
    if (hold === undefined) throw new Error("no such hold in the model");
    return hold;
  }

  #grant(index: number): ModelGrant {
    const grant = this.grants[index];
    if (grant === undefined) throw new Error("no such grant in the model");
    return grant;
  }

  #row(index: number): ModelRow {
    const row = this.rows[index];
    if (row === undefined) throw new Error("no such row in the model");
    return row;
  }

  #endedAt(index: number, now: number): boolean {
    const grant = this.grants[index];
    return grant === undefined || grant.ended || (grant.expiresAt !== null && grant.expiresAt <= now);
  }

  /** Free credits in the order of spending. */
  #take(amount: number, reserve: boolean): ModelDraw[] {
    const order = this.grants
      .map((grant, index) => ({ grant, index, free: grant.ended ? 0 : grant.remaining - grant.reserved }))
      .filter(({ free }) => free > 0)
      .sort(
        (one, other) =>
          one.grant.priority - other.grant.priority ||
          (one.grant.expiresAt ?? Infinity) - (other.grant.expiresAt ?? Infinity) ||
          one.grant.since - other.grant.since,
      );
    const draws: ModelDraw[] = [];
    let left = amount;
    for (const { index, free } of order) {
      const taken = Math.min(left, free);
      if (taken > 0) draws.push({ grant: index, change: reserve ? 0 : 0 - taken, reserved: reserve ? taken : 0 });
      left -= taken;
    }
    if (left > 0) throw new Error("the model took more than there was");
    return draws;
  }

  #freed(hold: ModelHold): ModelDraw[] {
    return hold.parts.map((part) => ({ grant: part.grant, change: 0, reserved: -part.reserved }));
  }

  /** What the draws of a row come to when given back from the last one backward, leaving out the first `skip` credits. */
  #backward(original: ModelRow, skip: number, amount: number): ModelDraw[] {
    const back: ModelDraw[] = [];
    let over = skip;
    let left = amount;
    for (const draw of [...original.draws].reverse()) {
      const usable = Math.max(0, -draw.change - over);
      over = Math.max(0, over + draw.change);
      const taken = Math.min(usable, left);
      left -= taken;
      if (taken > 0) back.push({ grant: draw.grant, change: taken, reserved: 0 });
    }
    return back;
  }

  #endAllowance(): ModelDraw[] {
    const draws: ModelDraw[] = [];
    this.grants.forEach((grant, index) => {
      if (grant.kind !== "allowance" || grant.ended) return;
      // A spent one ends too: a later refund must not open it again.
      grant.ended = true;
      if (grant.remaining === 0) return;
      draws.push({ grant: index, change: grant.reserved - grant.remaining, reserved: 0 });
    });
    return draws;
  }

  /** A new grant, empty until the row that makes it is written. */
  #open(kind: GrantKind, amount: number, priority: number, expiresAt: number | null): ModelDraw {
    this.grants.push({ kind, priority, expiresAt, remaining: 0, reserved: 0, ended: false, since: this.rows.length });
    return { grant: this.grants.length - 1, change: amount, reserved: 0 };
  }

  /** The allowance that a reset may fill anew: no hold keeps any of it. */
  #lastFreeAllowance(): number | undefined {
    const free = this.grants.findLastIndex(
      ({ kind, ended, reserved }) => kind === "allowance" && !ended && reserved === 0,
    );
    return free < 0 ? undefined : free;
  }

  #renew(index: number, amount: number): ModelDraw {
    Object.assign(this.#grant(index), { ended: false, since: this.rows.length });
    return { grant: index, change: amount, reserved: 0 };
  }

  #write(type: TransactionType, draws: readonly ModelDraw[], refundOf: number | null = null): Verdict {
    for (const draw of draws) {
      const grant = this.#grant(draw.grant);
      grant.remaining += draw.change;
      grant.reserved += draw.reserved;
    }
    this.rows.push({
      type,
      amount: draws.reduce((sum, draw) => sum + draw.change, 0),
      heldChange: draws.reduce((sum, draw) => sum + draw.reserved, 0),
      balanceAfter: this.balance,
      heldAfter: this.held,
      draws,
      refundOf,
    });
    return { outcome: "ok", row: this.rows.length - 1 };
  }
}
