import { describe, expect, it } from "vitest";
import { dueAt, endsAt, type Membership, type TierTerms } from "./membership.ts";
import { settlements } from "./settle.ts";

const at = (iso: string): Date => new Date(iso);

const PRO: TierTerms = {
  tier: "pro",
  monthlyCredits: 250,
  rank: 20,
  anchor: "calendar",
  firstPeriod: "full",
  rolloverCap: 0,
  onExpiry: "keep",
};
const LITE: TierTerms = { ...PRO, tier: "lite", monthlyCredits: 100, rank: 10 };

function member(state: Partial<Membership> = {}): Membership {
  return {
    membershipId: "m1",
    status: "active",
    cycle: "monthly",
    terms: PRO,
    pendingTerms: null,
    pendingCycle: null,
    startedAt: at("2026-01-31T10:00:00Z"),
    currentPeriodStart: at("2026-01-31T10:00:00Z"),
    currentPeriodEnd: at("2026-02-28T10:00:00Z"),
    expiresAt: null,
    cancelAtPeriodEnd: false,
    endedAt: null,
    ...state,
  };
}

const settle = (membership: Membership, now: string) =>
  settlements(membership, at(now), "UTC").map(({ step, change, next }) => ({ step, change, next }));

describe("what time does to a membership", () => {
  it("nothing before the period's end, a renewal at it", () => {
    expect(settle(member(), "2026-02-28T09:59:59.999Z")).toEqual([]);
    const [renewal, ...rest] = settle(member(), "2026-02-28T10:00:00Z");
    expect(rest).toEqual([]);
    expect(renewal).toMatchObject({ step: "renew", change: "renewed" });
    expect(renewal?.next).toEqual(
      member({ currentPeriodStart: at("2026-02-28T10:00:00Z"), currentPeriodEnd: at("2026-03-31T10:00:00Z") }),
    );
  });

  it("one renewal after three months off, into the period that holds now", () => {
    const steps = settle(member(), "2026-05-30T00:00:00Z");
    expect(steps).toHaveLength(1);
    expect(steps[0]?.next.currentPeriodStart).toEqual(at("2026-04-30T10:00:00Z"));
    expect(steps[0]?.next.currentPeriodEnd).toEqual(at("2026-05-31T10:00:00Z"));
  });

  it("a scheduled downgrade and cycle take over with the renewal", () => {
    const [step] = settle(member({ pendingTerms: LITE, pendingCycle: "yearly" }), "2026-03-01T00:00:00Z");
    expect(step).toMatchObject({ change: "downgraded" });
    expect(step?.next).toMatchObject({ terms: LITE, cycle: "yearly", pendingTerms: null, pendingCycle: null });
    expect(step?.next.currentPeriodEnd).toEqual(at("2027-02-28T10:00:00Z"));
    const [cycle] = settle(member({ pendingCycle: "yearly" }), "2026-03-01T00:00:00Z");
    expect(cycle).toMatchObject({ change: "cycle_changed", next: { cycle: "yearly" } });
  });

  it("a cancelled one ends with its period, however late that is noticed", () => {
    const [step, ...rest] = settle(member({ cancelAtPeriodEnd: true }), "2026-08-01T00:00:00Z");
    expect(rest).toEqual([]);
    expect(step).toMatchObject({ step: "expire", change: "cancelled" });
    expect(step?.next).toMatchObject({ status: "cancelled", endedAt: at("2026-02-28T10:00:00Z") });
  });

  it("expiring on the 2nd: renewed before it, expired at it", () => {
    const expiresAt = at("2026-04-02T00:00:00Z");
    expect(settle(member({ expiresAt }), "2026-04-01T23:59:59Z")).toMatchObject([{ step: "renew" }]);
    const steps = settle(member({ expiresAt, pendingTerms: LITE }), "2026-12-24T00:00:00Z");
    expect(steps.map((step) => step.change)).toEqual(["downgraded", "expired"]);
    expect(steps[0]?.next.currentPeriodEnd).toEqual(at("2026-04-30T10:00:00Z"));
    expect(steps[1]?.next).toMatchObject({ status: "expired", endedAt: expiresAt, terms: LITE });
  });

  it("an end at the very end of a period is an end, not a renewal", () => {
    const expiresAt = at("2026-02-28T10:00:00Z");
    expect(settle(member({ expiresAt }), "2026-02-28T10:00:00Z").map((step) => step.change)).toEqual(["expired"]);
    const later = at("2026-03-31T10:00:00Z");
    const changes = settle(member({ expiresAt: later }), "2026-05-01T00:00:00Z").map((step) => step.change);
    expect(changes).toEqual(["renewed", "expired"]);
  });

  it("nothing more to one that has stopped", () => {
    const ended = member({ status: "ended", endedAt: at("2026-02-01T00:00:00Z") });
    expect(settle(ended, "2030-01-01T00:00:00Z")).toEqual([]);
    expect(dueAt(ended)).toBeNull();
    expect(endsAt(ended)).toBeNull();
  });

  it("after settling nothing is due any more", () => {
    for (const now of ["2026-03-01T00:00:00Z", "2027-06-15T00:00:00Z", "2031-02-28T10:00:00Z"]) {
      for (const state of [{}, { pendingCycle: "yearly" as const }, { expiresAt: at("2028-01-01T00:00:00Z") }]) {
        const last = settlements(member(state), at(now), "UTC").at(-1);
        const due = last === undefined ? null : dueAt(last.next);
        expect(due === null || due > at(now)).toBe(true);
      }
    }
  });
});
