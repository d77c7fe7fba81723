import type { MembershipExpiring, MonitorEvent } from "../../src/domain/events.ts";
import { Account, adminAction, eventId, type Plan } from "./account.ts";
import { Random } from "./random.ts";
import { addMonths, DAY, HOUR, MINUTE } from "./time.ts";

/** Something that an account does at a moment; the events follow from its books as they are then. */
export interface Act {
  readonly at: number;
  readonly run: () => readonly MonitorEvent[];
}

/** An alert that has to come, and what may come with it. */
export interface Label {
  readonly rule: string;
  readonly fingerprint: string;
  readonly also: readonly string[];
}

const TIERS = [
  ["lite", 100],
  ["pro", 250],
  ["premium", 600],
] as const;

const ADMINS = ["ada", "grace", "linus", "margaret"] as const;

/** Ordinary life: members, spending, refunds, purchases, admins at work. Deliberately nothing that is wrong. */
export class World {
  readonly random: Random;
  readonly start: number;
  readonly days: number;
  readonly accounts: Account[] = [];
  readonly labels: Label[] = [];
  readonly #uses = new Map<string, number>();
  /** Accounts that lead their life by a script. */
  readonly scripted = new Set<string>();

  constructor(options: {
    readonly seed: number;
    readonly start: number;
    readonly days: number;
    readonly accounts: number;
  }) {
    this.random = new Random(options.seed);
    this.start = options.start;
    this.days = options.days;
    for (let n = 0; n < options.accounts; n++) {
      const account = new Account(`user-${n}`, this.random.chance(0.6) ? this.#anyPlan() : null);
      this.#uses.set(account.userId, this.random.pick([0.1, 0.1, 0.5, 1, 3]));
      this.accounts.push(account);
    }
  }

  /** An account of its own for a script; it spends a little unless the script says otherwise. */
  script(userId: string, plan: Plan | null, usesADay: number): Account {
    const account = new Account(userId, plan);
    this.accounts.push(account);
    this.scripted.add(userId);
    this.#uses.set(userId, usesADay);
    return account;
  }

  expect(rule: string, subject: string, ...also: string[]): void {
    this.labels.push({ rule, fingerprint: `${rule}:${subject}`, also });
  }

  plan(over: Partial<Plan> = {}): Plan {
    const [tier, quota] = this.random.pick(TIERS);
    return {
      tier,
      quota,
      cycle: "monthly",
      anchor: "calendar",
      joinedAt: this.start,
      endsAt: null,
      skipped: new Set(),
      neverEnds: false,
      ...over,
    };
  }

  #anyPlan(): Plan {
    const day = this.random.whole(-75, Math.max(1, this.days - 5));
    const at = new Date(this.start + day * DAY + this.random.whole(6 * HOUR, 22 * HOUR));
    // Nobody joins on the 29th to the 31st here: clamping is tested elsewhere.
    if (at.getUTCDate() > 28) at.setUTCDate(28);
    const cycle = this.random.chance(0.1) ? "yearly" : "monthly";
    const plan = this.plan({
      joinedAt: at.getTime(),
      cycle,
      anchor: this.random.chance(0.2) ? "anniversary" : "calendar",
    });
    if (cycle === "monthly" && this.random.chance(0.05)) {
      let end = addMonths(plan.joinedAt, 1);
      while (end < this.start + 8 * DAY) end = addMonths(end, 1);
      plan.endsAt = end;
    }
    return plan;
  }

