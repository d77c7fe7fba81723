import type { Environment } from "./types.ts";

type Timers = Pick<Environment, "setTimeout" | "clearTimeout">;

/** Resolves after `ms`, or as soon as one of the signals aborts. Never rejects. */
export function pause(timers: Timers, ms: number, ...signals: readonly AbortSignal[]): Promise<void> {
  return new Promise((resolve) => {
    if (signals.some((signal) => signal.aborted)) return resolve();
    const done = (): void => {
      timers.clearTimeout(timer);
      for (const signal of signals) signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = timers.setTimeout(done, ms);
    for (const signal of signals) signal.addEventListener("abort", done);
  });
}

/** What the promise says, or a rejection when `signal` aborts first: for what can't be aborted itself. */
export async function unlessAborted<T>(promise: T | PromiseLike<T>, signal: AbortSignal): Promise<T> {
  let stop = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(new DOMException("Aborted", "AbortError"));
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop);
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** A signal that also aborts after `ms`; `end` lets go of timer and listener. */
export function deadline(
  timers: Timers,
  ms: number,
  signals: readonly (AbortSignal | undefined)[],
): { readonly signal: AbortSignal; readonly end: () => void } {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  const timer = timers.setTimeout(abort, ms);
  for (const signal of signals) {
    if (signal?.aborted) abort();
    signal?.addEventListener("abort", abort);
  }
  return {
    signal: controller.signal,
    end: () => {
      timers.clearTimeout(timer);
      for (const signal of signals) signal?.removeEventListener("abort", abort);
    },
  };
}

/** A moment on both clocks: the wall clock may be set, the monotonic one may stand still while the machine sleeps. */
export interface Moment {
  readonly wall: number;
  readonly steady: number;
}

type Clocks = Pick<Environment, "now" | "monotonic">;

/** @param agoMs how long ago it was; default now */
export function moment(clocks: Clocks, agoMs = 0): Moment {
  return { wall: clocks.now() - agoMs, steady: clocks.monotonic() - agoMs };
}

/** Milliseconds since then: the larger of both clocks' words, so that data is rather thought too old than too young. */
export function ageOf(clocks: Clocks, at: Moment | null): number {
  if (at === null) return Number.POSITIVE_INFINITY;
  return Math.max(clocks.monotonic() - at.steady, clocks.now() - at.wall);
}
