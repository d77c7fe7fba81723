import { describe, expect, test } from "vitest";
import { yearlySchedule } from "../src/domain/allowance.ts";
import { Account, day, lite, member, premium, pro, UTC } from "./support/plain-account.ts";

const anniversary = { ...pro, anchor: "anniversary" as const };

describe("the very moment", () => {
  test("a membership that ends as the month does gets nothing of the next, however late one looks", () => {
    const account = new Account();
    const alice = member("2026-01-10", { cancelAtPeriodEnd: true, currentPeriodEnd: day("2026-02-01") });
    expect(account.look(alice, "2026-01-10").view?.nextResetAt).toBeNull();
    account.left = 7;
    for (const at of ["2026-02-01", "2026-02-01T00:00:00.001Z", "2026-02-20"]) account.look(alice, at);
    expect([account.actions, account.left]).toEqual([["first 250"], 7]);
  });

  test("a reset that comes before the end is told beforehand", () => {
    const alice = member("2026-01-10", { expiresAt: day("2026-02-02") });
    expect(new Account().look(alice, "2026-01-10").view?.nextResetAt).toEqual(day("2026-02-01"));
  });

  test("a share is given once, asked again in the same instant", () => {
    const account = new Account();
    account.look(member("2026-01-15"), "2026-02-01");
    const yearly = member("2026-01-15", { cycle: "yearly" });
    account.look(yearly, "2026-03-01");
    account.look(yearly, "2026-03-01");
    expect(account.actions).toEqual(["first 250", "reset 125"]);
  });

  test("a month that nobody saw before a change is served until its end, not at it", () => {
    const changes = member("2025-12-24", {
      terms: premium,
      pendingTerms: lite,
      pendingCycle: "yearly",
      currentPeriodEnd: day("2026-04-24"),
    });
    const account = new Account();
    account.look(changes, "2026-03-14");
    expect(account.look(changes, "2026-04-24").period).toEqual({ start: day("2026-04-01"), end: day("2026-05-01") });
    expect(account.look(changes, "2026-05-01").period).toEqual({ start: day("2026-05-01"), end: day("2026-05-24") });
    const late = new Account();
    late.look(changes, "2026-03-14");
    expect(late.look(changes, "2026-05-01").period).toEqual({ start: day("2026-05-01"), end: day("2026-05-24") });
  });

  test("an upgrade in the instant of the reset gives the difference", () => {
    const account = new Account();
    account.look(member("2026-01-15"), "2026-02-01");
    account.look(member("2026-01-15", { terms: premium }), "2026-02-01");
    expect(account.actions).toEqual(["first 250", "topup 350"]);
  });

  test("the end of the period paid for is no reason to look where nothing changes with it", () => {
    expect(new Account().look(member("2026-01-15"), "2026-02-10").dueAt).toEqual(day("2026-03-01"));
  });
});

describe("nobody", () => {
  test("gets nothing and is not looked at again", () => {
    expect(new Account().look(null, "2026-01-15")).toMatchObject({ action: "none", dueAt: null, view: null });
  });
});

describe("a change of the anchor that nobody saw coming", () => {
  for (const [what, change] of [
    ["of the terms alone", { pendingTerms: anniversary }],
    ["of the cycle alone", { pendingCycle: "yearly" as const }],
  ] as const) {
    test(`${what}: what it gives does not depend on who looked before`, () => {
      const alice = member("2025-12-24", { ...change, currentPeriodEnd: day("2026-04-24") });
      const often = new Account();
      for (const at of ["2026-03-14", "2026-04-01", "2026-04-24", "2026-05-01", "2026-05-04"]) often.look(alice, at);
      const late = new Account();
      for (const at of ["2026-03-14", "2026-05-04"]) late.look(alice, at);
      expect(late.served).toEqual(often.served);
      expect(late.served).toEqual({ start: day("2026-05-01"), end: day("2026-05-24"), given: 192 });
    });
  }
});

