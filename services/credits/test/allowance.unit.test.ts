import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { allowancePeriodAt, planAllowance, type Served, yearlySchedule } from "../src/domain/allowance.ts";
import { activeUntil } from "../src/domain/membership.ts";
import { Account, day, lite, member, premium, pro, UTC } from "./support/plain-account.ts";

describe("a calendar member", () => {
  test("gets the quota on joining and is reset on the 1st", () => {
    const account = new Account();
    const alice = member("2026-01-15T10:00:00.000Z");
    const plan = account.look(alice, "2026-01-15T10:00:00.000Z");
    expect(plan.dueAt).toEqual(day("2026-02-01"));
    expect(plan.view).toEqual({ tier: "pro", monthlyCredits: 250, nextResetAt: day("2026-02-01") });
    account.left = 40;
    account.look(alice, "2026-01-31T23:59:59.999Z");
    expect(account.left).toBe(40);
    account.look(alice, "2026-02-01");
    expect(account.actions).toEqual(["first 250", "reset 250"]);
  });

  test("joining on the 31st gives the quota and, a day later, resets it", () => {
    const account = new Account();
    const joined = member("2026-01-31T12:00:00.000Z");
    account.look(joined, "2026-01-31T12:00:00.000Z");
    account.left = 1;
    account.look(joined, "2026-02-01");
    expect(account.actions).toEqual(["first 250", "reset 250"]);
    expect(account.served).toMatchObject({ start: day("2026-02-01"), end: day("2026-03-01") });
  });

  test("asked any number of times, the same period is given once", () => {
    const account = new Account();
    const alice = member("2026-01-15");
    for (let i = 0; i < 5; i += 1) account.look(alice, "2026-01-20");
    for (let i = 0; i < 5; i += 1) account.look(alice, "2026-02-20");
    expect(account.actions).toEqual(["first 250", "reset 250"]);
  });

  test("a month that begins at midnight in Berlin begins an hour earlier in UTC, in summer two", () => {
    const account = new Account();
    const alice = member("2026-01-15");
    expect(account.look(alice, "2026-01-20", "Europe/Berlin").dueAt).toEqual(day("2026-01-31T23:00:00.000Z"));
    expect(account.look(alice, "2026-03-20", "Europe/Berlin").dueAt).toEqual(day("2026-03-31T22:00:00.000Z"));
    expect(account.look(alice, "2026-10-20", "Europe/Berlin").dueAt).toEqual(day("2026-10-31T23:00:00.000Z"));
  });

  test("the machine was off on the 1st: the reset comes when it is back", () => {
    const account = new Account();
    const alice = member("2026-01-15");
    account.look(alice, "2026-01-20");
    account.left = 3;
    account.look(alice, "2026-02-03T07:12:00.000Z");
    expect(account.actions).toEqual(["first 250", "reset 250"]);
  });

  test("the machine was off for three months: one reset, into the present month", () => {
    const account = new Account();
    const alice = member("2026-01-15");
    account.look(alice, "2026-01-20");
    account.look(alice, "2026-05-03");
    expect(account.actions).toEqual(["first 250", "reset 250"]);
    expect(account.served).toMatchObject({ start: day("2026-05-01") });
  });

  test("a clock that goes back gives nothing again", () => {
    const account = new Account();
    const alice = member("2026-01-15");
    account.look(alice, "2026-01-20");
    account.look(alice, "2026-04-02");
    account.look(alice, "2026-02-10");
    account.look(alice, "2026-01-20");
    account.look(alice, "2026-04-20");
    expect(account.actions).toEqual(["first 250", "reset 250"]);
  });
});

