import { useCallback, useEffect, useState } from "react";
import { asError } from "../core/errors.ts";
import { readGrants } from "../core/read.ts";
import type { Change, Credits, CreditsErrorLike } from "../core/types.ts";
import { useCreditsSnapshot, useCreditsStore } from "./context.tsx";
import { useFollowing } from "./following.ts";
import { useLatest } from "./latest.ts";
import type { UseConsume, UseCredits, UseGrants, UseMembership, UseMeter, UseTopUp } from "./types.ts";

/** Less than this part of the allowance is low. */
const LOW = 0.1;

/** The balance, right in every window. */
export function useCredits(): UseCredits {
  const store = useCreditsStore();
  const snapshot = useCreditsSnapshot();
  const { credits } = snapshot;
  const refresh = useCallback(() => store.refresh({ force: true }).catch(() => {}), [store]);
  return {
    ...snapshot,
    balance: credits?.balance ?? null,
    held: credits?.held ?? null,
    available: credits?.available ?? null,
    allowance: credits?.allowance ?? null,
    frozen: credits?.status === "frozen",
    refresh,
  };
}

/** What the balance is made of; asked for only while this hook is in use. */
export function useGrants(): UseGrants {
  const { value, error } = useFollowing("/api/credits/explain", readGrants);
  return { grants: value ?? null, error: error ?? null };
}

export function useMembership(): UseMembership {
  const store = useCreditsStore();
  const { status, membership, error } = useCreditsSnapshot();
  const { running, failed, attempt } = useAction();
  const change = useCallback(
    (what: "cancelMembership" | "resumeMembership", reason?: string) =>
      attempt(() => store[what](reason)).then(
        () => true,
        () => false,
      ),
    [store, attempt],
  );
  return {
    status,
    membership,
    isMember: membership?.status === "active",
    tier: membership?.tier ?? null,
    busy: running > 0,
    error: failed ?? error,
    cancel: (reason) => change("cancelMembership", reason),
    resume: (reason) => change("resumeMembership", reason),
  };
}

/** Counts what is under way and keeps the last failure. */
function useAction() {
  const [running, setRunning] = useState(0);
  const [failed, setFailed] = useState<CreditsErrorLike | null>(null);
  const attempt = useCallback(async <T>(action: () => Promise<T>): Promise<T> => {
    setRunning((count) => count + 1);
    setFailed(null);
    try {
      return await action();
    } catch (error) {
      setFailed(asError(error));
      throw error;
    } finally {
      setRunning((count) => count - 1);
    }
  }, []);
  return { running, failed, setFailed, attempt };
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
  return { shortfall, dismiss: store.dismissShortfall };
}

/** Calls `listener` for each change of the account, in every window once. For toasts. */
export function useChanges(listener: (change: Change, credits: Credits) => void): void {
  const store = useCreditsStore();
  const latest = useLatest(listener);
  useEffect(() => store.onChange((change, credits) => latest.current(change, credits)), [store, latest]);
}
