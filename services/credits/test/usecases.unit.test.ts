import { describe, expect, test } from "vitest";
import { bucketEdges, defaultFrom, MOST_BUCKETS } from "../src/domain/buckets.ts";
import { explainInWords } from "../src/domain/explanation.ts";
import type { CreditPackage } from "../src/domain/ledger/packages.ts";
import { type Membership, membershipFromState, membershipToState } from "../src/domain/membership.ts";
import { waysToGetCredits } from "../src/domain/options.ts";
import { canonical, requestHash } from "../src/domain/request-hash.ts";
import { csvLine } from "../src/http/csv.ts";
import { refusalOf } from "../src/http/refusals.ts";
import { usageBuckets } from "../src/usecases/usage-series.ts";
import { pro } from "./support/plain-account.ts";

const at = (text: string) => new Date(text);

describe("request hash", () => {
  test("does not depend on the order of fields, nor on absent ones", () => {
    expect(requestHash("consume", { a: 1, b: { c: [1, 2], d: "x" } })).toBe(
      requestHash("consume", { b: { d: "x", c: [1, 2], e: undefined }, a: 1 }),
    );
  });

  test("depends on everything else", () => {
    const base = requestHash("consume", { amount: 1, reason: "x" });
    expect(base).toMatch(/^[0-9a-f]{64}$/);
    for (const other of [
      requestHash("hold", { amount: 1, reason: "x" }),
      requestHash("consume", { amount: 2, reason: "x" }),
      requestHash("consume", { amount: 1, reason: "y" }),
      requestHash("consume", { amount: "1", reason: "x" }),
      requestHash("consume", { amount: 1, reason: "x", feature: null }),
    ]) {
      expect(other).not.toBe(base);
    }
    expect(canonical({ a: [null, true, "é\n"] })).toBe('{"a":[null,true,"é\\n"]}');
  });
});

describe("buckets", () => {
  test("days of Berlin have 23, 24 or 25 hours", () => {
    const hours = (from: string, to: string) =>
      (bucketEdges("day", at(from), at(to), "Europe/Berlin") ?? [])
        .map((edge, index, edges) => ((edges[index + 1]?.getTime() ?? 0) - edge.getTime()) / 3_600_000)
        .slice(0, -1);
    expect(hours("2026-03-27T23:00:00Z", "2026-03-30T22:00:00Z")).toEqual([24, 23, 24]);
    expect(hours("2026-10-23T22:00:00Z", "2026-10-26T23:00:00Z")).toEqual([24, 25, 24]);
  });

  test("the first and the last are cut at from and to", () => {
    expect(bucketEdges("month", at("2026-01-15T00:00:00Z"), at("2026-03-02T00:00:00Z"), "UTC")).toEqual(
      ["2026-01-15", "2026-02-01", "2026-03-01", "2026-03-02"].map((day) => at(`${day}T00:00:00Z`)),
    );
    expect(bucketEdges("hour", at("2026-01-15T10:20:00Z"), at("2026-01-15T10:40:00Z"), "UTC")).toHaveLength(2);
  });

  test("nothing, or too much, is refused", () => {
    const now = at("2026-01-15T00:00:00Z");
    expect(bucketEdges("day", now, now, "UTC")).toBeNull();
    const hours = (count: number) => bucketEdges("hour", now, new Date(now.getTime() + count * 3_600_000), "UTC");
    expect(hours(MOST_BUCKETS)).toHaveLength(MOST_BUCKETS + 1);
    expect(hours(MOST_BUCKETS + 1)).toBeNull();
  });

  test("a series without a start has 48 hours, 30 days or 12 months, the present one included", () => {
    const to = at("2026-03-31T10:30:00Z");
    for (const [interval, count] of [
      ["hour", 48],
      ["day", 30],
      ["month", 12],
    ] as const) {
      expect(bucketEdges(interval, defaultFrom(interval, to, "UTC"), to, "UTC")).toHaveLength(count + 1);
    }
  });

  test("every bucket is there, the empty ones with zeros", () => {
    const edges = [at("2026-01-01T00:00:00Z"), at("2026-01-02T00:00:00Z"), at("2026-01-03T00:00:00Z")];
    const rows = [
      { bucket: 1, feature: "rewrite", consumed: 5, refunded: 2, operations: 3 },
      { bucket: 1, feature: null, consumed: 1, refunded: 0, operations: 1 },
    ];
    const data = usageBuckets(edges, rows, "feature");
    expect(data.map(({ consumed, refunded, net, operations }) => ({ consumed, refunded, net, operations }))).toEqual([
      { consumed: 0, refunded: 0, net: 0, operations: 0 },
      { consumed: 6, refunded: 2, net: 4, operations: 4 },
    ]);
    expect(data[1]?.features).toHaveLength(2);
    expect(usageBuckets(edges, rows, "none")[1]).not.toHaveProperty("features");
  });
});

