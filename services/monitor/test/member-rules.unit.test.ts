import { describe, expect, it } from "vitest";
import type { AllowanceFact, MemberFacts, TermsFact } from "../src/domain/member-facts.ts";
import type { Inspection } from "../src/rules/signal.ts";
import { rules } from "./builders.ts";

const at = (text: string) => new Date(`${text.length === 10 ? `${text}T00:00:00` : text}Z`);
const JOINED = at("2026-01-31T10:00:00");

function terms(over: Partial<TermsFact> = {}): TermsFact {
  return {
    version: 1,
    at: JOINED,
    membershipId: "m1",
    status: "active",
    cycle: "monthly",
    tier: "pro",
    monthlyCredits: 250,
    rolloverCap: 0,
    anchor: "calendar",
    firstPeriod: "full",
    startedAt: JOINED,
    periodStart: JOINED,
    periodEnd: at("2026-02-28T10:00:00"),
    expiresAt: null,
    cancelAtPeriodEnd: false,
    endedAt: null,
    ...over,
  };
}

function allowance(period: string, when: string, over: Partial<AllowanceFact> = {}): AllowanceFact {
  return {
    version: 1,
    at: at(when),
    type: "reset",
    amount: 250,
    remaining: 250,
    heldAfter: 0,
    periodStart: at(period),
    nextResetAt: null,
    actor: "system",
    transactionId: "7",
    traceId: "",
    ...over,
  };
}

const FIRST = allowance("2026-01-01", "2026-01-31T10:00:01", { type: "grant" });
const renewed = (start: string, end: string, version: number) =>
  terms({ version, at: at(start), periodStart: at(start), periodEnd: at(end) });

function inspect(rule: string, facts: Partial<MemberFacts>, now: string, timeZone = "UTC"): Inspection {
  const active = rules().active.find((each) => each.name === rule);
  if (active === undefined) throw new Error(`no rule ${rule}`);
  return active.inspect(
    { userId: "alice", terms: [terms()], allowances: [FIRST], ...facts },
    { now: at(now), timeZone },
  );
}
const problems = (inspection: Inspection) =>
  inspection.findings.map(({ subject, evidence }) => [subject, evidence["problem"]]);

describe("reset_missed", () => {
  it("waits for the sweep, then tells, and is over when the reset comes", () => {
    const waiting = inspect("reset_missed", {}, "2026-02-01T05:59:00");
    expect(waiting).toMatchObject({ findings: [], lookAt: at("2026-02-01T06:00:00") });
    const missed = inspect("reset_missed", {}, "2026-02-01T06:00:00");
    expect(missed.findings).toMatchObject([{ subject: "alice", at: at("2026-02-01"), once: false }]);
    const served = inspect(
      "reset_missed",
      { allowances: [FIRST, allowance("2026-02-01", "2026-02-01T07:00:00")] },
      "2026-02-01T07:01:00",
    );
    expect(served).toMatchObject({ findings: [], well: ["alice"], lookAt: at("2026-03-01T06:00:00") });
  });

  it("counts anniversaries from the join day, clamped at the month's end, in the business time zone", () => {
    const facts = { terms: [terms({ anchor: "anniversary" })], allowances: [{ ...FIRST, periodStart: JOINED }] };
    expect(inspect("reset_missed", facts, "2026-02-28T09:00:00").findings).toEqual([]);
    expect(inspect("reset_missed", facts, "2026-02-28T16:00:00").findings).toMatchObject([
      { at: at("2026-02-28T10:00:00") },
    ]);
    expect(inspect("reset_missed", {}, "2026-02-01T05:30:00", "Asia/Shanghai").findings).toMatchObject([
      { at: at("2026-01-31T16:00:00") },
    ]);
  });

  it("knows nothing of what was given before it heard of a member, and asks nothing for one who has left", () => {
    const young = { terms: [terms({ at: at("2026-02-10") })], allowances: [] };
    expect(inspect("reset_missed", young, "2026-02-15").findings).toEqual([]);
    const left = {
      terms: [terms(), terms({ version: 2, status: "ended", endedAt: at("2026-02-02") })],
      allowances: [],
    };
    expect(inspect("reset_missed", left, "2026-02-15")).toMatchObject({ findings: [], well: ["alice"], lookAt: null });
  });

  it("accepts an allowance that still runs after a change of the anchor", () => {
    const facts = {
      terms: [terms(), terms({ version: 2, at: at("2026-02-10"), cycle: "yearly", startedAt: JOINED })],
      allowances: [allowance("2026-02-01", "2026-02-01T00:10:00", { nextResetAt: at("2026-03-01") })],
    };
    expect(inspect("reset_missed", facts, "2026-02-28T20:00:00").findings).toEqual([]);
  });
});

