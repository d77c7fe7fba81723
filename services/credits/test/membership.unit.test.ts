import { describe, expect, test } from "vitest";
import { contains, prorate } from "../src/domain/calendar.ts";
import {
  activeUntil,
  isActiveAt,
  type Membership,
  membershipFromState,
  membershipToState,
} from "../src/domain/membership.ts";
import { lite, member as memberSince, pro } from "./support/plain-account.ts";

const day = (text: string): Date => new Date(`2026-${text}T00:00:00.000Z`);
const just = (at: Date, ms: number): Date => new Date(at.getTime() + ms);

function member(more: Partial<Membership> = {}): Membership {
  return memberSince("2026-01-10", { currentPeriodStart: day("02-10"), currentPeriodEnd: day("03-10"), ...more });
}

describe("a membership ends at the first of its ends", () => {
  test.each([
    ["renews for ever", {}, null],
    [
      "expires before the period it was cancelled for",
      { cancelAtPeriodEnd: true, expiresAt: day("02-20") },
      day("02-20"),
    ],
    ["was cancelled before it expires", { cancelAtPeriodEnd: true, expiresAt: day("06-01") }, day("03-10")],
    [
      "was ended before both",
      { cancelAtPeriodEnd: true, expiresAt: day("06-01"), endedAt: day("02-12") },
      day("02-12"),
    ],
    ["says that it ended, not when", { status: "expired" }, day("03-10")],
    ["says that it ended, and when", { status: "ended", endedAt: day("04-01") }, day("04-01")],
  ] as const)("%s", (_, more, end) => {
    expect(activeUntil(member(more))).toEqual(end);
  });

  test("and begins with its first moment", () => {
    const expiring = member({ expiresAt: day("02-20") });
    const moments = [just(day("01-10"), -1), day("01-10"), just(day("02-20"), -1), day("02-20")];
    expect(moments.map((at) => isActiveAt(expiring, at))).toEqual([false, true, true, false]);
  });
});

describe("the ledger's copy", () => {
  const full = member({
    pendingTerms: lite,
    pendingCycle: "monthly",
    cycle: "yearly",
    expiresAt: day("12-01"),
    endedAt: day("11-01"),
  });

  test.each([member(), full, member({ cancelAtPeriodEnd: true })])("comes back as it went", (membership) => {
    expect(membershipFromState(JSON.parse(JSON.stringify(membershipToState(membership))))).toEqual(membership);
  });

  test("of nobody's membership is none, however it is said", () => {
    expect([membershipToState(null), membershipFromState(null), membershipFromState(undefined)]).toEqual([
      null,
      null,
      null,
    ]);
  });

  test("without an end or a change says so by leaving it out, too", () => {
    const {
      expiresAt: _e,
      endedAt: _n,
      pendingTerms: _t,
      ...rest
    } = membershipToState(full) as Record<string, unknown>;
    expect(membershipFromState(rest)).toMatchObject({ expiresAt: null, endedAt: null, pendingTerms: null });
  });

  test.each([
    ["no terms", { terms: null }],
    ["terms without a tier", { terms: { ...pro, tier: 7 } }],
    ["an allowance that is no whole number", { terms: { ...pro, monthlyCredits: 2.5 } }],
    ["a scheduled tier that is none", { pendingTerms: {} }],
    ["a moment that is none", { startedAt: "soon" }],
    ["a number for a moment", { currentPeriodEnd: 5 }],
  ])("with %s is refused: better no reset than a wrong one", (_, broken) => {
    const state = { ...(membershipToState(full) as Record<string, unknown>), ...broken };
    expect(() => membershipFromState(state)).toThrow(/the copy of a membership holds/);
  });
});

describe("periods", () => {
  const february = { start: day("02-01"), end: day("03-01") };

  test("have their first moment and not their end", () => {
    const moments = [just(february.start, -1), february.start, just(february.end, -1), february.end];
    expect(moments.map((at) => contains(february, at))).toEqual([false, true, true, false]);
  });

  test.each([
    ["before it", just(february.start, -1), 280],
    ["with it", february.start, 280],
    ["on its second day", day("02-02"), 270],
    ["on its last day", day("02-28"), 10],
    ["a moment before its end", just(february.end, -1), 10],
    ["with its end", february.end, 0],
    ["after it", day("04-01"), 0],
  ])("give a share to who joins %s", (_, joined, credits) => {
    expect(prorate(280, february, joined, "UTC")).toBe(credits);
  });

  test("of more than a month are shared by their days", () => {
    expect(prorate(90, { start: day("01-01"), end: day("04-01") }, day("02-01"), "UTC")).toBe(59);
  });
});