describe("changes inside a month", () => {
  test("an upgrade gives the difference at once, and the full new quota on the 1st", () => {
    const account = new Account();
    account.look(member("2026-01-03"), "2026-01-03");
    account.left = 20;
    const upgraded = member("2026-01-03", { terms: premium });
    account.look(upgraded, "2026-01-16");
    expect(account.left).toBe(20 + 350);
    account.look(upgraded, "2026-02-01");
    expect(account.actions).toEqual(["first 250", "topup 350", "reset 600"]);
  });

  test("up, down and up again never gives more than the highest quota of the month", () => {
    const account = new Account();
    for (const terms of [pro, premium, lite, premium, pro, premium]) {
      account.look(member("2026-01-03", { terms }), "2026-01-16");
    }
    expect(account.served?.given).toBe(600);
  });

  test("a scheduled downgrade keeps the month's quota and takes effect at the next reset after the period's end", () => {
    const account = new Account();
    const down = member("2026-01-15", { pendingTerms: lite });
    account.look(down, "2026-01-15");
    expect(account.look(down, "2026-02-01").quota).toBe(250);
    const later = account.look(down, "2026-02-16");
    expect(later.action).toBe("none");
    expect(later.view?.tier).toBe("lite");
    account.look(down, "2026-03-01");
    expect(account.actions).toEqual(["first 250", "reset 250", "reset 100"]);
  });

  test("a scheduled change to more credits is served when it takes over, without an event", () => {
    const account = new Account();
    const up = member("2026-01-15", { pendingTerms: premium });
    account.look(up, "2026-02-01");
    expect(account.look(up, "2026-02-02").dueAt).toEqual(day("2026-02-15"));
    account.look(up, "2026-02-15");
    expect(account.actions).toEqual(["first 250", "topup 350"]);
  });

  test("leaving and coming back in one month gives the quota once", () => {
    const account = new Account();
    account.look(member("2026-01-03"), "2026-01-03");
    account.look(member("2026-01-03", { status: "ended", endedAt: day("2026-01-10") }), "2026-01-10");
    account.look(member("2026-01-12"), "2026-01-12");
    expect(account.actions).toEqual(["first 250"]);
  });

  test("leaving and coming back in a later month is a reset", () => {
    const account = new Account();
    account.look(member("2026-01-03"), "2026-01-03");
    account.look(member("2026-01-03", { status: "ended", endedAt: day("2026-01-10") }), "2026-01-10");
    account.left = 90;
    account.look(member("2026-03-20"), "2026-03-20");
    expect(account.actions).toEqual(["first 250", "reset 250"]);
  });
});

describe("prorated first month", () => {
  const terms = { ...pro, firstPeriod: "prorated" as const };

  test.each([
    ["2026-01-01", 250],
    ["2026-01-01T13:00:00.000Z", 250],
    ["2026-01-02", 242],
    ["2026-01-16", 130],
    ["2026-01-31T23:59:59.000Z", 9],
    ["2026-02-28", 9],
    ["2028-02-29", 9],
  ])("joining at %s gives %d", (joined, amount) => {
    const account = new Account();
    account.look(member(joined, { terms }), joined);
    expect(account.left).toBe(amount);
  });

  test("the second month is full", () => {
    const account = new Account();
    const joined = member("2026-01-31", { terms });
    account.look(joined, "2026-01-31");
    account.look(joined, "2026-02-01");
    expect(account.actions).toEqual(["first 9", "reset 250"]);
  });

  test("an upgrade inside the first month is prorated from the join day as well", () => {
    const account = new Account();
    account.look(member("2026-01-16", { terms }), "2026-01-16");
    account.look(member("2026-01-16", { terms: { ...terms, tier: "premium", monthlyCredits: 600 } }), "2026-01-20");
    expect(account.served?.given).toBe(310);
  });
});

