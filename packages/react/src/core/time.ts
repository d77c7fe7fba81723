import type { Environment } from "./types.ts";

type Timers = Pick<Environment, "setTimeout">;

/** A signal that aborts after `ms`, or as soon as one of the others does. */
export function after(timers: Timers, ms: number, ...signals: readonly AbortSignal[]): AbortSignal {
  const controller = new AbortController();
  timers.setTimeout(() => controller.abort(), ms);
  return AbortSignal.any([controller.signal, ...signals]);
}

/** Resolves when the signal aborts; never rejects. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve());
    if (signal.aborted) resolve();
  });
}

/** Resolves after `ms`, or as soon as one of the signals aborts. Never rejects. */
export function pause(timers: Timers, ms: number, ...signals: readonly AbortSignal[]): Promise<void> {
  return aborted(after(timers, ms, ...signals));
}

/** A moment on both clocks: the wall clock may be set, the monotonic one may stand still while the machine sleeps. */
export interface Moment {
  readonly wall: number;
  readonly steady: number;
}

type Clocks = Pick<Environment, "now" | "monotonic">;

/** @param agoMs how long ago it was */
export function moment(clocks: Clocks, agoMs: number): Moment {
  return { wall: clocks.now() - agoMs, steady: clocks.monotonic() - agoMs };
}

/** Milliseconds since then: the larger of both clocks' words, so that data is rather thought too old than too young. */
export function ageOf(clocks: Clocks, at: Moment | null): number {
  return at === null ? Number.POSITIVE_INFINITY : Math.max(clocks.monotonic() - at.steady, clocks.now() - at.wall);
}
