import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { monthIndexAt, monthsAfter, periodFrom, periodHolding } from "./periods.ts";

const at = (iso: string): Date => new Date(iso);
const isos = (dates: readonly Date[]): string[] => dates.map((date) => date.toISOString());

describe("boundaries of membership periods", () => {
  it("joining on the 31st: clamped at the month's end, back to the 31st where there is one", () => {
    const joined = at("2026-01-31T10:00:00.123Z");
    expect(isos([1, 2, 3, 12, 25].map((months) => monthsAfter(joined, months, "UTC")))).toEqual([
      "2026-02-28T10:00:00.123Z",
      "2026-03-31T10:00:00.123Z",
      "2026-04-30T10:00:00.123Z",
      "2027-01-31T10:00:00.123Z",
      "2028-02-29T10:00:00.123Z",
    ]);
  });

  it("joining on 29 February for a year", () => {
    const joined = at("2028-02-29T00:00:00.000Z");
    expect(periodFrom(joined, joined, "yearly", "UTC").end).toEqual(at("2029-02-28T00:00:00.000Z"));
    expect(monthsAfter(joined, 48, "UTC")).toEqual(at("2032-02-29T00:00:00.000Z"));
  });

  it("keeps the local time of day over the changes of the clocks in Berlin", () => {
    const joined = at("2026-02-28T23:30:00.000Z"); // 00:30 on 1 March, winter time
    expect(monthsAfter(joined, 1, "Europe/Berlin")).toEqual(at("2026-03-31T22:30:00.000Z")); // 00:30 on 1 April, summer
    expect(monthsAfter(joined, 8, "Europe/Berlin")).toEqual(at("2026-10-31T23:30:00.000Z")); // winter again
  });

  it("a local time that is skipped moves forward, one that occurs twice is the first", () => {
    const skipped = at("2026-02-28T01:30:00.000Z"); // 02:30; 28 March has 02:30, 29 March has not
    expect(monthsAfter(at("2026-01-29T01:30:00.000Z"), 2, "Europe/Berlin")).toEqual(at("2026-03-29T01:30:00.000Z"));
    expect(monthsAfter(skipped, 1, "Europe/Berlin")).toEqual(at("2026-03-28T01:30:00.000Z"));
    const twice = at("2026-09-25T00:30:00.000Z"); // 02:30 summer time; 25 October has it twice
    expect(monthsAfter(twice, 1, "Europe/Berlin")).toEqual(at("2026-10-25T00:30:00.000Z"));
  });

  it("a year that begins in the middle of another one counts its months from the join day", () => {
    const joined = at("2026-01-31T00:00:00Z");
    const start = monthsAfter(joined, 1, "UTC"); // 28 February
    expect(periodFrom(joined, start, "yearly", "UTC").end).toEqual(at("2027-02-28T00:00:00Z"));
    expect(periodFrom(joined, start, "monthly", "UTC").end).toEqual(at("2026-03-31T00:00:00Z"));
  });

  it("finds the period after months of downtime", () => {
    const joined = at("2026-01-31T10:00:00Z");
    const end = monthsAfter(joined, 1, "UTC");
    const monthly = periodHolding(joined, end, "monthly", at("2026-05-30T00:00:00Z"), "UTC");
    expect(isos([monthly.start, monthly.end])).toEqual(["2026-04-30T10:00:00.000Z", "2026-05-31T10:00:00.000Z"]);
    const yearly = periodHolding(joined, end, "yearly", at("2028-02-28T10:00:00Z"), "UTC");
    expect(isos([yearly.start, yearly.end])).toEqual(["2027-02-28T10:00:00.000Z", "2028-02-29T10:00:00.000Z"]);
  });

  it("tiles time without gaps, whatever the join moment, zone and cycle", () => {
    const join = fc.date({ min: at("2020-01-01T00:00:00Z"), max: at("2032-01-01T00:00:00Z"), noInvalidDate: true });
    const zone = fc.constantFrom("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia");
    const cycle = fc.constantFrom("monthly" as const, "yearly" as const);
    const later = fc.integer({ min: 0, max: 5 * 366 * 86_400_000 });
    fc.assert(
      fc.property(join, zone, cycle, later, (joined, timeZone, kind, ms) => {
        const first = periodFrom(joined, joined, kind, timeZone);
        const moment = new Date(first.end.getTime() + ms);
        const holding = periodHolding(joined, first.end, kind, moment, timeZone);
        expect(holding.start <= moment && moment < holding.end).toBe(true);
        let { end } = first;
        while (end < holding.start) end = periodFrom(joined, end, kind, timeZone).end;
        expect(end).toEqual(holding.start);
        expect(periodFrom(joined, holding.start, kind, timeZone).end).toEqual(holding.end);
        expect(monthIndexAt(joined, holding.start, timeZone) % (kind === "monthly" ? 1 : 12)).toBe(0);
      }),
      { numRuns: 300 },
    );
  });
});
