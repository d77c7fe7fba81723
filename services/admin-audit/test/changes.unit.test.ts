import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { flawOfClaim } from "../src/domain/actions.ts";
import { changesBetween, MAX_CHANGES } from "../src/domain/changes.ts";
import { endOf, isMonth, monthOf } from "../src/domain/months.ts";
import { entryOf } from "../src/usecases/read-entry.ts";
import { chainOf } from "./builders.ts";

describe("what changed", () => {
  it("names each place, goes into objects and leaves lists whole", () => {
    const before = { tier: "lite", terms: { quota: 100, "a/b~c": 1 }, roles: ["a"], gone: 1, same: { x: null } };
    const after = {
      tier: "pro",
      terms: { quota: 250, "a/b~c": 2 },
      roles: ["a", "b"],
      new: { y: 1 },
      same: { x: null },
    };
    expect(changesBetween(before, after)).toEqual([
      { path: "/tier", kind: "changed", before: "lite", after: "pro" },
      { path: "/terms/quota", kind: "changed", before: 100, after: 250 },
      { path: "/terms/a~1b~0c", kind: "changed", before: 1, after: 2 },
      { path: "/roles", kind: "changed", before: ["a"], after: ["a", "b"] },
      { path: "/gone", kind: "removed", before: 1, after: null },
      { path: "/new/y", kind: "added", before: null, after: 1 },
    ]);
  });

  it("tells no state from an empty one, and null from nothing", () => {
    expect(changesBetween(undefined, undefined)).toEqual([]);
    expect(changesBetween(undefined, { a: 1 })).toEqual([{ path: "/a", kind: "added", before: null, after: 1 }]);
    expect(changesBetween({ a: null }, {})).toEqual([{ path: "/a", kind: "removed", before: null, after: null }]);
    expect(changesBetween("text", { a: 1 })).toEqual([{ path: "", kind: "changed", before: "text", after: { a: 1 } }]);
  });

  it("is bounded, and looks at own fields only", () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`f${n}`, n]));
    expect(changesBetween({}, many)).toHaveLength(MAX_CHANGES);
    expect(changesBetween({}, { toString: 1 })).toEqual([{ path: "/toString", kind: "added", before: null, after: 1 }]);
  });

  it("finds nothing exactly when the states are equal", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        expect(changesBetween(a, a)).toEqual([]);
        if (changesBetween(a, b).length === 0) expect(sorted(a)).toEqual(sorted(b));
      }),
    );
  });
});

/** -0 is 0 in JSON. */
function sorted(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

describe("an entry", () => {
  it("shows what nests without end as the text it is", () => {
    const [row] = chainOf(1);
    if (row === undefined) throw new Error("no row");
    const deep = `${'{"a":'.repeat(5_000)}1${"}".repeat(5_000)}`;
    expect(entryOf({ ...row, before: "{}", after: deep })).toMatchObject({
      after: deep,
      changes: [{ path: "", kind: "changed", before: {}, after: deep }],
    });
    expect(entryOf({ ...row, before: "no JSON", after: null })).toMatchObject({ before: "no JSON", after: null });
  });
});

describe("who may claim what", () => {
  it.each([
    ["credits.grant", "credits", "/stipend/credits"],
    ["approval.approve", "credits", "/stipend/credits"],
    ["package.set", "credits", "/stipend/credits"],
    ["membership.set", "membership", "/stipend/membership"],
    ["tier.set", "membership", "/stipend/membership"],
    ["alert.resolve", "monitor", "/stipend/monitor"],
    ["data.read", "gateway", "/stipend/gateway"],
    ["write.refused", "gateway", "/stipend/gateway"],
  ])("%s of %s from %s is its own", (action, service, source) => {
    expect(flawOfClaim({ action, service }, source)).toBeNull();
  });

  it.each([
    ["another service's action", "credits.grant", "membership", "/stipend/membership"],
    ["another service's name", "credits.grant", "credits", "/stipend/membership"],
    ["a stranger", "credits.grant", "credits", "/elsewhere/credits"],
    ["no such action", "coffee.make", "credits", "/stipend/credits"],
    ["a word of every object", "constructor.x", "credits", "/stipend/credits"],
    ["no name", "", "credits", "/stipend/credits"],
    ["the log's own action", "audit.archive", "admin-audit", "/stipend/admin-audit"],
    ["the log's own action from elsewhere", "claim.refused", "gateway", "/stipend/gateway"],
    ["an access row that only the log writes", "access.refused", "gateway", "/stipend/gateway"],
  ])("%s is no claim to make", (_what, action, service, source) => {
    expect(flawOfClaim({ action, service }, source)).not.toBeNull();
  });
});

describe("months", () => {
  it("end where the next begins, in UTC", () => {
    expect(endOf("2026-12").toISOString()).toBe("2027-01-01T00:00:00.000Z");
    expect(monthOf(new Date("2026-01-31T23:59:59.999Z"))).toBe("2026-01");
    expect(["2026-13", "26-01", "2026-1", ""].map(isMonth)).toEqual([false, false, false, false]);
  });
});
