// Where a usage series begins and its buckets end, exactly: what planted faults showed to be unwatched.
import { expect, test } from "vitest";
import { defaultFrom } from "../src/domain/buckets.ts";
import { usageBuckets } from "../src/usecases/usage-series.ts";

test.each([
  ["hour", "2026-03-31T10:30:00Z", "2026-03-29T11:00:00.000Z"],
  ["hour", "2026-03-31T10:00:00Z", "2026-03-29T10:00:00.000Z"],
  ["day", "2026-03-31T10:30:00Z", "2026-03-02T00:00:00.000Z"],
  ["day", "2026-03-31T00:00:00Z", "2026-03-01T00:00:00.000Z"],
  ["month", "2026-03-31T10:30:00Z", "2025-04-01T00:00:00.000Z"],
  ["month", "2026-03-01T00:00:00Z", "2025-03-01T00:00:00.000Z"],
] as const)("a series by %s up to %s begins at %s", (interval, to, from) => {
  expect(defaultFrom(interval, new Date(to), "UTC").toISOString()).toBe(from);
});

test("a bucket ends where the next begins, and tells its features without its own number", () => {
  const edges = ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "2026-01-03T12:00:00Z"].map((text) => new Date(text));
  const row = { feature: "rewrite", consumed: 5, refunded: 2, operations: 3 };
  const data = usageBuckets(edges, [{ bucket: 1, ...row }], "feature");
  expect(data.map(({ start, end }) => [start, end])).toEqual([
    [edges[0], edges[1]],
    [edges[1], edges[2]],
  ]);
  expect(data.map(({ features }) => features)).toEqual([[], [row]]);
});
