import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Pulse } from "../src/events/pulse.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function listener() {
  const seen = { ticks: 0, beats: [] as number[] };
  const tick = (now: number, beat: boolean) => {
    seen.ticks += 1;
    if (beat) seen.beats.push(now);
  };
  return { seen, tick };
}

test("everyone has a beat in each round, not all at the same moment, and a tick in between", () => {
  const pulse = new Pulse(15_000);
  const all = Array.from({ length: 30 }, () => listener());
  for (const one of all) {
    pulse.add(one);
    vi.advanceTimersByTime(500);
  }
  const before = all.map(({ seen }) => seen.beats.length);
  vi.advanceTimersByTime(15_000);
  expect(all.every(({ seen }, n) => seen.beats.length === (before[n] ?? 0) + 1)).toBe(true);
  expect(new Set(all.map(({ seen }) => seen.beats.at(-1))).size).toBe(15);
  expect(all.every(({ seen }) => seen.ticks >= 15)).toBe(true);
});

test("the first beat comes after a whole round", () => {
  const pulse = new Pulse(15_000);
  const began = Date.now();
  const [early, late] = [listener(), listener()];
  pulse.add(early);
  vi.advanceTimersByTime(7_000);
  pulse.add(late);
  vi.advanceTimersByTime(16_000);
  expect([early, late].map(({ seen }) => (seen.beats[0] ?? 0) - began)).toEqual([15_000, 22_000]);
});

test("who leaves is told nothing more, and with the last one the clock rests", () => {
  const pulse = new Pulse(15_000);
  const [stays, leaves] = [listener(), listener()];
  pulse.add(stays);
  pulse.add(leaves);
  pulse.remove(leaves);
  vi.advanceTimersByTime(15_000);
  expect([stays.seen.beats.length, leaves.seen.beats.length, leaves.seen.ticks]).toEqual([1, 0, 0]);
  expect(vi.getTimerCount()).toBe(1);
  pulse.remove(stays);
  expect(vi.getTimerCount()).toBe(0);
});
