import { useCallback, useState } from "react";
import { asError } from "../core/errors.ts";
import { readTransactions } from "../core/read.ts";
import type { CreditsErrorLike, Transaction } from "../core/types.ts";
import { useCreditsStore } from "./context.tsx";
import { useFollowing } from "./following.ts";
import type { TransactionFilter, UseTransactions } from "./types.ts";

/** Older pages, asked for one by one. */
interface Older {
  readonly of: string;
  readonly data: readonly Transaction[];
  readonly nextCursor: string | null;
  readonly error?: CreditsErrorLike;
}

/** The ledger, newest first; the first page is read again when the account changes. */
export function useTransactions(filter: TransactionFilter = {}): UseTransactions {
  const store = useCreditsStore();
  const path = pathOf(filter);
  const { of, value: first, error, reload } = useFollowing(path, readTransactions);
  const [known, setOlder] = useState<Older>();
  const older = known?.of === of ? known : undefined;
  const page = first?.data ?? [];
  const last = page.at(-1)?.version ?? 0;
  // Rows never change: what is older than the first page stays. A first page that has moved on beyond the older ones begins anew.
  const rest = older?.data.filter((row) => row.version < last) ?? [];
  const isWhole = older?.data.some((row) => row.version === last) ?? false;
  const nextCursor = (isWhole ? older?.nextCursor : first?.nextCursor) ?? null;

  const loadMore = useCallback(async () => {
    if (nextCursor === null) return;
    try {
      const more = readTransactions(await store.request(`${path}&cursor=${encodeURIComponent(nextCursor)}`));
      if (more) setOlder({ of, data: [...page, ...rest, ...more.data], nextCursor: more.nextCursor });
    } catch (failed) {
      setOlder({ of, data: [...page, ...rest], nextCursor, error: asError(failed) });
    }
  }, [store, path, of, nextCursor, page, rest]);

  return {
    status: first ? "ready" : error ? "failed" : "loading",
    data: isWhole ? [...page, ...rest] : page,
    hasMore: nextCursor !== null,
    loadMore: () => void loadMore(),
    reload,
    error: error ?? older?.error ?? null,
  };
}

function pathOf(filter: TransactionFilter): string {
  const given = Object.entries({ limit: 20, ...filter }).map(([name, value]) => [name, String(value ?? "")]);
  return `/api/credits/transactions?${new URLSearchParams(given.filter(([, text]) => text))}`;
}
