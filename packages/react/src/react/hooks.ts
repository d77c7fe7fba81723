import { useCallback, useEffect, useRef, useState } from "react";
import { asError } from "../core/errors.ts";
import type { Change, Credits, CreditsErrorLike } from "../core/types.ts";
import { useCreditsSnapshot, useCreditsStore } from "./context.tsx";
import type { UseConsume, UseCredits, UseGrants, UseMembership, UseMeter, UseTopUp } from "./types.ts";

/** Less than this part of the allowance is low. */
const LOW = 0.1;

/** The balance, right in every window. */
export function useCredits(): UseCredits {
  const store = useCreditsStore();
  const { status, spendable, pending, credits, live, newsAt, error } = useCreditsSnapshot();
  const refresh = useCallback(() => store.refresh({ force: true }).catch(() => {}), [store]);
  return {
    status,
    spendable,
    balance: credits?.balance ?? null,
    held: credits?.held ?? null,
    available: credits?.available ?? null,
    pending,
    allowance: credits?.allowance ?? null,
    frozen: credits?.status === "frozen",
    credits,
    live,
    newsAt,
    error,
    refresh,
  };
}

/** What the balance is made of; asked for only while this hook is in use. */
export function useGrants(): UseGrants {
  const store = useCreditsStore();
  const { credits, grants } = useCreditsSnapshot();
  useEffect(() => store.watchGrants(), [store]);
  return {
    grants: grants?.data ?? null,
    stale: grants !== null && credits !== null && grants.version < credits.version,
  };
}

export function useMembership(): UseMembership {
  const store = useCreditsStore();
  const { status, membership, error } = useCreditsSnapshot();
  const { running, failed, run } = useAction();
  const cancel = useCallback((reason?: string) => run(() => store.cancelMembership(reason)), [store, run]);
  const resume = useCallback((reason?: string) => run(() => store.resumeMembership(reason)), [store, run]);
  return {
    status,
    membership,
    isMember: membership?.status === "active",
    tier: membership?.tier ?? null,
    busy: running > 0,
    error: failed ?? error,
    cancel,
    resume,
  };
}

/** Counts what is under way and keeps the last failure. `run` answers whether it was done. */
function useAction() {
  const [running, setRunning] = useState(0);
  const [failed, setFailed] = useState<CreditsErrorLike | null>(null);
  const attempt = useCallback(async <T>(action: () => Promise<T>): Promise<T> => {
    setRunning((count) => count + 1);
    setFailed(null);
    try {
      return await action();
    } catch (error) {
      const known = asError(error);
      setFailed(known);
      throw known;
    } finally {
      setRunning((count) => count - 1);
    }
  }, []);
  const run = useCallback(
    (action: () => Promise<unknown>) =>
      attempt(action).then(
        () => true,
        () => false,
      ),
    [attempt],
  );
  return { running, failed, setFailed, attempt, run };
}

/** Spends: the balance shows it at once, in every window as soon as the server has answered, and comes back when it fails. */
export function useConsume(): UseConsume {
  const store = useCreditsStore();
  const { running, failed, setFailed, attempt } = useAction();
  const consume = useCallback<UseConsume["consume"]>(
    (request) => attempt(() => store.consume(request)),
    [store, attempt],
  );
  const callMetered = useCallback<UseConsume["callMetered"]>(
    (path, options) => attempt(() => store.callMetered(path, options)),
    [store, attempt],
  );
  const clearError = useCallback(() => setFailed(null), [setFailed]);
  return { consume, callMetered, running, error: failed, clearError };
}

/** What CreditsMeter draws. */
export function useMeter(): UseMeter {
  const { credits, spendable } = useCreditsSnapshot();
  const allowance = credits?.allowance ?? null;
  const monthlyCredits = allowance?.monthlyCredits ?? null;
  const remaining = allowance?.remaining ?? null;
  const hasRatio = remaining !== null && monthlyCredits !== null && monthlyCredits > 0;
  // What was rolled over may make it more than the quota.
  const ratio = hasRatio ? Math.min(1, remaining / monthlyCredits) : null;
  return {
    ratio,
    remaining,
    monthlyCredits,
    nextResetAt: allowance?.nextResetAt ?? null,
    other: credits === null ? null : Math.max(0, credits.balance - (remaining ?? 0)),
    low: monthlyCredits !== null && spendable !== null && spendable < monthlyCredits * LOW,
  };
}

/** The last 402, until it is dismissed or enough credits are there. */
export function useTopUp(): UseTopUp {
  const store = useCreditsStore();
  const { shortfall } = useCreditsSnapshot();
  const dismiss = useCallback(() => store.dismissShortfall(), [store]);
  return { shortfall, dismiss };
}

/** Calls `listener` for each change of the account, in every window once. For toasts. */
export function useChanges(listener: (change: Change, credits: Credits) => void): void {
  const store = useCreditsStore();
  const latest = useRef(listener);
  useEffect(() => {
    latest.current = listener;
  });
  useEffect(() => store.onChange((change, credits) => latest.current(change, credits)), [store]);
}