describe("the end of a membership", () => {
  test("expiring on the 2nd: reset on the 1st, then what is left stays", () => {
    const account = new Account();
    const alice = member("2026-01-10", { expiresAt: day("2026-02-02") });
    account.look(alice, "2026-01-10");
    account.left = 5;
    const first = account.look(alice, "2026-02-01");
    expect(first.view?.nextResetAt).toBeNull();
    expect(first.dueAt).toEqual(day("2026-02-02"));
    account.left = 200;
    const after = account.look(alice, "2026-02-02");
    expect(after).toMatchObject({ action: "none", dueAt: null, view: null });
    account.look(alice, "2026-03-01");
    expect(account.left).toBe(200);
    expect(account.actions).toEqual(["first 250", "reset 250"]);
  });

  test("forfeit: what is left lapses at the end", () => {
    const account = new Account();
    const alice = member("2026-01-10", { terms: { ...pro, onExpiry: "forfeit" }, expiresAt: day("2026-02-02") });
    account.look(alice, "2026-01-10");
    account.look(alice, "2026-02-02");
    account.look(alice, "2026-02-03");
    expect(account.actions).toEqual(["first 250", "forfeit 250"]);
  });

  test("off from before the 1st until after the end: the reset of the 1st was earned", () => {
    const account = new Account();
    const alice = member("2026-01-10", { expiresAt: day("2026-02-02") });
    account.look(alice, "2026-01-10");
    account.left = 5;
    account.look(alice, "2026-02-20");
    expect(account.actions).toEqual(["first 250", "reset 250"]);
  });

  test("a cancellation ends at the period's end without another event", () => {
    const account = new Account();
    const alice = member("2026-01-15", { cancelAtPeriodEnd: true });
    account.look(alice, "2026-01-15");
    account.look(alice, "2026-02-01");
    expect(account.look(alice, "2026-02-15").view).toBeNull();
    account.look(alice, "2026-03-01");
    expect(account.actions).toEqual(["first 250", "reset 250"]);
  });

  test("a membership that ends before it begins gives nothing", () => {
    const account = new Account();
    account.look(member("2026-01-15", { status: "ended", endedAt: day("2026-01-15") }), "2026-01-16");
    expect(account.actions).toEqual([]);
  });

  test("a membership that begins later is looked at then", () => {
    expect(new Account().look(member("2026-03-15"), "2026-01-16")).toMatchObject({
      action: "none",
      dueAt: day("2026-03-15"),
    });
  });
});

describe("rollover", () => {
  const terms = { ...pro, rolloverCap: 300 };

  test("unused credits move up to the cap", () => {
    const account = new Account();
    const alice = member("2026-01-01", { terms });
    account.look(alice, "2026-01-01");
    account.left = 70;
    account.look(alice, "2026-02-01");
    expect(account.left).toBe(320);
    account.look(alice, "2026-03-01");
    expect(account.left).toBe(550);
  });

  test("three months off carry over as much as three months on", () => {
    const on = new Account();
    const off = new Account();
    const alice = member("2026-01-01", { terms });
    for (const account of [on, off]) {
      account.look(alice, "2026-01-01");
      account.left = 20;
    }
    for (const month of ["2026-02-01", "2026-03-01", "2026-04-01"]) on.look(alice, month);
    off.look(alice, "2026-04-20");
    expect(off.left).toBe(on.left);
    expect(off.left).toBe(550);
  });
});

