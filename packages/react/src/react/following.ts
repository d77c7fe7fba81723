import { useCallback, useEffect, useRef, useState } from "react";
import { asError, readable } from "../core/errors.ts";
import type { CreditsErrorLike } from "../core/types.ts";
import { useCreditsSnapshot, useCreditsStore } from "./context.tsx";

/** A burst of changes is one request. */
const SETTLE_MS = 300;

interface Found<T> {
  /** Which user's, and which path's, this is. */
  readonly of: string;
  readonly value?: T;
  readonly error?: CreditsErrorLike;
}

/** What a path of the API answers, asked for again when the account changes, and on `reload`. */
export function useFollowing<T>(path: string, read: (body: unknown) => T | undefined) {
  const store = useCreditsStore();
  const { userId, credits } = useCreditsSnapshot();
  const [found, setFound] = useState<Found<T>>({ of: "" });
  const [reloads, setReloads] = useState(0);
  const reload = useCallback(() => setReloads((count) => count + 1), []);
  const of = `${userId} ${path}`;
  const round = `${of} ${reloads} ${credits?.version}`;
  /** What was asked for and answered last. */
  const last = useRef({ of: "", round: "" });

  useEffect(() => {
    if (userId === null || last.current.round === round) return;
    const controller = new AbortController();
    const { signal } = controller;
    const ask = async (): Promise<void> => {
      try {
        const value = readable(read(await store.request(path, { signal })));
        last.current = { of, round };
        setFound({ of, value });
      } catch (error) {
        if (!signal.aborted) setFound((old) => ({ ...(old.of === of ? old : { of }), error: asError(error) }));
      }
    };
    let timer: ReturnType<typeof setTimeout> | undefined;
    // What nobody sees can wait until somebody does.
    const begin = (): void => {
      if (document.visibilityState === "visible") timer ??= setTimeout(ask, last.current.of === of ? SETTLE_MS : 0);
    };
    begin();
    document.addEventListener("visibilitychange", begin, { signal });
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [store, userId, path, read, of, round]);

  return { ...(found.of === of ? found : { of }), reload };
}
