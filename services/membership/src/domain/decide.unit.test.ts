import { describe, expect, it } from "vitest";
import { cancel, type Decision, end, resume, set, stateOf, type Wanted } from "./decide.ts";
import type { Membership, Tier } from "./membership.ts";
import { termsOf } from "./membership.ts";

const at = (iso: string): Date => new Date(iso);
const NOW = at("2026-02-10T00:00:00Z");

function tier(code: string, monthlyCredits: number, rank: number, offered = true): Tier {
  return {
    tier: code,
    monthlyCredits,
    rank,
    offered,
    anchor: "calendar",
    firstPeriod: "full",
    rolloverCap: 0,
    onExpiry: "keep",
    displayName: code,
    features: [],
    version: 1,
  };
}

const LITE = tier("lite", 100, 10);
const PRO = tier("pro", 250, 20);
const PREMIUM = tier("premium", 600, 30);

function wanted(want: Partial<Wanted> = {}): Wanted {
  return { tier: PRO, cycle: "monthly", expiresAt: undefined, terms: "keep", newMembershipId: "new", ...want };
}

function member(state: Partial<Membership> = {}): Membership {
  return {
    membershipId: "m1",
    status: "active",
    cycle: "monthly",
    terms: termsOf(PRO),
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

function changed(decision: Decision): { change: string; next: Membership } {
  if (decision.outcome !== "changed") throw new Error(`not changed: ${JSON.stringify(decision)}`);
  return decision;
}

const closed = (status: "cancelled" | "expired" | "ended") => member({ status, endedAt: at("2026-02-01T00:00:00Z") });

describe("setting a membership", () => {
  it.each([null, closed("cancelled"), closed("expired"), closed("ended")])(
    "starts a new one when there is none (%#)",
    (before) => {
      const { change, next } = changed(set(before, wanted({ cycle: "yearly" }), NOW, "UTC"));
      expect(change).toBe("started");
      expect(next).toMatchObject({ membershipId: "new", startedAt: NOW, currentPeriodEnd: at("2027-02-10T00:00:00Z") });
    },
  );

  it("upgrades at once within the period, and takes back what was scheduled", () => {
    const before = member({ pendingTerms: termsOf(LITE), cancelAtPeriodEnd: true });
    const { change, next } = changed(set(before, wanted({ tier: PREMIUM }), NOW, "UTC"));
    expect(change).toBe("upgraded");
    expect(next).toEqual({ ...member(), terms: termsOf(PREMIUM) });
  });

  it("schedules a downgrade; asking again changes nothing; asking for the old tier takes it back", () => {
    const down = changed(set(member(), wanted({ tier: LITE }), NOW, "UTC"));
    expect(down.change).toBe("downgrade_scheduled");
    expect(down.next).toEqual({ ...member(), pendingTerms: termsOf(LITE) });
    expect(set(down.next, wanted({ tier: LITE }), NOW, "UTC").outcome).toBe("unchanged");
    const back = changed(set(down.next, wanted(), NOW, "UTC"));
    expect(back).toMatchObject({ change: "resumed", next: member() });
  });

  it("a longer cycle begins at once, counted from the current period; a shorter one waits", () => {
    const longer = changed(set(member(), wanted({ cycle: "yearly" }), NOW, "UTC"));
    expect(longer.change).toBe("cycle_changed");
    expect(longer.next).toMatchObject({ cycle: "yearly", currentPeriodEnd: at("2027-01-31T10:00:00Z") });
    const shorter = changed(set(longer.next, wanted(), NOW, "UTC"));
    expect(shorter.change).toBe("cycle_change_scheduled");
    expect(shorter.next).toEqual({ ...longer.next, pendingCycle: "monthly" });
    expect(set(shorter.next, wanted(), NOW, "UTC").outcome).toBe("unchanged");
  });

  it("an upgrade with a shorter cycle gives the tier now and the cycle later", () => {
    const before = member({ cycle: "yearly", currentPeriodEnd: at("2027-01-31T10:00:00Z") });
    const { change, next } = changed(set(before, wanted({ tier: PREMIUM }), NOW, "UTC"));
    expect(change).toBe("upgraded");
    expect(next).toEqual({ ...before, terms: termsOf(PREMIUM), pendingCycle: "monthly" });
  });

  it("a downgrade with a longer cycle gives both later", () => {
    const { next } = changed(set(member(), wanted({ tier: LITE, cycle: "yearly" }), NOW, "UTC"));
    expect(next).toEqual({ ...member(), pendingTerms: termsOf(LITE), pendingCycle: "yearly" });
  });

  it("leaves the agreed end alone unless it is named", () => {
    const expiresAt = at("2026-06-01T00:00:00Z");
    const fixed = changed(set(member(), wanted({ expiresAt }), NOW, "UTC"));
    expect(fixed).toMatchObject({ change: "extended", next: { expiresAt } });
    expect(set(fixed.next, wanted(), NOW, "UTC").outcome).toBe("unchanged");
    expect(changed(set(fixed.next, wanted({ expiresAt: null }), NOW, "UTC")).next.expiresAt).toBeNull();
  });

  it("keeps agreed terms of an edited tier unless today's are asked for", () => {
    const richer = { ...PRO, monthlyCredits: 300 };
    const poorer = { ...PRO, monthlyCredits: 200 };
    expect(set(member(), wanted({ tier: richer }), NOW, "UTC").outcome).toBe("unchanged");
    expect(changed(set(member(), wanted({ tier: richer, terms: "latest" }), NOW, "UTC")).change).toBe("upgraded");
    const down = changed(set(member(), wanted({ tier: poorer, terms: "latest" }), NOW, "UTC"));
    expect(down).toMatchObject({ change: "downgrade_scheduled", next: { terms: { monthlyCredits: 250 } } });
  });

  it("a retired tier takes nobody new and keeps its members", () => {
    const retired = { ...PRO, offered: false };
    expect(set(null, wanted({ tier: retired }), NOW, "UTC")).toEqual({ outcome: "tier_retired", tier: "pro" });
    expect(set(member(), wanted({ tier: retired }), NOW, "UTC").outcome).toBe("unchanged");
    expect(set(member({ terms: termsOf(LITE) }), wanted({ tier: retired }), NOW, "UTC").outcome).toBe("tier_retired");
  });

  it("never needs more than one change to be what is wanted", () => {
    for (const cycle of ["monthly", "yearly"] as const) {
      for (const from of [LITE, PRO, PREMIUM]) {
        for (const to of [LITE, PRO, PREMIUM]) {
          const before = changed(set(null, wanted({ tier: from, cycle }), NOW, "UTC")).next;
          for (const target of ["monthly", "yearly"] as const) {
            const want = wanted({ tier: to, cycle: target });
            const once = set(before, want, NOW, "UTC");
            const next = once.outcome === "changed" ? once.next : before;
            expect(set(next, want, NOW, "UTC").outcome).toBe("unchanged");
          }
        }
      }
    }
  });
});

describe("cancel, resume, end", () => {
  it("do what they say, and nothing the second time", () => {
    const cancelled = changed(cancel(member()));
    expect(cancelled).toMatchObject({
      change: "cancel_scheduled",
      next: { cancelAtPeriodEnd: true, status: "active" },
    });
    expect(cancel(cancelled.next).outcome).toBe("unchanged");
    expect(changed(resume(cancelled.next)).next).toEqual(member());
    expect(resume(member()).outcome).toBe("unchanged");
    const ended = changed(end(member(), NOW));
    expect(ended).toMatchObject({ change: "ended", next: { status: "ended", endedAt: NOW } });
    expect(end(ended.next, at("2026-03-01T00:00:00Z")).outcome).toBe("unchanged");
  });

  it.each([
    [null, "none", ["set"]],
    [closed("cancelled"), "cancelled", ["set"]],
    [closed("expired"), "expired", ["set"]],
  ] as const)("are refused without an active membership, saying what is allowed (%#)", (before, state, allowed) => {
    expect(stateOf(before)).toBe(state);
    for (const decision of [cancel(before), resume(before), end(before, NOW)]) {
      expect(decision).toEqual({ outcome: "not_allowed", state, allowed });
    }
  });

  it("are refused after an admin ended it", () => {
    expect(cancel(closed("ended"))).toMatchObject({ outcome: "not_allowed", allowed: ["set", "end"] });
    expect(resume(closed("ended"))).toMatchObject({ outcome: "not_allowed" });
  });
});

describe("a join day of its own", () => {
  const startedAt = at("2025-11-17T09:00:00Z");

  it("begins the first membership there: the period that holds now is counted from it", () => {
    const { change, next } = changed(set(null, wanted({ startedAt }), NOW, "UTC"));
    expect(change).toBe("started");
    expect(next).toMatchObject({
      startedAt,
      currentPeriodStart: at("2026-01-17T09:00:00Z"),
      currentPeriodEnd: at("2026-02-17T09:00:00Z"),
    });
    const yearly = changed(set(null, wanted({ startedAt, cycle: "yearly" }), NOW, "UTC")).next;
    expect([yearly.currentPeriodStart, yearly.currentPeriodEnd]).toEqual([startedAt, at("2026-11-17T09:00:00Z")]);
  });

  it("is that of the membership there is, or none", () => {
    const active = member({ startedAt });
    expect(set(active, wanted({ startedAt }), NOW, "UTC")).toMatchObject({ outcome: "unchanged" });
    expect(set(active, wanted({ startedAt, tier: PREMIUM }), NOW, "UTC")).toMatchObject({ change: "upgraded" });
    const other = { outcome: "membership_exists", startedAt };
    expect(set(active, wanted({ startedAt: at("2025-11-18T09:00:00Z") }), NOW, "UTC")).toEqual(other);
    const ended = member({ startedAt, status: "ended", endedAt: NOW });
    expect(set(ended, wanted({ startedAt }), NOW, "UTC")).toEqual(other);
  });
});