describe("anniversary and yearly members", () => {
  const anniversary = { ...pro, anchor: "anniversary" as const };

  test("joined on the 31st: the 28th, then the 31st again", () => {
    const alice = member("2026-01-31T09:30:00.000Z", { terms: anniversary });
    const starts = ["2026-02-01", "2026-03-01", "2026-04-01", "2026-05-01"].map(
      (at) => allowancePeriodAt(alice, day(at), UTC).start,
    );
    expect(starts).toEqual([
      day("2026-01-31T09:30:00.000Z"),
      day("2026-02-28T09:30:00.000Z"),
      day("2026-03-31T09:30:00.000Z"),
      day("2026-04-30T09:30:00.000Z"),
    ]);
  });

  test("joined on 29 February: clamped in common years, back on the 29th in the next leap year", () => {
    const alice = member("2028-02-29", { cycle: "yearly" });
    expect(allowancePeriodAt(alice, day("2029-03-01"), UTC).start).toEqual(day("2029-02-28"));
    expect(allowancePeriodAt(alice, day("2029-03-29"), UTC).start).toEqual(day("2029-03-29"));
    expect(allowancePeriodAt(alice, day("2032-03-01"), UTC).start).toEqual(day("2032-02-29"));
  });

  test("the local time of day stays over a change of the clocks", () => {
    const alice = member("2026-02-28T23:30:00.000Z", { terms: anniversary }); // 1 March 00:30 in Berlin
    const period = allowancePeriodAt(alice, day("2026-03-15"), "Europe/Berlin");
    expect(period.end).toEqual(day("2026-03-31T22:30:00.000Z")); // 1 April 00:30, now two hours ahead
  });

  test("a local time that does not exist on the day is taken an hour later", () => {
    const alice = member("2026-02-28T01:30:00.000Z", { terms: anniversary }); // 02:30 in Berlin
    expect(
      allowancePeriodAt(
        { ...alice, startedAt: day("2026-01-29T01:30:00.000Z") },
        day("2026-03-29T12:00:00.000Z"),
        "Europe/Berlin",
      ).start,
    ).toEqual(day("2026-03-29T01:30:00.000Z"));
  });

  test("a yearly member sees twelve months: one given, the missed ones, the rest scheduled", () => {
    const alice = member("2026-01-31", { cycle: "yearly", currentPeriodEnd: day("2027-01-31") });
    const rows = yearlySchedule(alice, null, day("2026-03-15"), UTC);
    expect(rows.map((row) => row.status)).toEqual(["missed", "given", ...Array<string>(10).fill("scheduled")]);
    expect(rows.at(-1)).toMatchObject({ month: 12, start: day("2026-12-31"), end: day("2027-01-31"), amount: 250 });
    const next = yearlySchedule({ ...alice, currentPeriodEnd: day("2028-01-31") }, null, day("2027-02-01"), UTC);
    expect(next[0]).toMatchObject({ month: 1, start: day("2027-01-31"), status: "given" });
  });

  test("months after the end are not scheduled, a monthly member has none", () => {
    const ends = member("2026-01-31", { cycle: "yearly", expiresAt: day("2026-04-10") });
    expect(yearlySchedule(ends, null, day("2026-02-01"), UTC)).toHaveLength(3);
    expect(yearlySchedule(member("2026-01-31"), null, day("2026-02-01"), UTC)).toEqual([]);
  });

  test("changing from calendar to yearly: the month is finished, its rest until the join day is a share", () => {
    const account = new Account();
    account.look(member("2026-01-15"), "2026-02-01");
    const yearly = member("2026-01-15", { cycle: "yearly", currentPeriodStart: day("2026-02-15") });
    expect(account.look(yearly, "2026-02-20").dueAt).toEqual(day("2026-03-01"));
    account.look(yearly, "2026-03-01");
    account.look(yearly, "2026-03-10");
    account.look(yearly, "2026-03-15");
    expect(account.actions).toEqual(["first 250", "reset 125", "reset 250"]);
  });

  test("an upgrade inside such a share is a share as well", () => {
    const account = new Account();
    account.look(member("2026-01-15"), "2026-02-01");
    account.look(member("2026-01-15", { cycle: "yearly" }), "2026-03-01");
    account.look(member("2026-01-15", { cycle: "yearly", terms: premium }), "2026-03-02");
    expect(account.served?.given).toBe(300);
  });

  test("a yearly member who goes back to monthly is served to the end of the year's last month, then by the calendar", () => {
    const account = new Account();
    const back = member("2026-01-15", {
      cycle: "yearly",
      pendingCycle: "monthly",
      currentPeriodEnd: day("2027-01-15"),
    });
    account.look(back, "2026-12-15");
    expect(account.look(back, "2026-12-20").dueAt).toEqual(day("2027-01-15"));
    account.look(back, "2027-01-15"); // 17 of the 31 days of January
    account.look(back, "2027-02-01");
    expect(account.actions).toEqual(["first 250", "reset 138", "reset 250"]);
  });

  test("off over a scheduled change to yearly: the month before it counts, though nobody saw it", () => {
    const account = new Account();
    const yearly = member("2025-12-24", {
      terms: premium,
      pendingTerms: lite,
      pendingCycle: "yearly",
      currentPeriodEnd: day("2026-04-24"),
    });
    account.look(yearly, "2026-03-14");
    account.look(yearly, "2026-05-04"); // 23 of the 30 days up to 24 May
    account.look(yearly, "2026-05-24");
    expect(account.actions).toEqual(["first 600", "reset 77", "reset 100"]);
  });

  test("coming back on an anniversary tier finishes the month that was given before", () => {
    const account = new Account();
    account.look(member("2026-01-15", { terms: anniversary }), "2026-01-15");
    const again = member("2026-01-21", { terms: anniversary });
    account.look(again, "2026-01-21");
    account.look(again, "2026-02-15");
    account.look(again, "2026-02-21");
    expect(account.actions).toEqual(["first 250", "reset 49", "reset 250"]);
  });

  test("a year that begins at a later month than the first", () => {
    const yearly = member("2026-01-31", {
      cycle: "yearly",
      currentPeriodStart: day("2026-04-30"),
      currentPeriodEnd: day("2027-04-30"),
    });
    const rows = yearlySchedule(yearly, null, day("2026-05-01"), UTC);
    expect(rows[0]).toMatchObject({ month: 1, start: day("2026-04-30"), end: day("2026-05-31"), status: "given" });
    expect(rows.at(-1)).toMatchObject({ month: 12, end: day("2027-04-30") });
    const served = { start: day("2026-05-01"), end: day("2026-05-31"), given: 242 };
    expect(yearlySchedule(yearly, served, day("2026-05-02"), UTC)[0]).toMatchObject({
      start: day("2026-05-01"),
      amount: 242,
      status: "given",
    });
  });
});

