import { adminAction, eventId } from "./account.ts";
import { addMonths, DAY, HOUR, MINUTE } from "./time.ts";
import { type Act, refusal, type World } from "./world.ts";

/** What is wrong, by the day on which it happens. */
export class Anomalies {
  readonly #world: World;
  readonly #acts = new Map<number, Act[]>();
  readonly #dropped = new Set<string>();

  /** @param each of every kind so many. Plants members before the world's prologue is told. */
  constructor(world: World, each: number) {
    this.#world = world;
    for (let n = 0; n < each; n++) {
      this.#members(n);
      this.#transactions(n);
      this.#admins(n);
      this.#nearMisses(n);
    }
  }

  on(day: number): readonly Act[] {
    return this.#acts.get(day) ?? [];
  }

  /** An event that is lost on its way. */
  isDropped(eventId: string): boolean {
    return this.#dropped.has(eventId);
  }

  /** A day on which something that takes its time can still be found. */
  #day(n: number): number {
    return 1 + (n % Math.max(1, this.#world.days - 3));
  }

  #at(n: number, hour = 10): number {
    return this.#world.start + this.#day(n) * DAY + hour * HOUR + this.#world.random.whole(0, 59) * MINUTE;
  }

  #act(at: number, run: Act["run"]): void {
    const day = Math.floor((at - this.#world.start) / DAY);
    this.#acts.set(day, [...(this.#acts.get(day) ?? []), { at, run }]);
  }

  #members(n: number): void {
    const world = this.#world;
    /** The boundary lies inside the run; the member joined `months` before. */
    const boundary = this.#at(n, 9);
    const joinedAt = (months: number) => {
      const date = new Date(boundary);
      if (date.getUTCDate() > 28) date.setUTCDate(28);
      return addMonths(date.getTime(), -months);
    };
    const day = (at: number) => new Date(at).toISOString().slice(0, 10);
    const anniversary = { anchor: "anniversary", joinedAt: joinedAt(2) } as const;

    const overdue = `overdue-${n}`;
    const end = addMonths(anniversary.joinedAt, 2);
    world.script(overdue, world.plan({ ...anniversary, endsAt: end, neverEnds: true }), 0.5);
    world.expect("membership_overdue", overdue);

    const givenLate = world.script(`given-late-${n}`, world.plan({ ...anniversary, endsAt: end }), 0.5);
    this.#act(end + 2 * HOUR, () => [givenLate.reset(end + 2 * HOUR, end, givenLate.plan?.quota ?? 0)]);
    // The subject names the ledger row, which is known only then.
    world.expect("membership_overdue", `${givenLate.userId}/*`);

    const missed = `missed-${n}`;
    world.script(missed, world.plan({ ...anniversary, skipped: new Set([end]) }), 0.5);
    world.expect("reset_missed", missed, `period_without_allowance:${missed}/`);

    const twice = world.script(`twice-${n}`, world.plan(anniversary), 0.5);
    this.#act(end + 3 * HOUR, () => [twice.reset(end + 3 * HOUR, end, twice.plan?.quota ?? 0)]);
    world.expect("reset_wrong", `${twice.userId}/*`);

    const wrong = world.script(`wrong-${n}`, world.plan({ ...anniversary, skipped: new Set([end]) }), 0.5);
    const amount = n % 2 === 0 ? 17 : 5_000;
    this.#act(end + 10 * MINUTE, () => [wrong.reset(end + 10 * MINUTE, end, amount)]);
    world.expect("reset_wrong", `${wrong.userId}/*`);

    const skippedMonth = addMonths(anniversary.joinedAt, 1);
    const yearly = `yearly-${n}`;
    world.script(yearly, world.plan({ ...anniversary, cycle: "yearly", skipped: new Set([skippedMonth]) }), 0.5);
    world.expect("yearly_month_skipped", `${yearly}/${day(skippedMonth)}`, `reset_missed:${yearly}`);

    const nothing = `nothing-${n}`;
    world.script(nothing, world.plan({ ...anniversary, skipped: new Set([skippedMonth]) }), 0.5);
    world.expect("period_without_allowance", `${nothing}/${day(skippedMonth)}`, `reset_missed:${nothing}`);
  }