describe("reset_wrong", () => {
  const february = allowance("2026-02-01", "2026-02-01T00:10:00", { version: 5 });

  it("finds a period that was reset twice, unless an admin forced it", () => {
    const again = allowance("2026-02-01", "2026-02-01T03:00:00", { version: 9 });
    expect(problems(inspect("reset_wrong", { allowances: [FIRST, february, again] }, "2026-02-02"))).toEqual([
      ["alice/9", "given_twice"],
    ]);
    const forced = { ...again, actor: "root" };
    expect(problems(inspect("reset_wrong", { allowances: [FIRST, february, forced] }, "2026-02-02"))).toEqual([]);
  });

  it.each([
    ["the quota", 250, 0, 0, []],
    ["less", 249, 0, 0, [["alice/5", "wrong_amount"]]],
    ["more", 251, 0, 0, [["alice/5", "wrong_amount"]]],
    ["with what holds still reserve", 260, 10, 0, []],
    ["with what may be carried over", 300, 0, 50, []],
    ["above what may be carried over", 301, 0, 50, [["alice/5", "wrong_amount"]]],
  ] as const)("compares what there is after a reset: %s", (_name, remaining, heldAfter, rolloverCap, expected) => {
    const facts = { terms: [terms({ rolloverCap })], allowances: [FIRST, { ...february, remaining, heldAfter }] };
    expect(problems(inspect("reset_wrong", facts, "2026-02-02"))).toEqual(expected);
  });

  it("lets an upgrade add what is missing to the higher quota, and not more", () => {
    const upgraded = [terms(), terms({ version: 2, at: at("2026-02-10"), monthlyCredits: 600 })];
    const topUp = (amount: number) =>
      allowance("2026-02-01", "2026-02-10T00:00:05", { version: 8, type: "grant", amount });
    const found = (amount: number) =>
      problems(inspect("reset_wrong", { terms: upgraded, allowances: [FIRST, february, topUp(amount)] }, "2026-02-11"));
    expect(found(350)).toEqual([]);
    expect(found(351)).toEqual([["alice/8", "more_than_the_quota"]]);
  });
});

describe("membership_overdue", () => {
  it("tells when nothing was written at the end, and is over when it is", () => {
    const cancelled = terms({ version: 2, at: at("2026-02-05"), cancelAtPeriodEnd: true });
    expect(inspect("membership_overdue", { terms: [terms(), cancelled] }, "2026-02-28T10:59:00")).toMatchObject({
      findings: [],
      lookAt: at("2026-02-28T11:00:00"),
    });
    expect(problems(inspect("membership_overdue", { terms: [terms(), cancelled] }, "2026-02-28T11:00:00"))).toEqual([
      ["alice", "active_after_end"],
    ]);
    const over = terms({
      version: 3,
      at: at("2026-02-28T12:00:00"),
      status: "cancelled",
      endedAt: at("2026-02-28T10:00:00"),
    });
    expect(inspect("membership_overdue", { terms: [terms(), cancelled, over] }, "2026-02-28T13:00:00")).toMatchObject({
      findings: [],
      well: ["alice"],
    });
  });

  it("tells of an allowance for a time after the end, and not of one that was earned before it", () => {
    const ended = terms({ version: 2, at: at("2026-02-10"), status: "ended", endedAt: at("2026-02-10") });
    const facts = (period: string) => ({
      terms: [terms(), ended],
      allowances: [allowance(period, "2026-03-01T00:10:00")],
    });
    expect(problems(inspect("membership_overdue", facts("2026-03-01"), "2026-03-02"))).toEqual([
      ["alice/1", "allowance_after_end"],
    ]);
    expect(problems(inspect("membership_overdue", facts("2026-02-01"), "2026-03-02"))).toEqual([]);
  });
});

describe("yearly_month_skipped", () => {
  const yearly = terms({ cycle: "yearly", periodEnd: at("2027-01-31T10:00:00") });
  const month = (start: string) => allowance(start.slice(0, 19), start);

  it("tells of each month that is over and had nothing", () => {
    const given = [month("2026-01-31T10:00:00"), month("2026-03-31T10:00:00")];
    const found = inspect("yearly_month_skipped", { terms: [yearly], allowances: given }, "2026-04-30T16:00:00");
    expect(found.findings.map(({ subject, once }) => [subject, once])).toEqual([["alice/2026-02-28", true]]);
    expect(
      inspect("yearly_month_skipped", { terms: [yearly], allowances: given }, "2026-03-31T15:00:00"),
    ).toMatchObject({
      findings: [],
      lookAt: at("2026-03-31T16:00:00"),
    });
  });
});

describe("period_without_allowance", () => {
  it("tells of a membership period that nothing was given in", () => {
    const facts = {
      terms: [terms(), renewed("2026-02-28T10:00:00", "2026-03-31T10:00:00", 2)],
      allowances: [] as AllowanceFact[],
    };
    const found = inspect("period_without_allowance", facts, "2026-03-01");
    expect(found.findings.map(({ subject }) => subject)).toEqual(["alice/2026-01-31"]);
    expect(found.lookAt).toEqual(at("2026-03-31T16:00:00"));
    expect(inspect("period_without_allowance", { ...facts, allowances: [FIRST] }, "2026-03-01").findings).toEqual([]);
  });

  it("does not take the next period's share for this one's", () => {
    const facts = {
      terms: [
        terms({ anchor: "anniversary" }),
        { ...renewed("2026-02-28T10:00:00", "2026-03-31T10:00:00", 2), anchor: "anniversary" as const },
      ],
      allowances: [allowance("2026-02-28T10:00:00", "2026-02-28T10:05:00")],
    };
    expect(inspect("period_without_allowance", facts, "2026-02-28T17:00:00").findings).toHaveLength(1);
  });
});