const zones = fc.constantFrom(
  "UTC",
  "Europe/Berlin",
  "America/New_York",
  "Asia/Kathmandu",
  "Pacific/Apia",
  "Africa/Cairo",
);
const moments = fc.date({ min: day("2024-01-01"), max: day("2033-01-01"), noInvalidDate: true });
const memberships = fc
  .record({
    startedAt: fc.date({ min: day("2024-01-01"), max: day("2026-12-31"), noInvalidDate: true }),
    cycle: fc.constantFrom("monthly" as const, "yearly" as const),
    anchor: fc.constantFrom("calendar" as const, "anniversary" as const),
    quota: fc.integer({ min: 1, max: 1_000 }),
    cap: fc.constantFrom(0, 10, 300, 5_000),
    ends: fc.option(fc.integer({ min: 1, max: 900 }), { nil: null }),
    prorated: fc.boolean(),
    /** A change that takes over when the membership period ends. */
    scheduled: fc.option(
      fc.record({
        after: fc.integer({ min: 1, max: 400 * 86_400_000 }),
        cycle: fc.constantFrom("monthly" as const, "yearly" as const),
        anchor: fc.constantFrom("calendar" as const, "anniversary" as const),
        quota: fc.integer({ min: 1, max: 1_000 }),
      }),
      { nil: null },
    ),
  })
  .map(({ startedAt, cycle, anchor, quota, cap, ends, prorated, scheduled }) => {
    const firstPeriod = prorated ? ("prorated" as const) : ("full" as const);
    const terms = { ...pro, anchor, monthlyCredits: quota, rolloverCap: cap, firstPeriod };
    const change =
      scheduled === null
        ? {}
        : {
            pendingTerms: { ...terms, anchor: scheduled.anchor, monthlyCredits: scheduled.quota },
            pendingCycle: scheduled.cycle,
            currentPeriodEnd: new Date(startedAt.getTime() + scheduled.after),
          };
    const expiresAt = ends === null ? null : new Date(startedAt.getTime() + ends * 86_400_000);
    return member(startedAt.toISOString(), { cycle, terms, expiresAt, ...change });
  });

