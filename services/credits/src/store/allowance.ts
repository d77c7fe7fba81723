import type { Tx } from "@stipend/platform/mysql/tx";
import type {
  AllowanceOutcome,
  AllowanceState,
  AllowanceStep,
  AllowanceStepOutcome,
  AllowanceStepResult,
  ApplyMembershipResult,
  DueAccount,
  MembershipOperation,
} from "../domain/ledger/allowance.ts";
import type { OpeningOperation, OpeningResult } from "../domain/ledger/opening.ts";
import type { UserId } from "../domain/ledger/terms.ts";
import type { YearlyMonth } from "../domain/ledger/yearly-months.ts";
import {
  decodeAnsweredRow,
  decodeFigures,
  integer,
  json,
  optionalInteger,
  optionalMoment,
  optionalSqlTime,
  type Row,
  sqlTime,
  text,
} from "./codec.ts";
import { decodeDone, inOrder } from "./results.ts";

/**
 * Keeps the newest copy of each membership and answers what is now current for EVERY user named, with the accounts
 * created and locked: plan and call checkAndResetUserCredits in the same transaction. Inbox first, then this. At most 1,000.
 */
export async function applyMembership(
  tx: Tx,
  now: Date,
  operations: readonly MembershipOperation[],
): Promise<ApplyMembershipResult[]> {
  const items = operations.map((operation) => ({
    ...operation,
    activeUntil: activeUntil(operation.activeUntil),
  }));
  return inOrder(operations, await tx.call<Row>("ApplyMembership", now, items), (row) => ({
    ...decodeAllowanceState(row),
    outcome: text(row, "outcome"),
  }));
}

/** Books planned allowance steps: never twice for one period, never more than the highest quota. At most 1,000. */
export async function checkAndResetUserCredits(
  tx: Tx,
  now: Date,
  steps: readonly AllowanceStep[],
): Promise<AllowanceStepResult[]> {
  const rows = await tx.call<Row>("CheckAndResetUserCredits", now, steps.map(stepItem));
  return inOrder(steps, rows, (row) => ({
    outcome: outcomeOf(row),
    transaction: row["t_id"] === null ? null : decodeAnsweredRow(row),
    account: row["a_user_id"] === null ? null : decodeFigures(row, "a_"),
  }));
}

/**
 * As checkAndResetUserCredits, for those who need no more of the answer than the outcome of each. With the claim of claimAccounts or
 * claimDue in the same transaction the accounts are taken as they were read there; with another one, or none, they are read again.
 */
export async function settleAccounts(
  tx: Tx,
  now: Date,
  steps: readonly AllowanceStep[],
  claim: number | null = null,
): Promise<AllowanceStepOutcome[]> {
  const rows = await tx.call<Row>("SettleAccounts", now, ...sharedSteps(steps), claim);
  return inOrder(steps, rows, (row) => ({ outcome: outcomeOf(row) }));
}

/** Most accounts of a page are to get the same step: steps that differ in nothing but the account are sent, and read by the server, once. */
function sharedSteps(all: readonly AllowanceStep[]): readonly [steps: readonly object[], accounts: readonly unknown[]] {
  const steps: object[] = [];
  const places = new Map<string, number>();
  const accounts = all.map((step, index) => {
    const { userId, membershipVersion, ...same } = step;
    // What has rows of its own in SQL is for one account: it names its place.
    if (same.schedule !== undefined || same.audit !== undefined) {
      steps.push({ ...stepItem(same), ord: index + 1 });
      return [userId, membershipVersion, steps.length];
    }
    const key = keyOf(same);
    const place = places.get(key);
    if (place !== undefined) return [userId, membershipVersion, place];
    steps.push(stepItem(same));
    places.set(key, steps.length);
    return [userId, membershipVersion, steps.length];
  });
  return [steps, accounts];
}

/** The same for equal steps. JSON of a Date is text, at ten times the cost of its number. */
function keyOf({ period, dueAt, nextResetAt, ...plain }: Omit<AllowanceStep, "userId" | "membershipVersion">): string {
  const moments = [period?.start, period?.end, dueAt, nextResetAt].map((moment) => moment?.getTime());
  return `${moments.join()} ${JSON.stringify(plain)}`;
}

function stepItem(step: Omit<AllowanceStep, "userId" | "membershipVersion">): Record<string, unknown> {
  return {
    ...step,
    period: undefined,
    periodStart: optionalSqlTime(step.period?.start),
    periodEnd: optionalSqlTime(step.period?.end),
    dueAt: optionalSqlTime(step.dueAt),
    nextResetAt: optionalSqlTime(step.nextResetAt),
    schedule: step.schedule?.map(monthItem),
  };
}

function outcomeOf(row: Row): AllowanceOutcome {
  return text(row, "outcome") as AllowanceOutcome;
}

/** Books what accounts bring from another system; the parts of one account are done or refused together. At most 1,000. */
export async function openAccounts(
  tx: Tx,
  now: Date,
  operations: readonly OpeningOperation[],
): Promise<OpeningResult[]> {
  const items = operations.map(({ period, months, ...operation }) => ({
    ...operation,
    periodStart: optionalSqlTime(period?.start),
    periodEnd: optionalSqlTime(period?.end),
    schedule: months?.map(monthItem),
  }));
  return inOrder(operations, await tx.call<Row>("OpenAccounts", now, items), decodeDone);
}

function monthItem(month: YearlyMonth): Record<string, unknown> {
  return { ...month, periodStart: sqlTime(month.periodStart), periodEnd: sqlTime(month.periodEnd) };
}

/**
 * The state to plan from, for these accounts, created if missing and locked in primary-key order. Order of the answer: user id; each
 * user once. At most 1,000.
 */
export async function claimAccounts(
  tx: Tx,
  now: Date,
  userIds: readonly UserId[],
  claim: number | null = null,
): Promise<AllowanceState[]> {
  const rows = await tx.call<Row>("ClaimAccounts", now, userIds, claim);
  return rows.map(decodeAllowanceState);
}

/**
 * At most `limit` (1 to 1,000) accounts whose due_at has passed, of those behind `after` in the order of (dueAt, userId); locked, those locked by others skipped: many
 * instances sweep at once without doing work twice. Empty = nothing left that is not in someone's hands.
 */
export async function claimDue(
  tx: Tx,
  now: Date,
  limit: number,
  after: DueAccount | null = null,
  claim: number | null = null,
): Promise<AllowanceState[]> {
  const { dueAt, userId } = after ?? { dueAt: null, userId: null };
  const rows = await tx.call<Row>("ClaimDue", now, limit, dueAt, userId, claim);
  return rows.map(decodeAllowanceState);
}

function activeUntil(until: Date | "open" | null): string | null {
  if (until === null) return null;
  // Beyond every date a membership can carry; keeps the comparison in SQL a plain one.
  return until === "open" ? "9999-12-31 00:00:00.000" : sqlTime(until);
}

function decodeAllowanceState(row: Row): AllowanceState {
  return {
    userId: text(row, "user_id"),
    membershipVersion: optionalInteger(row, "membership_version"),
    state: json(row, "membership_state"),
    servedStart: optionalMoment(row, "served_start"),
    servedEnd: optionalMoment(row, "served_end"),
    servedGiven: integer(row, "served_given"),
    allowanceRemaining: integer(row, "allowance_remaining"),
    dueAt: optionalMoment(row, "due_at"),
    status: text(row, "status") === "frozen" ? "frozen" : "active",
  };
}
