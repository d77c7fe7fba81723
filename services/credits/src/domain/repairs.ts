// The repair of an account whose books do not agree: what is proposed, and what came of it. Pure types and rules.
import type { Keyed, Origin } from "./ledger/operation.ts";
import type { Done, Invalid, KeyReused, Refused } from "./ledger/outcomes.ts";
import type { AccountStatus, GrantKind, LedgerId, UserId } from "./ledger/terms.ts";

export interface FromTo {
  readonly from: number;
  readonly to: number;
}

export interface GrantRepair {
  readonly id: LedgerId;
  readonly kind: GrantKind;
  readonly remaining: FromTo;
  readonly reserved: FromTo;
}

export interface HoldRepair {
  readonly id: LedgerId;
  /**
   * `reopened`, `closed`: its state becomes what the ledger says. `restored`: its row was gone; it ends at once.
   * `released`: it can't be kept.
   */
  readonly action: "reopened" | "closed" | "restored" | "released";
  readonly amount: number;
}

/** What RepairAccounts would do with an account now. */
export interface RepairPlan {
  readonly userId: UserId;
  readonly version: number;
  /** Names the difference: it stays while the account moves on and the difference does not. */
  readonly proposal: string;
  /** The ledger itself is damaged: the row that tells of the repair is an opening balance. */
  readonly restates: boolean;
  /** What stands in the tables of account, grants and holds. */
  readonly found: {
    readonly version: number;
    readonly balance: number;
    readonly held: number;
    readonly status: AccountStatus;
    readonly allowance: number;
    readonly grants: number;
    readonly reserved: number;
    readonly holds: number;
  };
  /** What the customer was told last, and the newest row of the ledger. */
  readonly told: { readonly balance: number; readonly held: number };
  readonly newestRow: { readonly version: number; readonly balance: number };
  readonly after: {
    readonly balance: number;
    readonly held: number;
    readonly status: AccountStatus;
    readonly allowance: number;
  };
  /** Credits of a new grant, for what no grant holds. */
  readonly newGrant: number;
  readonly grantsChanged: number;
  /** At most 20. */
  readonly grants: readonly GrantRepair[];
  readonly holdsChanged: number;
  /** At most 20. */
  readonly holds: readonly HoldRepair[];
}

export interface RepairOperation extends Origin, Keyed {
  readonly userId: UserId;
  /** The plan that shall be carried out, and no other: how many admins it needs was judged by it. */
  readonly proposal: string;
}

export type RepairResult = Done | KeyReused | Invalid | Refused<"nothing_to_repair"> | Refused<"proposal_outdated">;

/**
 * The most that a repair changes of what the customer has, signed: measured against what was told last, what the account
 * shows, and what the newest row says. Where these differ, nobody knows yet which one is right.
 */
export function mostChanged({ found, told, newestRow, after }: RepairPlan): number {
  const changes = [told.balance, found.balance, newestRow.balance].map((before) => after.balance - before);
  return changes.reduce((most, change) => (Math.abs(change) > Math.abs(most) ? change : most), 0);
}