describe("a clock that goes back", () => {
  test("gives nothing of what a month before the downgrade would have given", () => {
    const account = new Account();
    const alice = member("2026-01-15", { terms: premium, pendingTerms: lite, currentPeriodEnd: day("2026-03-01") });
    account.look(alice, "2026-03-01");
    const back = account.look(alice, "2026-02-10");
    expect(back).toMatchObject({ action: "none", period: null, missedCredits: 0, rolloverCap: 0 });
    expect(account.actions).toEqual(["first 100"]);
  });
});

describe("what may be carried over", () => {
  const keeps = { ...pro, rolloverCap: 50 };

  test("is named by a reset alone", () => {
    const account = new Account();
    expect(account.look(member("2026-01-15", { terms: keeps }), "2026-01-15")).toMatchObject({
      action: "first",
      rolloverCap: 0,
      missedCredits: 0,
    });
    const richer = member("2026-01-15", { terms: { ...keeps, monthlyCredits: 600 } });
    expect(account.look(richer, "2026-01-16")).toMatchObject({ action: "topup", rolloverCap: 0, missedCredits: 0 });
    expect(account.look(richer, "2026-04-01")).toMatchObject({ action: "reset", rolloverCap: 50, missedCredits: 50 });
  });
});

describe("coming back", () => {
  for (const started of ["2026-02-01", "2026-03-10"]) {
    test(`on ${started}: what the better tier would have given before does not count as unused`, () => {
      const account = new Account();
      account.look(member("2026-01-10", { expiresAt: day("2026-02-01") }), "2026-01-10");
      const again = member(started, { terms: { ...premium, rolloverCap: 500 } });
      expect(account.look(again, started)).toMatchObject({ action: "reset", missedCredits: 0 });
    });
  }
});

describe("the twelve months", () => {
  test("are those of the last year where the membership ended with it", () => {
    const over = member("2026-01-15", {
      cycle: "yearly",
      status: "ended",
      currentPeriodEnd: day("2027-01-15"),
      endedAt: day("2027-01-15"),
    });
    for (const at of ["2027-01-15", "2027-02-20"]) {
      const rows = yearlySchedule(over, null, day(at), UTC);
      expect(rows).toHaveLength(12);
      expect(rows[0]).toMatchObject({ month: 1, start: day("2026-01-15") });
    }
  });

  test("are none for nobody, and none before they begin", () => {
    expect(yearlySchedule(null, null, day("2026-01-15"), UTC)).toEqual([]);
    expect(yearlySchedule(member("2026-03-15", { cycle: "yearly" }), null, day("2026-01-15"), UTC)).toEqual([]);
  });

  test("begin with the membership, in its first instant", () => {
    expect(yearlySchedule(member("2026-01-15", { cycle: "yearly" }), null, day("2026-01-15"), UTC)).toHaveLength(12);
  });

  test("an end that lies ahead leaves what is still to come", () => {
    const ends = member("2026-01-31", { cycle: "yearly", expiresAt: day("2026-03-31") });
    const rows = yearlySchedule(ends, null, day("2026-02-01"), UTC);
    // No month begins at the very end.
    expect(rows.map((row) => row.status)).toEqual(["given", "scheduled"]);
  });

  test("one that was served says so, the others begin where they begin", () => {
    const alice = member("2026-01-15", { cycle: "yearly", currentPeriodEnd: day("2027-01-15") });
    const served = { start: day("2026-02-20"), end: day("2026-03-15"), given: 200 };
    const rows = yearlySchedule(alice, served, day("2026-03-01"), UTC);
    expect(rows.slice(0, 3).map(({ start, status }) => [start, status])).toEqual([
      [day("2026-01-15"), "missed"],
      [day("2026-02-20"), "given"],
      [day("2026-03-15"), "scheduled"],
    ]);
  });

  test("one in which what was served before ends is the rest of it", () => {
    const alice = member("2026-01-15", { cycle: "yearly", currentPeriodEnd: day("2027-01-15") });
    const served = { start: day("2026-02-01"), end: day("2026-03-01"), given: 250 };
    const [, second] = yearlySchedule(alice, served, day("2026-03-02"), UTC);
    expect(second).toMatchObject({ start: day("2026-03-01"), end: day("2026-03-15"), amount: 125 });
  });
});
