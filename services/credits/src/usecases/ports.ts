import type { Decision, DecisionResult, Proposal, ProposalResult } from "../domain/approvals.ts";
import type { AccountCheck, AccountView, Explanation } from "../domain/ledger/account.ts";
import type {
  AllowanceState,
  AllowanceStep,
  AllowanceStepOutcome,
  AllowanceStepResult,
  ApplyMembershipResult,
  DueAccount,
  MembershipOperation,
} from "../domain/ledger/allowance.ts";
import type {
  AdjustOperation,
  AdjustResult,
  GrantOperation,
  GrantResult,
  StatusOperation,
  StatusResult,
} from "../domain/ledger/corrections.ts";
import type {
  CaptureOperation,
  Hold,
  HoldEndResult,
  HoldOperation,
  HoldResult,
  ReleaseOperation,
} from "../domain/ledger/holds.ts";
import type { OpeningOperation, OpeningResult } from "../domain/ledger/opening.ts";
import type {
  CreditPackage,
  PurchaseOperation,
  PurchaseResult,
  SetPackageOperation,
  SetPackageResult,
} from "../domain/ledger/packages.ts";
import type { ConsumeOperation, ConsumeResult, RefundOperation, RefundResult } from "../domain/ledger/spending.ts";
import type { LedgerId, UserId } from "../domain/ledger/terms.ts";
import type { LedgerRow, TransactionFilter } from "../domain/ledger/transactions.ts";
import type { RejectedUsage, UsageRow } from "../domain/ledger/usage.ts";
import type { YearlyMonthView } from "../domain/ledger/yearly-months.ts";
import type { Membership } from "../domain/membership.ts";
import type { RepairOperation, RepairPlan, RepairResult } from "../domain/repairs.ts";

/** A change of a membership as its event told it. */
export interface MembershipTold {
  readonly userId: UserId;
  /** The membership's version: rises by one with each change, the highest wins. */
  readonly version: number;
  readonly membership: Membership | null;
  /** When the change was made; long ago if credits was away meanwhile. */
  readonly occurredAt: Date;
  readonly traceparent?: string | undefined;
}

/** One that came before those before it. */
export interface MembershipWaiting extends MembershipTold {
  readonly receivedAt: Date;
}

/** Of whom something waits, and since when. */
export interface OverdueUser {
  readonly userId: UserId;
  readonly since: Date;
}

/** The ledger inside one open transaction. Nothing counts until the transaction has committed. */
export interface LedgerSession {
  lockAccounts(now: Date, userIds: readonly UserId[]): Promise<void>;
  consume(now: Date, operations: readonly ConsumeOperation[]): Promise<ConsumeResult[]>;
  refund(now: Date, operations: readonly RefundOperation[]): Promise<RefundResult[]>;
  grant(now: Date, operations: readonly GrantOperation[]): Promise<GrantResult[]>;
  adjust(now: Date, operations: readonly AdjustOperation[]): Promise<AdjustResult[]>;
  setStatus(now: Date, operations: readonly StatusOperation[]): Promise<StatusResult[]>;
  hold(now: Date, operations: readonly HoldOperation[]): Promise<HoldResult[]>;
  capture(now: Date, operations: readonly CaptureOperation[]): Promise<HoldEndResult[]>;
  release(now: Date, operations: readonly ReleaseOperation[]): Promise<HoldEndResult[]>;
  purchase(now: Date, operations: readonly PurchaseOperation[]): Promise<PurchaseResult[]>;
  setPackages(now: Date, operations: readonly SetPackageOperation[]): Promise<SetPackageResult[]>;

  /** What a repair of these accounts would do; those with nothing to repair are absent. Locks them. At most 100. */
  planRepairs(userIds: readonly UserId[]): Promise<RepairPlan[]>;
  /** Each account once. */
  repair(now: Date, operations: readonly RepairOperation[]): Promise<RepairResult[]>;

  propose(now: Date, proposals: readonly Proposal[]): Promise<ProposalResult[]>;
  decide(now: Date, decisions: readonly Decision[]): Promise<DecisionResult[]>;

