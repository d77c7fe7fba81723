import {
  type Comparison,
  type CreditsSide,
  type ProposedRepair,
  proposedRepair,
  type ViewSide,
} from "../domain/consistency.ts";
import type { PassState } from "./ports.ts";

export interface DifferenceEntry {
  readonly userId: string;
  readonly checkedAt: Date;
  readonly problems: readonly string[];
  readonly repair: ProposedRepair | null;
  readonly credits: Pick<CreditsSide, "version" | "balance" | "held">;
  readonly view: (Pick<ViewSide, "balance" | "held"> & { readonly version: number }) | null;
}

export interface ConsistencySummary {
  readonly equal: number;
  readonly lagging: number;
  readonly different: number;
  readonly oldestCheckAt: Date | null;
  readonly laggingSince: Date | null;
}

export interface AlertCount {
  readonly family: string;
  readonly severity: string;
  readonly status: string;
  readonly alerts: number;
}

export interface OverviewNumbers {
  readonly alerts: readonly AlertCount[];
  readonly accounts: {
    readonly known: number;
    readonly frozen: number;
    readonly balance: number;
    readonly held: number;
    readonly withGaps: number;
  };
  readonly members: readonly { readonly tier: string | null; readonly status: string; readonly members: number }[];
  readonly today: readonly { readonly kind: string; readonly events: number; readonly amount: number }[];
  readonly topics: readonly {
    readonly topic: string;
    readonly events: number;
    readonly lastEventAt: Date;
    readonly readAt: Date;
  }[];
  readonly consistency: ConsistencySummary;
}

export interface DayEntry {
  /** YYYY-MM-DD, UTC. */
  readonly day: string;
  readonly kind: string;
  readonly events: number;
  readonly amount: number;
}

export interface SummaryReader {
  /** @param from the first day, YYYY-MM-DD, UTC. */
  daysSince(from: string): Promise<readonly DayEntry[]>;
  consistency(): Promise<ConsistencySummary>;
  /** At most `limit`, those found first at the top. */
  differences(limit: number): Promise<readonly DifferenceEntry[]>;
  passState(): Promise<PassState>;
  /** @param day YYYY-MM-DD, UTC. */
  overview(day: string): Promise<OverviewNumbers>;
}

/** A comparison as it is shown and kept. */
export function entryOf(comparison: Comparison, checkedAt: Date): DifferenceEntry {
  const { credits, view, problems } = comparison;
  const { userId, version, balance, held } = credits;
  return {
    userId,
    checkedAt,
    problems,
    // A view that is merely behind needs none: events are on their way.
    repair: comparison.result === "different" ? proposedRepair(comparison) : null,
    credits: { version, balance, held },
    view: view === null ? null : { version: view.balanceVersion, balance: view.balance, held: view.held },
  };
}
