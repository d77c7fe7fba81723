import type { MembershipChange, Transaction } from "../../api/types.ts";

export type Moment =
  | { readonly kind: "ledger"; readonly at: string; readonly id: string; readonly row: Transaction }
  | { readonly kind: "membership"; readonly at: string; readonly id: string; readonly change: MembershipChange };

/**
 * Ledger and membership as one story, newest first. Both lists come page by page, so what is older than the shorter of
 * them reaches is left out until it has been read too: nothing stands where something else may still belong.
 */
export function timelineOf(
  ledger: { readonly rows: readonly Transaction[]; readonly complete: boolean },
  changes: { readonly rows: readonly MembershipChange[]; readonly complete: boolean },
): readonly Moment[] {
  const moments: Moment[] = [
    ...ledger.rows.map((row) => ({ kind: "ledger" as const, at: row.createdAt, id: `l${row.id}`, row })),
    ...changes.rows.map((change) => ({
      kind: "membership" as const,
      at: change.occurredAt,
      id: `m${change.version}`,
      change,
    })),
  ];
  const reach = [
    ledger.complete ? undefined : ledger.rows.at(-1)?.createdAt,
    changes.complete ? undefined : changes.rows.at(-1)?.occurredAt,
  ]
    .filter((at): at is string => at !== undefined)
    .sort()
    .at(-1);
  return moments.filter(({ at }) => reach === undefined || at >= reach).sort(byTimeNewestFirst);
}

/** At the same moment the membership came first: it is why credits moved. */
function byTimeNewestFirst(a: Moment, b: Moment): number {
  if (a.at !== b.at) return a.at < b.at ? 1 : -1;
  if (a.kind !== b.kind) return a.kind === "ledger" ? -1 : 1;
  if (a.kind === "ledger" && b.kind === "ledger") return b.row.version - a.row.version;
  if (a.kind === "membership" && b.kind === "membership") return b.change.version - a.change.version;
  return 0;
}