  /** What happened before the first day: memberships and their allowances, as a topic still holds them. */
  prologue(): MonitorEvent[] {
    const events: MonitorEvent[] = [];
    for (const account of this.accounts) {
      for (const act of this.#membershipActs(account, 0, this.start)) events.push(...act.run());
      const first = account.row(this.start - this.random.whole(1, 60) * MINUTE, "grant", this.random.whole(20, 200), {
        grantKind: "package",
        actor: "shop",
        reason: "a package",
      });
      events.push(first);
    }
    for (const admin of ADMINS) {
      for (const minute of [1, 2]) {
        const ip = `10.0.${ADMINS.indexOf(admin)}.${minute}`;
        events.push(
          adminAction(this.start - 2 * DAY + 10 * HOUR + minute * MINUTE, admin, "tier", { action: "tier.set", ip }),
        );
      }
    }
    return events.sort((a, b) => a.at.getTime() - b.at.getTime());
  }

  /** One day of everybody, in event time. */
  day(index: number, scripts: readonly (readonly Act[])[] = []): MonitorEvent[] {
    const from = this.start + index * DAY;
    const to = from + DAY;
    const acts: Act[] = scripts.flat();
    for (const account of this.accounts) {
      acts.push(...this.#membershipActs(account, from, to), ...this.#spendingActs(account, from));
    }
    acts.push(...this.#adminActs(from), ...this.#refusals(from));
    acts.sort((a, b) => a.at - b.at);
    return acts.flatMap((act) => act.run());
  }

  #membershipActs(account: Account, from: number, to: number): Act[] {
    const { plan } = account;
    if (plan === null || plan.joinedAt >= to) return [];
    const acts: Act[] = [];
    const within = (at: number) => at >= from && at < to;
    if (within(plan.joinedAt)) acts.push({ at: plan.joinedAt, run: () => this.#join(account, plan) });
    for (let at = this.#nextPeriod(account, Math.max(from, plan.joinedAt + 1)); at < to; at = addMonths(at, 1)) {
      if (plan.endsAt !== null && at >= plan.endsAt) break;
      acts.push(...this.#resetActs(account, plan, at));
    }
    const step = plan.cycle === "yearly" ? 12 : 1;
    for (let at = addMonths(plan.joinedAt, step); at < to; at = addMonths(at, step)) {
      if (plan.endsAt !== null && at >= plan.endsAt) {
        if (at === plan.endsAt && within(at) && !plan.neverEnds) acts.push({ at, run: () => this.#end(account, at) });
        break;
      }
      if (within(at)) acts.push({ at, run: () => [account.membershipChange(at, "renewed")] });
    }
    acts.push(...this.#reminders(account, plan, within));
    return acts.sort((a, b) => a.at - b.at);
  }

  #nextPeriod(account: Account, at: number): number {
    const start = account.periodStart(at);
    return start >= at ? start : addMonths(start, 1);
  }

  #join(account: Account, plan: Plan): MonitorEvent[] {
    const joined = account.membershipChange(plan.joinedAt, "started");
    const periodStart = account.periodStart(plan.joinedAt);
    if (plan.skipped.has(periodStart)) return [joined];
    return [joined, account.grantAllowance(plan.joinedAt + 2_000, periodStart, plan.quota)];
  }

  #resetActs(account: Account, plan: Plan, period: number): Act[] {
    if (plan.skipped.has(period)) return [];
    // The sweep takes its time.
    const at = period + this.random.whole(3_000, 40 * MINUTE);
    return [{ at, run: () => [account.reset(at, period, plan.quota)] }];
  }

  #end(account: Account, at: number): MonitorEvent[] {
    account.ended = true;
    return [account.membershipChange(at, "cancelled")];
  }

  #reminders(account: Account, plan: Plan, within: (at: number) => boolean): Act[] {
    const end = plan.endsAt;
    if (end === null) return [];
    return [7, 3, 1].flatMap((daysLeft) => {
      const at = end - daysLeft * DAY + 5 * MINUTE;
      if (!within(at)) return [];
      if (daysLeft === 7) this.expect("membership_expiring", account.userId);
      const event: MembershipExpiring = {
        type: "membership_expiring",
        id: eventId(),
        at: new Date(at),
        traceId: "",
        userId: account.userId,
        membershipId: `membership-${account.userId}`,
        tier: plan.tier,
        daysLeft,
        endsAt: new Date(end),
      };
      return [{ at, run: () => [event] }];
    });
  }

  #spendingActs(account: Account, from: number): Act[] {
    const acts: Act[] = [];
    for (let n = this.random.count(this.#uses.get(account.userId) ?? 0); n > 0; n--) {
      const at = from + this.random.whole(6 * HOUR, 23 * HOUR);
      acts.push({ at, run: () => this.#use(account, at) });
    }
    if (!this.scripted.has(account.userId) && this.random.chance(0.02)) {
      const at = from + this.random.whole(6 * HOUR, 23 * HOUR);
      const credits = this.random.pick([50, 100, 500]);
      const over = { grantKind: "package", actor: "shop", reason: "a package", feature: "" };
      acts.push({ at, run: () => [account.row(at, "grant", credits, over)] });
    }
    const { plan } = account;
    if (plan !== null && plan.tier === "lite" && !this.scripted.has(account.userId) && this.random.chance(0.002)) {
      const at = from + this.random.whole(6 * HOUR, 23 * HOUR);
      acts.push({ at, run: () => this.#upgrade(account, plan, at) });
    }
    return acts;
  }

  #upgrade(account: Account, plan: Plan, at: number): MonitorEvent[] {
    // Not while something else is on its way: what is then given is tested elsewhere.
    if (account.ended || at < plan.joinedAt + HOUR || at - account.periodStart(at) < HOUR) return [];
    const more = 600 - plan.quota;
    plan.tier = "premium";
    plan.quota = 600;
    return [
      account.membershipChange(at, "upgraded"),
      account.grantAllowance(at + 2_000, account.periodStart(at), more),
    ];
  }

  /** Held and captured, or spent at once; now and then it fails or is given back. */
  #use(account: Account, at: number): MonitorEvent[] {
    const amount = this.random.chance(0.03) ? this.random.whole(20, 60) : this.random.whole(1, 6);
    if (account.balance < amount) return [];
    const held = this.random.chance(0.2);
    const events: MonitorEvent[] = held ? [account.row(at, "hold", 0, {}, amount)] : [];
    if (held && this.random.chance(0.03)) return [...events, account.row(at + 900, "release", 0, {}, -amount)];
    events.push(account.row(at + 500, "consume", -amount, {}, held ? -amount : 0));
    if (this.random.chance(0.01)) {
      const reason = this.random.pick(["the answer was empty", "the user was not content", "a timeout"]);
      events.push(account.row(at + 1_000, "refund", amount, { actor: "backend", reason }));
    }
    return events;
  }

  #adminActs(from: number): Act[] {
    const acts: Act[] = [];
    for (const admin of ADMINS) {
      // In a small world few have anything to give: the same account again and again would be what a rule looks for.
      for (let n = Math.min(this.random.whole(8, 20), Math.ceil(this.accounts.length / 100)); n > 0; n--) {
        const at = from + this.random.whole(8 * HOUR, 17 * HOUR);
        const account = this.random.pick(this.accounts);
        if (this.scripted.has(account.userId)) continue;
        acts.push({ at, run: () => this.bonus(at, admin, account, this.random.whole(5, 100)) });
      }
    }
    return acts;
  }

  /** A bonus by an admin from a place that is known. */
  bonus(at: number, admin: string, account: Account, amount: number, over: Parameters<typeof adminAction>[3] = {}) {
    const over2 = { grantKind: "bonus", actor: admin, reason: "a courtesy", feature: "" };
    const row = account.row(at, "grant", amount, over2);
    const place = Math.max(0, ADMINS.indexOf(admin as (typeof ADMINS)[number]));
    const action = adminAction(at, admin, account.userId, {
      amount,
      transactionId: row.transaction.id,
      ip: `10.0.${place}.${this.random.whole(1, 2)}`,
      userAgent: `Mozilla/5.0 (X11; Linux x86_64) Firefox/${this.random.whole(150, 155)}.0`,
      ...over,
    });
    return [row, action];
  }

  #refusals(from: number): Act[] {
    return Array.from({ length: 20 }, () => {
      const at = from + this.random.whole(0, DAY - 1);
      const subject = this.random.pick(this.accounts).userId;
      return { at, run: () => [refusal(at, subject, "role_required", "/api/admin/users")] };
    });
  }
}

export function refusal(at: number, subject: string, code: string, route: string): MonitorEvent {
  return {
    type: "access_refused",
    id: eventId(),
    at: new Date(at),
    traceId: "",
    subject,
    code,
    method: "POST",
    route,
    ip: "192.0.2.1",
  };
}
