// HoldCredits, CaptureHolds, ReleaseHolds.
import type { Keyed, Origin } from "./operation.ts";
import type { Done, Frozen, Insufficient, Invalid, KeyReused, NotFound, Refused, ResetDue } from "./outcomes.ts";
import type { HoldStatus, LedgerId, UserId } from "./terms.ts";

export interface Hold {
  readonly holdId: LedgerId;
  readonly userId: UserId;
  readonly amount: number;
  /** What was captured; 0 unless status is captured. */
  readonly captured: number;
  /** Judged by the `now` of the call: a hold past expiresAt is `expired` even before the sweep came. */
  readonly status: HoldStatus;
  readonly expiresAt: Date;
  readonly createdAt: Date;
  readonly endedAt: Date | null;
  readonly reason: string;
  readonly feature: string | null;
  readonly actor: string;
  /** The consume row of a capture. */
  readonly captureTransactionId: LedgerId | null;
}

export interface HoldOperation extends Origin, Keyed {
  readonly userId: UserId;
  readonly amount: number;
  /** 1 to 86,400 seconds. */
  readonly ttlSeconds: number;
}

export type HoldResult = Done<{ readonly hold: Hold }> | KeyReused | Insufficient | Frozen | ResetDue | Invalid;

/** An empty reason, and a feature or metadata left out, are inherited from the hold; so for releases. */
export interface CaptureOperation extends Origin, Keyed {
  readonly holdId: LedgerId;
  /** 1 to the held amount; absent = all. What is not captured is freed. */
  readonly amount?: number | undefined;
  readonly userId?: UserId | undefined;
}

export interface ReleaseOperation extends Origin, Keyed {
  readonly holdId: LedgerId;
  readonly userId?: UserId | undefined;
}

export type HoldEndResult =
  | Done<{ readonly hold: Hold }>
  | KeyReused
  | Invalid
  | NotFound<"hold_not_found">
  /** Ended before, under another key. */
  | (Refused<"hold_captured" | "hold_released" | "hold_expired"> & { readonly hold: Hold })
  | (Refused<"capture_exceeds_hold"> & { readonly hold: Hold });