// Thousands of cases: slow on a busy machine.
describe("for every membership, zone and moment", { timeout: 60_000 }, () => {
  test("allowance periods tile time: each contains its moment and the next begins where it ends", () => {
    fc.assert(
      fc.property(memberships, zones, moments, (membership, zone, at) => {
        fc.pre(at >= membership.startedAt && membership.pendingCycle === null);
        const period = allowancePeriodAt(membership, at, zone);
        expect(period.start <= at && at < period.end).toBe(true);
        expect(allowancePeriodAt(membership, period.end, zone).start).toEqual(period.end);
        const last = new Date(period.end.getTime() - 1);
        expect(allowancePeriodAt(membership, last, zone)).toEqual(period);
      }),
      { numRuns: 2_000 },
    );
  });

  test("a look always names a later next look, or none once the membership has ended", () => {
    fc.assert(
      fc.property(memberships, zones, moments, (membership, zone, now) => {
        const plan = planAllowance(membership, null, now, zone);
        const end = activeUntil(membership);
        if (end !== null && end <= now && now >= membership.startedAt) expect(plan.dueAt).toBeNull();
        else expect(plan.dueAt !== null && plan.dueAt > now).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  test("between two looks nothing falls due: an account asked only when due ends as one asked at every odd moment", () => {
    fc.assert(
      fc.property(
        memberships,
        zones,
        fc.array(fc.integer({ min: 1, max: 40 * 86_400_000 }), { minLength: 1, maxLength: 30 }),
        (membership, zone, steps) => {
          const often = new Account();
          const lazy = new Account();
          let now = membership.startedAt.getTime();
          let due: number | null = now;
          often.look(membership, new Date(now), zone);
          for (const step of steps) {
            const target = now + step;
            while (due !== null && due <= target)
              due = lazy.look(membership, new Date(due), zone).dueAt?.getTime() ?? null;
            now = target;
            often.look(membership, new Date(now), zone);
          }
          expect(often.served).toEqual(lazy.served);
          expect(often.left).toBe(lazy.left);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  test("whatever states arrive in whatever order, a period gives at most the highest quota", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            quota: fc.integer({ min: 0, max: 1_000 }),
            at: fc.integer({ min: 0, max: 27 * 86_400_000 }),
            ended: fc.boolean(),
          }),
          { minLength: 1, maxLength: 12 },
        ),
        (states) => {
          const account = new Account();
          for (const state of states) {
            const now = new Date(day("2026-02-01").getTime() + state.at);
            const terms = { ...pro, monthlyCredits: state.quota };
            account.look(
              member("2026-01-20", { terms, ...(state.ended ? { status: "ended", endedAt: now } : {}) }),
              now,
            );
          }
          expect(account.served?.given ?? 0).toBeLessThanOrEqual(Math.max(...states.map((state) => state.quota)));
        },
      ),
    );
  });

  test("however often the anchor changes, served periods never overlap and leave no gap in an unbroken membership", () => {
    fc.assert(
      fc.property(
        zones,
        fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 50 * 86_400_000 })), { minLength: 1, maxLength: 30 }),
        (zone, steps) => {
          const account = new Account();
          const joined = day("2026-01-31T09:30:00.000Z");
          let now = joined.getTime();
          let last: Served | null = null;
          for (const [yearly, step] of steps) {
            const state = member(joined.toISOString(), { cycle: yearly ? "yearly" : "monthly" });
            let plan = account.look(state, new Date(now), zone);
            const target = now + step;
            while (plan.dueAt !== null && plan.dueAt.getTime() <= target) {
              plan = account.look(state, plan.dueAt, zone);
              const served: Served | null = account.served;
              if (last !== null && served !== null && served.start > last.start) expect(served.start).toEqual(last.end);
              last = served;
            }
            now = target;
          }
          expect(account.served?.given).toBeLessThanOrEqual(250);
        },
      ),
      { numRuns: 500 },
    );
  });
});