  #transactions(n: number): void {
    const world = this.#world;
    const shop = { grantKind: "package", actor: "shop", reason: "a package", feature: "" };
    const rich = (name: string, usesADay = 0) => {
      const account = world.script(`${name}-${n}`, null, usesADay);
      this.#act(world.start + HOUR + n, () => [account.row(world.start + HOUR + n, "grant", 9_000, shop)]);
      return account;
    };

    const large = rich("large");
    const at = this.#at(n);
    this.#act(at, () => [large.row(at, "grant", n % 3 === 0 ? 150_000 : 12_000, shop)]);
    world.expect("large_change", large.userId);

    // Thirty days of its own habits before.
    const unusual = rich("unusual", 6);
    const late = world.start + (world.days - 1) * DAY + 12 * HOUR;
    for (let use = 0; use < 25; use++) {
      const then = world.start + 2 * HOUR + use * MINUTE;
      this.#act(then, () => [unusual.row(then, "consume", -3)]);
    }
    this.#act(late, () => [unusual.row(late, "consume", -400)]);
    world.expect("unusual_change", unusual.userId);

    const refunds = rich("refunds");
    for (let k = 0; k < 11; k++) {
      const then = at + k * 45_000;
      this.#act(then, () => [
        refunds.row(then, "consume", -2),
        refunds.row(then + 5_000, "refund", 2, { reason: `case ${n}` }),
      ]);
    }
    world.expect("frequent_refunds", refunds.userId, `refund_share:${refunds.userId}`);

    const share = rich("share");
    for (let k = 0; k < 9; k++) {
      const then = at - 5 * HOUR + k * HOUR;
      this.#act(then, () => [
        share.row(then, "consume", -4),
        ...(k < 6 ? [share.row(then + MINUTE, "refund", 4, { reason: `share ${n}` })] : []),
      ]);
    }
    world.expect("refund_share", share.userId);
    if (n === 0) this.#outage(rich);

    const reason = `ring ${n}`;
    const members = Array.from({ length: 6 }, (_, m) => rich(`ring-${m}`));
    members.forEach((member, m) => {
      for (let k = 0; k < 3; k++) {
        const then = at + m * 4 * MINUTE + k * 25 * MINUTE;
        this.#act(then, () => [member.row(then, "consume", -3), member.row(then + MINUTE, "refund", 3, { reason })]);
      }
    });
    world.expect("refund_ring", `rewrite/${reason}`, ...members.map(({ userId }) => `refund_share:${userId}`));

    const burst = rich("burst");
    for (let k = 0; k < 25; k++) {
      const then = at + k * 2 * MINUTE;
      this.#act(then, () => [burst.row(then, "consume", -90)]);
    }
    world.expect("spending_burst", burst.userId);

    const frozen = world.script(`frozen-${n}`, null, 0).userId;
    for (let k = 0; k < 6; k++) {
      const then = at + k * 8 * MINUTE;
      const rejected = { type: "usage_rejected", traceId: "", userId: frozen, amount: 1, feature: "ocr" } as const;
      this.#act(then, () => [
        k % 2 === 0
          ? refusal(then, frozen, "account_frozen", "/api/credits/consume")
          : { ...rejected, id: eventId(), at: new Date(then), code: "account_frozen" },
      ]);
    }
    world.expect("frozen_attempts", frozen);

    const grown = rich("grown");
    this.#act(at, () => {
      if (n % 3 === 0) return [grown.row(at, "adjust", 70, { actor: "nobody-knows", reason: "?" })];
      if (n % 3 === 1) return [grown.row(at, "refund", 60, { relatedId: "" })];
      grown.balance += 80;
      return [grown.row(at, "consume", -1)];
    });
    world.expect("unexplained_growth", n % 3 === 0 ? `${grown.userId}/*` : grown.userId);

    const lost = rich("lost");
    this.#act(at, () => {
      const gone = lost.row(at, "consume", -2);
      this.#dropped.add(gone.id);
      return [gone, lost.row(at + MINUTE, "consume", -2)];
    });
    world.expect("event_gap", lost.userId);
  }

  #admins(n: number): void {
    const world = this.#world;
    const at = this.#at(n);
    /** One place, learned on the first day. */
    const admin = (name: string) => {
      const actor = `${name}-${n}`;
      const ip = "10.1.0.1";
      this.#act(world.start + 9 * HOUR, () => [
        adminAction(world.start + 9 * HOUR, actor, "tier", { action: "tier.set", ip }),
      ]);
      return { actor, ip };
    };

    const busy = admin("busy");
    for (let k = 0; k < 32; k++) {
      const then = at + k * 15_000;
      this.#act(then, () => [adminAction(then, busy.actor, `code-${n}-${k}`, { action: "tier.set", ip: busy.ip })]);
    }
    world.expect("admin_burst", busy.actor);

    const night = admin("night");
    const dark = this.#at(n, 3);
    this.#act(dark, () => [adminAction(dark, night.actor, "tier", { action: "tier.set", ip: night.ip })]);
    world.expect("admin_odd_hours", night.actor);

    const giver = admin("giver");
    const favourite = world.script(`favourite-${n}`, null, 0);
    this.#act(at, () => world.bonus(at, giver.actor, favourite, 20_000, { ip: giver.ip }));
    world.expect("admin_large_grant", `${giver.actor}>${favourite.userId}`, `large_change:${favourite.userId}`);

    const steady = admin("steady");
    const friend = world.script(`friend-${n}`, null, 0);
    for (let k = 0; k < 6; k++) {
      const then = at + k * 20 * MINUTE;
      this.#act(then, () => world.bonus(then, steady.actor, friend, 90, { ip: steady.ip }));
    }
    world.expect("admin_repeated_grants", friend.userId);

    const selfish = admin("selfish");
    const own = world.script(selfish.actor, null, 0);
    this.#act(at, () => world.bonus(at, selfish.actor, own, 10, { ip: selfish.ip }));
    world.expect("admin_self_grant", selfish.actor);

    const traveller = admin("traveller");
    const later = Math.max(at, world.start + 2 * DAY + 11 * HOUR);
    const ip = `203.0.113.${n % 250}`;
    this.#act(later, () => [adminAction(later, traveller.actor, "tier", { action: "tier.set", ip })]);
    world.expect("admin_new_origin", `${traveller.actor}/ip/${ip}`);

    const device = admin("device");
    const userAgent = `curl/8.5.${n}`;
    this.#act(later, () => [
      adminAction(later, device.actor, "tier", { action: "tier.set", ip: device.ip, userAgent }),
    ]);
    world.expect("admin_new_origin", `${device.actor}/device/curl/`);

    const knocker = `knocker-${n}`;
    for (let k = 0; k < 6; k++) {
      const then = at + k * MINUTE;
      this.#act(then, () => [refusal(then, knocker, "role_required", "/api/admin/users")]);
    }
    world.expect("refused_attempts", `user:${knocker}`);
  }

  /** What comes close to every limit and is none: no label, so any alert about it is a false one. */
  /** A feature is down for an hour: everybody's uses come back, and nobody is at fault but one who had it before. */
  #outage(rich: (name: string) => ReturnType<World["script"]>): void {
    const hour = this.#world.start + this.#day(0) * DAY + 16 * HOUR;
    const fails = (account: ReturnType<World["script"]>, then: number) =>
      this.#act(then, () => [account.row(then, "release", 0, { feature: "ocr", reason: "ocr is down" })]);
    for (let m = 0; m < 60; m++) {
      const victim = rich(`outage-${m}`);
      for (let k = 0; k < 6; k++) fails(victim, hour + k * 9 * MINUTE + m * 1_000);
    }
    const abuser = rich("in-outage");
    for (let k = 0; k < 6; k++) fails(abuser, hour - 7 * HOUR + k * HOUR + 30 * MINUTE);
    fails(abuser, hour + 10 * MINUTE);
    this.#world.expect("refund_share", abuser.userId);
  }

  #nearMisses(n: number): void {
    const world = this.#world;
    const at = this.#at(n, 14);
    const shop = { grantKind: "package", actor: "shop", reason: "a package", feature: "" };
    const near = (name: string, usesADay = 0) => {
      const account = world.script(`near-${name}-${n}`, null, usesADay);
      const first = world.start + HOUR + n;
      this.#act(first, () => [account.row(first, "grant", 9_900, shop)]);
      return account;
    };

    const heavy = near("heavy");
    for (let k = 0; k < 21; k++) {
      const then = at + k * 2 * MINUTE;
      this.#act(then, () => [heavy.row(then, "consume", -90)]);
    }
    // Every day as much as that: no burst, and nothing unusual of this account.
    const steady = near("steady");
    for (let k = 0; k < 30; k++) {
      const then = world.start + 2 * HOUR + k * 5 * MINUTE;
      this.#act(then, () => [steady.row(then, "consume", -25)]);
    }
    const late = world.start + (world.days - 1) * DAY + 12 * HOUR;
    this.#act(late, () => [steady.row(late, "consume", -400)]);

    const unlucky = near("unlucky");
    for (let k = 0; k < 9; k++) {
      const then = at + k * MINUTE;
      const back = k < 4 ? [unlucky.row.bind(unlucky, then + 5_000, "refund", 2, { reason: `near ${n}` })] : [];
      this.#act(then, () => [unlucky.row(then, "consume", -2), ...back.map((run) => run())]);
    }

    const members = Array.from({ length: 4 }, (_, m) => near(`ring-${m}`, 0));
    members.forEach((member, m) => {
      for (let k = 0; k < 3; k++) {
        const then = at + m * MINUTE + k * 20 * MINUTE;
        const reason = `near ring ${n}`;
        this.#act(then, () => [
          ...Array.from({ length: 3 }, () => member.row(then, "consume", -3)),
          member.row(then + MINUTE, "refund", 3, { reason }),
        ]);
      }
    });

    for (let k = 0; k < 4; k++) {
      const then = at + k * 8 * MINUTE;
      this.#act(then, () => [
        refusal(then, `near-frozen-${n}`, "account_frozen", "/api/credits/consume"),
        refusal(then, `near-knocker-${n}`, "role_required", "/api/admin/users"),
      ]);
    }

    const admin = `near-admin-${n}`;
    const ip = "10.2.0.1";
    const friend = world.script(`near-friend-${n}`, null, 0);
    this.#act(world.start + 9 * HOUR, () => [
      adminAction(world.start + 9 * HOUR, admin, "tier", { action: "tier.set", ip }),
      // Another browser on the first day, and an update of it later.
      adminAction(world.start + 10 * HOUR, admin, "tier", { action: "tier.set", ip, userAgent: "Chrome/1.0" }),
    ]);
    for (let k = 0; k < 25; k++) {
      const then = at + k * 15_000;
      const userAgent = "Chrome/2.7";
      this.#act(then, () => [adminAction(then, admin, `near-${n}-${k}`, { action: "tier.set", ip, userAgent })]);
    }
    for (let k = 0; k < 4; k++) {
      const then = at + k * 20 * MINUTE;
      this.#act(then, () => world.bonus(then, admin, friend, 2_400, { ip, userAgent: "Chrome/2.8" }));
    }
  }
}
