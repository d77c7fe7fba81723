import type { AdminAction, CreditsChanged, MembershipChanged } from "../../src/domain/events.ts";
import { addMonths, monthStart } from "./time.ts";

/** What a member agreed to. Times are milliseconds. */
export interface Plan {
  tier: string;
  quota: number;
  readonly cycle: "monthly" | "yearly";
  readonly anchor: "calendar" | "anniversary";
  readonly joinedAt: number;
  /** The membership period at whose end it stops; null: it renews. */
  endsAt: number | null;
  /** Periods (their beginnings) of which nothing is given: a planted mistake. */
  readonly skipped: Set<number>;
  /** Nothing is written at the end: a planted mistake. */
  readonly neverEnds: boolean;
}

let serial = 0;

/** Ids do not depend on how a run is cut. */
export function resetSerial(): void {
  serial = 0;
}

function nextId(): string {
  serial += 1;
  return `sim-${serial}`;
}

/** One account with books that add up, and the events its rows would have led to. */
export class Account {
  readonly userId: string;
  plan: Plan | null;
  version = 0;
  membershipVersion = 0;
  balance = 0;
  allowance = 0;
  ended = false;

  constructor(userId: string, plan: Plan | null) {
    this.userId = userId;
    this.plan = plan;
  }

  /** A ledger row; `over` may make it wrong. */
  row(
    at: number,
    type: string,
    amount: number,
    over: Partial<CreditsChanged["transaction"]> = {},
    heldChange = 0,
  ): CreditsChanged {
    this.version += 1;
    const balanceBefore = this.balance;
    this.balance += amount;
    if (type === "consume") this.allowance = Math.max(0, this.allowance + amount);
    serial += 1;
    return {
      type: "credits_changed",
      id: nextId(),
      at: new Date(at),
      traceId: "",
      userId: this.userId,
      version: this.version,
      balance: this.balance,
      held: 0,
      status: "active",
      transaction: {
        id: String(serial),
        type,
        amount,
        heldChange,
        balanceBefore,
        balanceAfter: this.balance,
        reason: "use of a feature",
        feature: "rewrite",
        actor: this.userId,
        grantKind: "",
        relatedId: type === "refund" ? String(serial - 1) : "",
        heldAfter: 0,
        periodStart: null,
        ...over,
      },
      allowance: this.#view(at),
    };
  }

  /** The first allowance of a period, or what an upgrade adds. */
  grantAllowance(at: number, periodStart: number, amount: number): CreditsChanged {
    this.allowance += amount;
    const over = { grantKind: "allowance", actor: "system", reason: "allowance", periodStart: new Date(periodStart) };
    return this.row(at, "grant", amount, over);
  }

  /** What was left lapses; `quota` is what there is afterwards. */
  reset(at: number, periodStart: number, quota: number): CreditsChanged {
    const amount = quota - this.allowance;
    this.allowance = quota;
    const over = {
      grantKind: "allowance",
      actor: "system",
      reason: "monthly reset",
      periodStart: new Date(periodStart),
    };
    return this.row(at, "reset", amount, over);
  }

  /** The allowance period that holds this moment. */
  periodStart(at: number): number {
    const plan = this.plan;
    if (plan === null) throw new Error("not a member");
    if (plan.cycle === "monthly" && plan.anchor === "calendar") return monthStart(at);
    let months = 0;
    while (addMonths(plan.joinedAt, months + 1) <= at) months += 1;
    return addMonths(plan.joinedAt, months);
  }

  /** The membership period that holds this moment. */
  membershipPeriod(at: number): { start: number; end: number } {
    const plan = this.plan;
    if (plan === null) throw new Error("not a member");
    const step = plan.cycle === "yearly" ? 12 : 1;
    let months = 0;
    while (addMonths(plan.joinedAt, months + step) <= at) months += step;
    return { start: addMonths(plan.joinedAt, months), end: addMonths(plan.joinedAt, months + step) };
  }

  membershipChange(at: number, change: string, over: Partial<MembershipChanged> = {}): MembershipChanged {
    const plan = this.plan;
    if (plan === null) throw new Error("not a member");
    this.membershipVersion += 1;
    const period = this.membershipPeriod(this.ended ? at - 60_000 : at);
    return {
      type: "membership_changed",
      id: nextId(),
      at: new Date(at),
      traceId: "",
      userId: this.userId,
      version: this.membershipVersion,
      change,
      status: this.ended ? "cancelled" : "active",
      tier: plan.tier,
      periodEnd: new Date(period.end),
      endsAt: null,
      terms: {
        membershipId: `membership-${this.userId}`,
        cycle: plan.cycle,
        monthlyCredits: plan.quota,
        rolloverCap: 0,
        anchor: plan.anchor,
        firstPeriod: "full",
        startedAt: new Date(plan.joinedAt),
        periodStart: new Date(period.start),
        cancelAtPeriodEnd: plan.endsAt !== null && period.end === plan.endsAt,
        endedAt: this.ended ? new Date(at) : null,
      },
      ...over,
    };
  }

  #view(at: number): CreditsChanged["allowance"] {
    const { plan } = this;
    if (plan === null || this.ended || at < plan.joinedAt) return null;
    const start = this.periodStart(at);
    return { monthlyCredits: plan.quota, remaining: this.allowance, nextResetAt: new Date(addMonths(start, 1)) };
  }
}

/** What an admin did to a target, with the ledger row it wrote, if any. */
export function adminAction(at: number, actor: string, target: string, over: Partial<AdminAction> = {}): AdminAction {
  return {
    type: "admin_action",
    id: nextId(),
    at: new Date(at),
    traceId: "",
    actionId: nextId(),
    service: "credits",
    actor,
    roles: ["admin"],
    action: "credits.grant",
    target,
    outcome: "succeeded",
    reason: "a courtesy",
    amount: null,
    transactionId: null,
    ip: "10.0.0.1",
    userAgent: "Mozilla/5.0 (X11; Linux x86_64) Firefox/150.0",
    ...over,
  };
}

export function eventId(): string {
  return nextId();
}
