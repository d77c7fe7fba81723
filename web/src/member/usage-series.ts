import type { Usage } from "../api/types.ts";

type Bucket = Usage["data"][number];
/** null: spent without naming a feature, and every feature beyond those shown by themselves. */
export type Feature = string | null;

/** Features that get a colour of their own; the rest share one. */
const SHOWN = 3;

/** The features of these buckets by what they cost, most first; null stands for all others, and comes last. */
export function topFeatures(usage: Usage): readonly Feature[] {
  const totals = new Map<Feature, number>();
  for (const { feature, net } of usage.data.flatMap(netOf)) totals.set(feature, (totals.get(feature) ?? 0) + net);
  const named = [...totals].filter((entry): entry is [string, number] => entry[0] !== null && entry[1] !== 0);
  const top = named.sort(([, a], [, b]) => b - a).map(([feature]) => feature);
  const rest = top.length > SHOWN || (totals.get(null) ?? 0) !== 0;
  return [...top.slice(0, SHOWN), ...(rest ? [null] : [])];
}

/** What each of these features cost in one bucket, refunds taken off; by name, "" for all others. */
export function byFeature(bucket: Bucket, features: readonly Feature[]): Record<string, number> {
  const row: Record<string, number> = Object.fromEntries(features.map((feature) => [feature ?? "", 0]));
  for (const { feature, net } of netOf(bucket)) {
    const key = feature !== null && features.includes(feature) ? feature : "";
    row[key] = (row[key] ?? 0) + net;
  }
  return row;
}

function netOf(bucket: Bucket): readonly { readonly feature: Feature; readonly net: number }[] {
  return (bucket.features ?? []).map(({ feature, consumed, refunded }) => ({ feature, net: consumed - refunded }));
}
