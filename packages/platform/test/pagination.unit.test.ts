import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { decodeCursor, encodeCursor, toPage } from "../src/http/pagination.ts";

const position = z.strictObject({ at: z.string(), id: z.int() });

describe("cursors", () => {
  it("come back as they were", () => {
    fc.assert(
      fc.property(fc.record({ at: fc.string(), id: fc.maxSafeInteger() }), (value) => {
        expect(decodeCursor(encodeCursor(value), position)).toEqual(value);
      }),
    );
  });

  it("refuse anything that was not made here, without another error", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(() => decodeCursor(text, position)).toThrow(
          expect.objectContaining({ code: "invalid_cursor" }) as Error,
        );
      }),
    );
    expect(decodeCursor(undefined, position)).toBeUndefined();
  });
});

describe("toPage", () => {
  const rows = [1, 2, 3];

  it("has a next page only when a row more was read than the page holds", () => {
    const page = toPage(
      rows,
      2,
      (n) => n * 10,
      (n) => ({ at: "", id: n }),
    );
    expect(page.data).toEqual([10, 20]);
    expect(decodeCursor(page.nextCursor ?? "", position)).toEqual({ at: "", id: 2 });
    expect(toPage(rows, 3, String, (n) => n)).toEqual({ data: ["1", "2", "3"], nextCursor: null });
    expect(toPage([], 3, String, (n) => n)).toEqual({ data: [], nextCursor: null });
  });
});