  applyMembership(now: Date, operations: readonly MembershipOperation[]): Promise<ApplyMembershipResult[]>;
  /** What waits of these users, whose accounts are locked; it waits no longer unless it is kept again. */
  takeMemberships(userIds: readonly UserId[]): Promise<MembershipWaiting[]>;
  keepMemberships(waiting: readonly MembershipWaiting[]): Promise<void>;
  /** At most `limit` users behind `after` of whom something has waited since `before`, longest first. */
  overdueMemberships(before: Date, limit: number, after: OverdueUser | null): Promise<OverdueUser[]>;
  loadDue(now: Date, userIds: readonly UserId[]): Promise<AllowanceState[]>;
  /** Due accounts behind `after` that are in nobody's hands, locked. */
  claimDue(now: Date, limit: number, after: DueAccount | null): Promise<AllowanceState[]>;
  checkAndReset(now: Date, steps: readonly AllowanceStep[]): Promise<AllowanceStepResult[]>;
  /** As checkAndReset, answering only what became of each step: what the many need. */
  settle(now: Date, steps: readonly AllowanceStep[]): Promise<AllowanceStepOutcome[]>;

  openAccounts(now: Date, operations: readonly OpeningOperation[]): Promise<OpeningResult[]>;

  /** Lapses what is due on these accounts and creates those that do not exist. Answers the rows written. */
  touch(now: Date, userIds: readonly UserId[]): Promise<number>;
  /** Accounts behind `after` of which a hold or a grant has run out and that are in nobody's hands, locked. */
  claimLapsed(now: Date, limit: number, after: DueAccount | null): Promise<DueAccount[]>;

  /** Which of these events this consumer meets for the first time. */
  recordInbox(consumer: string, eventIds: readonly string[], now: Date): Promise<ReadonlySet<string>>;
  rejectUsage(now: Date, rejections: readonly RejectedUsage[]): Promise<void>;

  /** Null: the default of the account. */
  setLowBalanceThreshold(now: Date, userId: UserId, threshold: number | null): Promise<void>;

  accounts(now: Date, userIds: readonly UserId[]): Promise<AccountView[]>;
  check(range: CheckRange): Promise<AccountCheck[]>;
}

export type CheckRange =
  | { readonly afterUserId: UserId; readonly limit: number }
  | { readonly userIds: readonly UserId[] };

/** Where transactions come from. */
export interface Ledger {
  /**
   * Runs work in one transaction and commits it; work may run several times (deadlocks), so it must do nothing else.
   * Events written by it are on their way once this resolves.
   */
  write<T>(name: string, work: (session: LedgerSession) => Promise<T>): Promise<T>;
  /** As `write`, for work that changes nothing. */
  read<T>(name: string, work: (session: LedgerSession) => Promise<T>): Promise<T>;
}

/** Reads that need no transaction. Each sees everything committed before it. */
export interface LedgerReads {
  transactions(filter: TransactionFilter): Promise<LedgerRow[]>;
  transaction(id: LedgerId): Promise<LedgerRow | null>;
  /** Oldest first, with back-pressure. */
  streamTransactions(filter: Omit<TransactionFilter, "limit" | "beforeVersion">): AsyncIterable<LedgerRow>;
  hold(now: Date, id: LedgerId): Promise<Hold | null>;
  openHolds(now: Date, userId: UserId, limit: number): Promise<Hold[]>;
  explain(userId: UserId, at: Date): Promise<Explanation | null>;
  usage(userId: UserId, edges: readonly Date[]): Promise<UsageRow[]>;
  yearlyMonths(userId: UserId): Promise<YearlyMonthView[]>;
  packages(all: boolean): Promise<CreditPackage[]>;
  package(code: string): Promise<CreditPackage | null>;
}

/** Keeps what was read of a ledger. It may forget anything at any time, and nothing is decided by it. */
export interface ReadCache {
  /** False: nothing is kept, so a read is not worth splitting. */
  readonly keeps: boolean;
  /**
   * What `read` gives, or gave before for the same account at the same version.
   *
   * @param version of the account, read after the request came: that is what makes the answer of the moment.
   * @param what tells this read from all others of the account; JSON.
   * @param read must give JSON that depends on nothing but account, version and `what`; above all on no clock.
   */
  through<T>(userId: UserId, version: number, what: readonly unknown[], read: () => Promise<T>): Promise<T>;
}

/** Reads everything anew. */
export const noReadCache: ReadCache = { keeps: false, through: (_userId, _version, _what, read) => read() };

export interface Clock {
  now(): Date;
}
