import { describe, expect, it } from "vitest";
import { formatFor } from "../src/i18n/format.ts";
import { byFeature, topFeatures } from "../src/member/usage-series.ts";
import { claimsOf } from "../src/session/session.ts";

type Usage = Parameters<typeof topFeatures>[0];

function usageOf(...buckets: readonly Readonly<Record<string, number>>[]): Usage {
  const data = buckets.map((costs, index) => ({
    start: `2026-03-0${index + 1}T00:00:00.000Z`,
    end: `2026-03-0${index + 2}T00:00:00.000Z`,
    consumed: 0,
    refunded: 0,
    net: 0,
    operations: 0,
    features: Object.entries(costs).map(([feature, consumed]) => ({
      feature: feature === "" ? null : feature,
      consumed,
      refunded: 1,
      operations: 1,
    })),
  }));
  return { interval: "day", timeZone: "UTC", from: "2026-03-01T00:00:00.000Z", to: "2026-03-04T00:00:00.000Z", data };
}

describe("usage by feature", () => {
  it("shows the three that cost most by themselves, and the rest together", () => {
    const usage = usageOf({ a: 2, b: 9, c: 4, d: 8 }, { a: 1, c: 4 });
    expect(topFeatures(usage)).toEqual(["b", "d", "c", null]);
    expect(byFeature(usage.data[0] as Usage["data"][number], topFeatures(usage))).toEqual({ b: 8, d: 7, c: 3, "": 1 });
  });

  it("has no rest where there is none", () => {
    expect(topFeatures(usageOf({ a: 2 }))).toEqual(["a"]);
    expect(topFeatures(usageOf({ "": 5 }))).toEqual([null]);
    expect(topFeatures(usageOf())).toEqual([]);
  });
});

describe("numbers and moments", () => {
  it("are written as the language has them, with a true minus", () => {
    expect(formatFor("en").signed(-1_234)).toBe("−1,234");
    expect(formatFor("en").signed(5)).toBe("+5");
    expect(formatFor("en").money(499, "USD")).toBe("$4.99");
    expect(formatFor("en").money(499, "JPY")).toBe("¥499");
    expect(formatFor("zh-CN").date("2026-03-01T12:00:00.000Z")).toContain("2026年3月1日");
    expect(formatFor("en").relative("2026-03-04T00:00:00Z", Date.parse("2026-03-01T00:00:00Z"))).toBe("in 3 days");
  });
});

describe("a token", () => {
  const token = (claims: object) => `x.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.y`;

  it("says whose it is, in any alphabet", () => {
    const claims = claimsOf(token({ sub: "alice", exp: 100, roles: ["user", 7], name: "艾丽丝" }));
    expect(claims).toEqual({ id: "alice", roles: ["user"], expiresAt: 100_000 });
  });

  it.each(["", "abc", "a.b.c", token({ sub: "alice" }), token({ exp: 1 }), token([])])("is none: %s", (text) => {
    expect(() => claimsOf(text)).toThrow();
  });
});
