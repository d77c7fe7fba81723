// What an account holds, now, at a past moment, and by its books: GetAccounts, ExplainBalance, CheckCreditsSync.
import type { AccountStatus, GrantKind, LedgerId, UserId } from "./terms.ts";

/** The account right after an operation (for refused ones: as it was judged). */
export interface AccountFigures {
  readonly userId: UserId;
  readonly version: number;
  readonly balance: number;
  readonly held: number;
  /** balance − held */
  readonly available: number;
  readonly status: AccountStatus;
}

export interface GrantView {
  readonly id: LedgerId;
  readonly kind: GrantKind;
  readonly amount: number;
  readonly remaining: number;
  readonly reserved: number;
  readonly priority: number;
  readonly expiresAt: Date | null;
  readonly createdAt: Date;
}

export interface AccountView extends AccountFigures {
  readonly allowance: {
    readonly tier: string;
    readonly monthlyCredits: number;
    readonly remaining: number;
    readonly nextResetAt: Date | null;
  } | null;
  readonly lowBalanceThreshold: number;
  /** In the order of spending. */
  readonly grants: readonly GrantView[];
  /** true: call touchAccounts (expired grants or holds are waiting). */
  readonly lapseDue: boolean;
  /** true: loadDue → plan → checkAndResetUserCredits. */
  readonly resetDue: boolean;
  readonly createdAt: Date;
}

export interface ExplainedGrant {
  readonly id: LedgerId;
  readonly kind: GrantKind;
  readonly remaining: number;
  readonly reserved: number;
  readonly priority: number;
  readonly expiresAt: Date | null;
}

export interface Explanation {
  readonly userId: UserId;
  readonly at: Date;
  /** 0 before the first row. */
  readonly version: number;
  readonly balance: number;
  readonly held: number;
  readonly status: AccountStatus;
  /** Grants with credits left at that moment; Σ remaining = balance. */
  readonly grants: readonly ExplainedGrant[];
}

export interface AccountCheck {
  readonly userId: UserId;
  readonly version: number;
  readonly balance: number;
  readonly held: number;
  readonly status: AccountStatus;
  /** Empty = sound. */
  readonly problems: readonly {
    /** grants_sum ledger_sum ledger_chain ledger_gap held_sum reserved_sum grant_draws negative */
    readonly code: string;
    readonly expected: number;
    readonly actual: number;
  }[];
}