describe("ways to get credits", () => {
  const offer = (code: string, credits: number, requiresMembership: boolean, active = true): CreditPackage => ({
    code,
    name: code,
    credits,
    priceMinor: 0,
    currency: "USD",
    validDays: null,
    priority: 50,
    requiresMembership,
    active,
    version: 1,
  });
  const packages = [
    offer("small", 10, false),
    offer("big", 500, false),
    offer("member", 100, true),
    offer("old", 60, false, false),
  ];

  test("what covers the shortfall comes first, the smallest of it first of all", () => {
    expect(waysToGetCredits(50, packages, "pro")[0]).toMatchObject({
      action: "top_up",
      packages: [{ code: "member", credits: 100 }, { code: "big" }, { code: "small" }],
    });
  });

  test("a non-member is not offered what only members may buy", () => {
    const [topUp, upgrade] = waysToGetCredits(50, packages, null);
    expect(topUp).toMatchObject({ packages: [{ code: "big" }, { code: "small" }] });
    expect(upgrade).toMatchObject({ action: "upgrade", currentTier: null });
  });
});

test("a balance in words", () => {
  const grant = { id: "7", kind: "allowance" as const, remaining: 200, reserved: 5, priority: 10, expiresAt: null };
  expect(
    explainInWords({
      userId: "alice",
      at: at("2026-01-01T00:00:00Z"),
      version: 3,
      balance: 230,
      held: 5,
      status: "active",
      grants: [
        grant,
        {
          ...grant,
          id: "8",
          kind: "package",
          remaining: 30,
          reserved: 0,
          priority: 50,
          expiresAt: at("2026-02-01T00:00:00Z"),
        },
      ],
    }),
  ).toEqual([
    "200 left of allowance 7, 5 of them reserved (priority 10, no expiry)",
    "30 left of package 8 (priority 50, expires 2026-02-01T00:00:00.000Z)",
    "230 credits in total, 5 of them reserved",
  ]);
});

describe("csv", () => {
  test("quotes what needs quotes", () => {
    expect(csvLine(["a,b", 'say "hi"', "x\ny", null, -5])).toBe('"a,b","say ""hi""","x\ny",,-5\r\n');
  });

  test("no text becomes a formula", () => {
    for (const text of ["=1+1", "+1", "-1", "@SUM(A1)", "\tx"]) expect(csvLine([text])).toBe(`'${text}\r\n`);
  });
});

describe("refusals", () => {
  test("an ended hold says how it ended", () => {
    const problem = refusalOf({ outcome: "hold_expired" });
    expect([problem.code, problem.details["holdStatus"]]).toEqual(["hold_ended", "expired"]);
  });

  test("a lack of credits says how many and what can be done", () => {
    const problem = refusalOf({ outcome: "insufficient_credits", required: 5, available: 2, shortfall: 3 }, ["way"]);
    expect(problem.details).toEqual({ required: 5, available: 2, shortfall: 3, options: ["way"] });
  });
});

describe("the ledger's copy of a membership", () => {
  const membership: Membership = {
    membershipId: "m",
    status: "active",
    cycle: "yearly",
    terms: pro,
    pendingTerms: null,
    pendingCycle: "monthly",
    startedAt: at("2026-01-31T00:00:00.001Z"),
    currentPeriodStart: at("2026-01-31T00:00:00.001Z"),
    currentPeriodEnd: at("2027-01-31T00:00:00.001Z"),
    expiresAt: at("2027-02-01T00:00:00Z"),
    cancelAtPeriodEnd: true,
    endedAt: null,
  };

  test("comes back as it went", () => {
    expect(membershipFromState(membershipToState(membership))).toEqual(membership);
    expect(membershipFromState(membershipToState(null))).toBeNull();
  });

  test("is refused when it lacks what an allowance is made of", () => {
    expect(() => membershipFromState({})).toThrow(TypeError);
    expect(() => membershipFromState({ ...(membershipToState(membership) as object), startedAt: "soon" })).toThrow(
      TypeError,
    );
  });
});
