import type { UsageRow } from "../domain/ledger.ts";

/** Every bucket, the empty ones included: a chart wants its zeros. */
export function usageBody(edges: readonly Date[], rows: readonly UsageRow[], groupBy: "none" | "feature") {
  const byBucket = Map.groupBy(rows, (row) => row.bucket);
  const data = edges.slice(0, -1).map((start, bucket) => {
    const features = byBucket.get(bucket) ?? [];
    const sum = (pick: (row: UsageRow) => number) => features.reduce((total, row) => total + pick(row), 0);
    const consumed = sum((row) => row.consumed);
    const refunded = sum((row) => row.refunded);
    return {
      start: start.toISOString(),
      end: (edges[bucket + 1] ?? start).toISOString(),
      consumed,
      refunded,
      net: consumed - refunded,
      operations: sum((row) => row.operations),
      ...(groupBy === "feature" ? { features: features.map(({ bucket: _, ...feature }) => feature) } : {}),
    };
  });
  return { from: edges[0]?.toISOString(), to: edges.at(-1)?.toISOString(), data };
}
