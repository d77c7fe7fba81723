import { describe, expect, it } from "vitest";
import { DevClock, fixedClock, systemClock } from "../src/clock/clock.ts";

describe("clocks", () => {
  it("stand still when fixed, and give a date of their own each time", () => {
    const clock = fixedClock("2026-01-31T00:00:00Z");
    clock.now().setUTCFullYear(1999);
    expect(clock.now().toISOString()).toBe("2026-01-31T00:00:00.000Z");
    expect(() => fixedClock("no date")).toThrow(RangeError);
  });

  it("move by an offset and tell so", () => {
    const clock = new DevClock();
    const told: number[] = [];
    const end = clock.onChange((offset) => told.push(offset));
    clock.setOffset(86_400_000);
    expect(clock.now().getTime() - systemClock.now().getTime()).toBeGreaterThan(86_399_000);
    end();
    clock.setOffset(0);
    expect(told).toEqual([86_400_000]);
    for (const bad of [Number.NaN, 1.5, 1e18]) expect(() => clock.setOffset(bad)).toThrow(RangeError);
  });
});
