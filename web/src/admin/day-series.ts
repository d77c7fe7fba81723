import type { DayTotals } from "../api/types.ts";

export interface DayFigures {
  /** YYYY-MM-DD, UTC. */
  readonly day: string;
  /** Credits that came in: grants, refunds, resets. */
  readonly credited: number;
  /** Credits that went out, negative: spent, expired, lapsed. */
  readonly debited: number;
  /** Uses that failed: their reservation was given back. */
  readonly failedUses: number;
  /** Attempts that were refused at the door or to an admin. */
  readonly refused: number;
  readonly resets: number;
}

/** What the overview draws of each day. A reset that takes more than it gives counts as going out. */
export function figuresOf({ data }: DayTotals): readonly DayFigures[] {
  return data.map(({ day, kinds }) => {
    const amounts = Object.entries(kinds)
      .filter(([kind]) => kind.startsWith("credits.") && !RESERVING.has(kind))
      .map(([, { amount }]) => amount);
    const events = (kind: string): number => kinds[kind]?.events ?? 0;
    return {
      day,
      credited: sum(amounts.filter((amount) => amount > 0)),
      debited: sum(amounts.filter((amount) => amount < 0)),
      failedUses: events("credits.release"),
      refused: events("access.refused") + events("admin.refused"),
      resets: events("credits.reset"),
    };
  });
}

/** Their amounts are what was reserved; no balance changes by them. */
const RESERVING = new Set(["credits.hold", "credits.release"]);

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
