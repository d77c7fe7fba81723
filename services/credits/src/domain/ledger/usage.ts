// UsageSeries, and what could not be charged: RejectUsage.
import type { UserId } from "./terms.ts";

export interface UsageRow {
  /** Which of the given buckets, from 0. */
  readonly bucket: number;
  readonly feature: string | null;
  readonly consumed: number;
  readonly refunded: number;
  readonly operations: number;
}

/** Use reported by an internal service that could not be charged; becomes an event UsageRejected. */
export interface RejectedUsage {
  readonly usageId: string;
  readonly userId: UserId;
  readonly feature: string;
  readonly amount: number;
  readonly code: string;
  readonly detail: string;
  readonly traceparent?: string | undefined;
}
