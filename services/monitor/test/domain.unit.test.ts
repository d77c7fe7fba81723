import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { asUserId, fingerprintOf } from "../src/domain/alerts.ts";
import { compare, needsSecondLook } from "../src/domain/consistency.ts";
import { phasesOf, type Step } from "../src/domain/phases.ts";
import { missingCount, type SeenVersions, seeVersion } from "../src/domain/versions.ts";
import { finding, minutes, T0 } from "./builders.ts";

const raise = (fingerprint: string, at: Date, over = {}): Step => ({
  kind: "raise",
  finding: finding(fingerprint, at, over),
});
const recover = (fingerprint: string, at: Date): Step => ({ kind: "recover", recovery: { fingerprint, at } });

describe("phases", () => {
  it("puts everything that does not depend on each other into one phase", () => {
    const phases = phasesOf([raise("a", T0), raise("b", T0), recover("c", T0), raise("d", T0)]);
    expect(phases).toHaveLength(1);
    expect(phases[0]?.raise.map((each) => each.fingerprint)).toEqual(["a", "b", "d"]);
  });

  it("raises before it recovers what came first, and opens anew what came after", () => {
    expect(phasesOf([raise("a", T0), recover("a", T0)])).toHaveLength(1);
    const phases = phasesOf([recover("a", T0), raise("a", T0), recover("a", T0)]);
    expect(phases.map((phase) => [phase.raise.length, phase.recover.length])).toEqual([
      [0, 1],
      [1, 1],
    ]);
  });

  it("adds up what goes into one alert, and takes the highest of windows", () => {
    const [phase] = phasesOf([
      raise("a", minutes(1), { count: 2, severity: "critical", evidence: { n: 1 } }),
      raise("a", minutes(0), { evidence: { n: 2 } }),
      raise("w", minutes(0), { countMode: "peak", count: 12 }),
      raise("w", minutes(1), { countMode: "peak", count: 10 }),
    ]);
    expect(phase?.raise).toMatchObject([
      { count: 3, severity: "critical", firstAt: minutes(0), lastAt: minutes(1), evidence: { n: 1 } },
      { count: 12, firstAt: minutes(0), lastAt: minutes(1) },
    ]);
  });

  it("keeps two episodes apart when the first was over before the second began", () => {
    const recoverAfterMs = 60_000;
    const near = [raise("a", minutes(0), { recoverAfterMs }), raise("a", minutes(0.9), { recoverAfterMs })];
    expect(phasesOf(near)).toHaveLength(1);
    expect(phasesOf([...near, raise("a", minutes(1.9), { recoverAfterMs })])).toHaveLength(2);
  });
});

describe("account versions", () => {
  const none: SeenVersions = { version: 0, missing: [], gapSince: null };
  const see = (versions: readonly number[], expectFirst = true) =>
    versions.reduce((seen, version, i) => seeVersion(seen, version, minutes(i), expectFirst), none);

  it("notices a gap, and when it closes", () => {
    expect(see([1, 2, 5, 6])).toEqual({ version: 6, missing: [[3, 4]], gapSince: minutes(2) });
    expect(see([1, 2, 5, 6, 4])).toMatchObject({ missing: [[3, 3]], gapSince: minutes(2) });
    expect(see([1, 2, 5, 6, 4, 3])).toEqual({ version: 6, missing: [], gapSince: null });
    expect(see([1, 9, 5])).toMatchObject({
      missing: [
        [2, 4],
        [6, 8],
      ],
    });
  });

  it("begins where the first event is, unless the first must be 1", () => {
    expect(see([7, 8], false)).toEqual({ version: 8, missing: [], gapSince: null });
    expect(see([7, 8], true)).toMatchObject({ missing: [[1, 6]] });
  });

  it("knows exactly what is missing, in whatever order and number versions come", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 60 }), (versions) => {
        const seen = see(versions);
        const wanted = Array.from({ length: seen.version }, (_, i) => i + 1).filter((v) => !versions.includes(v));
        const missing = seen.missing.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => from + i));
        expect(missing).toEqual(wanted);
        expect(missingCount(seen.missing)).toBe(wanted.length);
        expect(seen.gapSince === null).toBe(wanted.length === 0);
      }),
    );
  });
});

describe("consistency", () => {
  const credits = { userId: "alice", version: 5, balance: 10, held: 1, status: "active", problems: [] };
  const view = { userId: "alice", balanceVersion: 5, balance: 10, held: 1 };

  it.each([
    ["equal", credits, view],
    ["equal", { ...credits, version: 0 }, null],
    ["lagging", credits, null],
    ["lagging", credits, { ...view, balanceVersion: 4, balance: 99 }],
    ["different", credits, { ...view, balance: 9 }],
    ["different", credits, { ...view, held: 0 }],
    ["different", credits, { ...view, balanceVersion: 6 }],
    ["different", { ...credits, problems: ["ledger_sum"] }, view],
    ["different", { ...credits, problems: ["ledger_sum"] }, { ...view, balanceVersion: 4 }],
  ] as const)("%s", (result, left, right) => {
    expect(compare(left, right).result).toBe(result);
  });

  it("says why they differ", () => {
    expect(compare({ ...credits, problems: ["ledger_sum"] }, { ...view, balance: 9, held: 0 })).toMatchObject({
      problems: ["ledger_sum", "view_balance", "view_held"],
      booksAreSound: false,
    });
  });

  it("asks for a second look only when the view is ahead", () => {
    expect(needsSecondLook(credits, { ...view, balanceVersion: 6 })).toBe(true);
    expect(needsSecondLook(credits, view)).toBe(false);
    expect(needsSecondLook(credits, null)).toBe(false);
  });
});

describe("fingerprints", () => {
  it("are short, and different for different subjects however long", () => {
    expect(fingerprintOf("rule", "alice")).toBe("rule:alice");
    const long = "x".repeat(300);
    expect(fingerprintOf("rule", `${long}a`)).toHaveLength(180 + 1 + 64);
    expect(fingerprintOf("rule", `${long}a`)).not.toBe(fingerprintOf("rule", `${long}b`));
  });

  it("take for a user id only what is one", () => {
    expect(asUserId("a@b.c|d:e-f_1")).toBe("a@b.c|d:e-f_1");
    for (const subject of ["", "a b", "é", "x".repeat(129)]) expect(asUserId(subject)).toBeNull();
  });
});
