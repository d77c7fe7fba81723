import { bucketEdges, defaultFrom, type Interval, MOST_BUCKETS } from "../domain/buckets.ts";
import type { UserId } from "../domain/ledger/terms.ts";
import type { UsageRow } from "../domain/ledger/usage.ts";
import type { Clock, LedgerReads, ReadCache } from "./ports.ts";

export interface UsageQuery {
  readonly userId: UserId;
  /** Of the account, as it was read for this request. */
  readonly version: number;
  readonly interval: Interval;
  readonly from?: Date | undefined;
  /** Exclusive. */
  readonly to?: Date | undefined;
  readonly groupBy: "none" | "feature";
}

export interface UsageBucket {
  readonly start: Date;
  readonly end: Date;
  readonly consumed: number;
  readonly refunded: number;
  readonly net: number;
  readonly operations: number;
  readonly features?: readonly Omit<UsageRow, "bucket">[];
}

export type UsageSeries =
  | { readonly outcome: "ok"; readonly from: Date; readonly to: Date; readonly data: readonly UsageBucket[] }
  /** `from` is not before `to`, or there would be too many buckets. */
  | { readonly outcome: "bad_range"; readonly mostBuckets: number };

/** The span of time a query asks for, cut into buckets of the business time zone. */
export function usageEdges(
  query: Pick<UsageQuery, "interval" | "from" | "to">,
  now: Date,
  timeZone: string,
): readonly Date[] | null {
  // `to` is exclusive: what was written in this very millisecond belongs to a series that ends now.
  const to = query.to ?? new Date(now.getTime() + 1);
  return bucketEdges(query.interval, query.from ?? defaultFrom(query.interval, to, timeZone), to, timeZone);
}

export async function usageSeries(
  ports: {
    readonly reads: Pick<LedgerReads, "usage">;
    readonly cache: ReadCache;
    readonly clock: Clock;
    readonly timeZone: string;
  },
  query: UsageQuery,
): Promise<UsageSeries> {
  const edges = usageEdges(query, ports.clock.now(), ports.timeZone);
  const [from, to] = [edges?.[0], edges?.at(-1)];
  if (edges === null || from === undefined || to === undefined) {
    return { outcome: "bad_range", mostBuckets: MOST_BUCKETS };
  }
  const rows = await usageRows(ports, query, edges);
  return { outcome: "ok", from, to, data: usageBuckets(edges, rows, query.groupBy) };
}

/**
 * The last bucket is cut at `to`, which usually is now, so it is read each time. Those before it lie between fixed
 * moments: what they hold depends on the account's version alone, and is as much work as the ledger is long.
 */
async function usageRows(
  ports: { readonly reads: Pick<LedgerReads, "usage">; readonly cache: ReadCache },
  { userId, version }: UsageQuery,
  edges: readonly Date[],
): Promise<readonly UsageRow[]> {
  const whole = edges.slice(0, -1);
  if (whole.length < 2 || !ports.cache.keeps) return await ports.reads.usage(userId, edges);
  const [before, last] = await Promise.all([
    ports.cache.through(userId, version, ["usage", whole], () => ports.reads.usage(userId, whole)),
    ports.reads.usage(userId, edges.slice(-2)),
  ]);
  return [...before, ...last.map((row) => ({ ...row, bucket: whole.length - 1 }))];
}

/** Every bucket, the empty ones included: a chart wants its zeros. */
export function usageBuckets(
  edges: readonly Date[],
  rows: readonly UsageRow[],
  groupBy: UsageQuery["groupBy"],
): readonly UsageBucket[] {
  const byBucket = Map.groupBy(rows, (row) => row.bucket);
  return edges.slice(0, -1).map((start, bucket) => {
    const features = byBucket.get(bucket) ?? [];
    const sum = (pick: (row: UsageRow) => number) => features.reduce((total, row) => total + pick(row), 0);
    const consumed = sum((row) => row.consumed);
    const refunded = sum((row) => row.refunded);
    return {
      start,
      end: edges[bucket + 1] ?? start,
      consumed,
      refunded,
      net: consumed - refunded,
      operations: sum((row) => row.operations),
      ...(groupBy === "feature" ? { features: features.map(({ bucket: _, ...feature }) => feature) } : {}),
    };
  });
}
