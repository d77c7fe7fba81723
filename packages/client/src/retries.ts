import { ApiProblem, NoAnswer, type StipendError, UnexpectedAnswer } from "./errors.ts";

export interface RetryPolicy {
  /** How often a request is sent at most, the first time included. Default 3. */
  readonly attempts: number;
  /** Before the second attempt; doubled for each further one. Default 200 ms. */
  readonly firstPauseMs: number;
  /** Longest pause. A Retry-After beyond it ends the call with its problem, unless `forMs` is given. Default 5,000 ms. */
  readonly longestPauseMs: number;
  /**
   * For work that nobody waits for in front of a screen: how long a request is sent again, counted from its first attempt.
   * A Retry-After is then kept as long as it fits into this time, and `attempts` is best `Infinity`. Default: no such time.
   */
  readonly forMs?: number;
}

export const DEFAULT_RETRIES: RetryPolicy = { attempts: 3, firstPauseMs: 200, longestPauseMs: 5_000 };

/**
 * How long to wait before the same request is sent again; undefined: it is not.
 *
 * @param failed attempts that have failed so far, 1 or more.
 * @param random 0 to 1: many clients that fail at once must not come back at once.
 * @param spentMs since the first attempt began.
 */
export function pauseBeforeRetry(
  error: StipendError,
  failed: number,
  policy: RetryPolicy,
  random: number,
  spentMs: number,
): number | undefined {
  if (failed >= policy.attempts || !mayPass(error)) return undefined;
  const asked = error instanceof ApiProblem ? (error.retryAfterSeconds ?? 0) * 1_000 : 0;
  if (policy.forMs === undefined && asked > policy.longestPauseMs) return undefined;
  const backOff = Math.min(policy.longestPauseMs, policy.firstPauseMs * 2 ** (failed - 1));
  const ms = Math.max(asked, backOff * (0.5 + random / 2));
  return policy.forMs !== undefined && spentMs + ms > policy.forMs ? undefined : ms;
}

/** Codes by which the API says that it did not even begin: what was asked may be asked again, whatever it is. */
const NOT_BEGUN = new Set(["rate_limited", "overloaded"]);

/** True when the refused request can have had no effect. */
export function didNothing(error: StipendError): boolean {
  return error instanceof ApiProblem && NOT_BEGUN.has(error.code);
}

/** Codes of refusals that pass by themselves, besides every 503. */
const PASSING = new Set(["rate_limited", "request_in_progress", "upstream_failed", "upstream_timeout"]);

/** True when the same request may well succeed a moment later. What the API refuses for good is never asked again. */
function mayPass(error: StipendError): boolean {
  if (error instanceof NoAnswer) return true;
  if (error instanceof UnexpectedAnswer) return [429, 502, 503, 504].includes(error.status);
  return error instanceof ApiProblem && (error.status === 503 || PASSING.has(error.code));
}
