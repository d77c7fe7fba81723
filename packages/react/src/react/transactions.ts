import { useCallback, useEffect, useRef, useState } from "react";
import { asError, CreditsError } from "../core/errors.ts";
import { readTransactions } from "../core/read.ts";
import type { CreditsErrorLike, CreditsStore, Transaction } from "../core/types.ts";
import { useCreditsSnapshot, useCreditsStore } from "./context.tsx";
import type { TransactionFilter, UseTransactions } from "./types.ts";

/** A burst of changes is one request. */
const SETTLE_MS = 300;

interface Page {
  readonly data: readonly Transaction[];
  readonly nextCursor: string | null;
}

interface List extends Page {
  /** Whose, and filtered how. */
  readonly of: string;
  readonly loaded: boolean;
  readonly error: CreditsErrorLike | null;
}

/** The ledger, newest first; the first page is read again when the account changes. */
export function useTransactions(filter: TransactionFilter = {}): UseTransactions {
  const store = useCreditsStore();
  const { userId, credits } = useCreditsSnapshot();
  const query = queryOf(filter);
  const of = `${userId} ${query}`;
  const version = credits?.version;
  const [reloads, setReloads] = useState(0);
  const [list, setList] = useState<List>(() => empty(of));
  const shown = list.of === of ? list : empty(of);
  /** What was read last: whose, filtered how, wished for how often, at which version. */
  const read = useRef({ of: "", reloads: 0, round: "" });

  useEffect(() => {
    const round = `${reloads} ${version}`;
    if (userId === null || (read.current.of === of && read.current.round === round)) return;
    const isBurst = read.current.of === of && read.current.reloads === reloads;
    const controller = new AbortController();
    const timer = setTimeout(
      () => {
        readPage(store, query, null, controller.signal).then(
          (page) => {
            read.current = { of, reloads, round };
            setList((old) => merged(old.of === of ? old : empty(of), page));
          },
          (error: unknown) => {
            if (controller.signal.aborted) return;
            setList((old) => ({ ...(old.of === of ? old : empty(of)), error: asError(error) }));
          },
        );
      },
      isBurst ? SETTLE_MS : 0,
    );
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [store, userId, query, of, reloads, version]);

  const { nextCursor } = shown;
  const loadMore = useCallback(() => {
    if (nextCursor === null) return;
    readPage(store, query, nextCursor).then(
      (page) => setList((old) => (old.of === of && old.nextCursor === nextCursor ? appended(old, page) : old)),
      (error: unknown) => setList((old) => (old.of === of ? { ...old, error: asError(error) } : old)),
    );
  }, [store, query, of, nextCursor]);
  const reload = useCallback(() => setReloads((count) => count + 1), []);

  return {
    status: shown.loaded ? "ready" : shown.error === null ? "loading" : "failed",
    data: shown.data,
    hasMore: nextCursor !== null,
    loadMore,
    reload,
    error: shown.error,
  };
}

function queryOf({ type, from, to, limit = 20 }: TransactionFilter): string {
  const query = new URLSearchParams({ limit: String(limit) });
  if (type !== undefined && type.length > 0) query.set("type", type.join(","));
  if (from !== undefined) query.set("from", from);
  if (to !== undefined) query.set("to", to);
  return query.toString();
}

function empty(of: string): List {
  return { of, data: [], nextCursor: null, loaded: false, error: null };
}

async function readPage(
  store: CreditsStore,
  query: string,
  cursor: string | null,
  signal?: AbortSignal,
): Promise<Page> {
  const after = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
  const options = signal === undefined ? {} : { signal };
  const page = readTransactions(await store.request(`/api/credits/transactions?${query}${after}`, options));
  if (page === undefined) throw new CreditsError("answer_unreadable", "The answer is no list of transactions");
  return page;
}

/** The newest page before what was shown already; rows never change, so only a gap between both makes the old ones go. */
function merged(old: List, page: Page): List {
  const next = { ...old, loaded: true, error: null };
  const last = page.data.at(-1);
  const known = last !== undefined && old.data.some((row) => row.id === last.id);
  if (!known) return { ...next, ...page };
  return { ...next, data: [...page.data, ...old.data.filter((row) => row.version < last.version)] };
}

function appended(old: List, page: Page): List {
  return { ...old, data: [...old.data, ...page.data], nextCursor: page.nextCursor, error: null };
}
