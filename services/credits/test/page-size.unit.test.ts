import { describe, expect, test } from "vitest";
import { PageSize } from "../src/usecases/page-size.ts";

/** Pages on a machine that takes `msEach` for each account. */
function after(pages: number, msEach: number, size = new PageSize()): PageSize {
  for (let page = 0; page < pages; page += 1) size.tookMs(size.accounts, size.accounts * msEach);
  return size;
}

describe("how many accounts a page of a sweep takes", () => {
  test("as many as keep their locks for 40 ms, whatever the machine", () => {
    for (const [msEach, accounts] of [
      [0.25, 160],
      [0.5, 80],
      [1.3, 31],
    ] as const) {
      expect(after(40, msEach).accounts).toBeGreaterThanOrEqual(accounts - 2);
      expect(after(40, msEach).accounts).toBeLessThanOrEqual(accounts + 2);
    }
  });

  test("within bounds", () => {
    expect(after(50, 0.001).accounts).toBe(300);
    expect(after(50, 100).accounts).toBe(25);
  });

  test("one page that was held up for three times as long takes less than a quarter off the next", () => {
    const size = after(40, 0.5);
    const before = size.accounts;
    size.tookMs(before, 120);
    expect(size.accounts).toBeLessThan(before);
    expect(size.accounts).toBeGreaterThan(before * 0.75);
  });

  test("a last page of a few accounts changes nothing", () => {
    const size = after(40, 0.5);
    const before = size.accounts;
    size.tookMs(3, 40);
    size.tookMs(0, 1);
    expect(size.accounts).toBe(before);
  });
});
