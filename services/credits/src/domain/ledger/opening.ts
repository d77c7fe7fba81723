// OpenAccounts.
import type { Keyed, Origin } from "./operation.ts";
import type { Done, Invalid, KeyReused, Refused } from "./outcomes.ts";
import type { UserId } from "./terms.ts";
import type { YearlyMonth } from "./yearly-months.ts";

/**
 * One part of what an account brings from another system. `balance`: credits that last, an `adjustment` grant. `allowance`:
 * what is left of the allowance of the present period, which counts as served from then on. Both parts of an account
 * stand in one call and are done or refused together; each is a row of its own, of amount 0 where nothing is left.
 */
export interface OpeningOperation extends Origin, Keyed {
  readonly userId: UserId;
  readonly part: "balance" | "allowance";
  /** 0 to 1,000,000,000. */
  readonly amount: number;
  /** The key of the account's other part, whether it is in this call or not: another request under either is refused. */
  readonly siblingKey: string;
  /** For the allowance: the period that holds now, and all it is worth. */
  readonly period?: { readonly start: Date; readonly end: Date } | undefined;
  readonly quota?: number | undefined;
  /** The months of a yearly member's year that have begun: given by the other system. */
  readonly months?: readonly YearlyMonth[] | undefined;
}

export type OpeningResult =
  | Done
  | KeyReused
  | Invalid
  /** An allowance was given here before: the other system's month can't count as well. */
  | Refused<"allowance_served">;
