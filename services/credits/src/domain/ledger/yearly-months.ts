// The twelve months of a yearly membership.
import type { LedgerId } from "./terms.ts";

export interface YearlyMonth {
  /** 1 to 12 */
  readonly month: number;
  readonly periodStart: Date;
  readonly periodEnd: Date;
  readonly amount: number;
}

export interface YearlyMonthView extends YearlyMonth {
  readonly status: "scheduled" | "given" | "skipped" | "cancelled";
  readonly givenAmount: number | null;
  readonly transactionId: LedgerId | null;
}
