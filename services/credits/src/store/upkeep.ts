import type { Tx } from "@stipend/platform/mysql/tx";
import type { AccountCheck } from "../domain/ledger/account.ts";
import type { DueAccount } from "../domain/ledger/allowance.ts";
import type { AccountStatus, UserId } from "../domain/ledger/terms.ts";
import type { RejectedUsage } from "../domain/ledger/usage.ts";
import { integer, jsonRows, moment, type Row, text } from "./codec.ts";

/** Lapses expired grants and frees expired holds of these accounts; accounts that do not exist are created. At most 1,000. */
export async function touchAccounts(tx: Tx, now: Date, userIds: readonly UserId[]): Promise<number> {
  return written(await tx.call<Row>("TouchAccounts", now, userIds));
}

/**
 * At most `limit` (1 to 1,000) accounts of which a hold or a grant has run out, of those behind `after` in the order of (dueAt, userId); locked, those
 * locked by others skipped. Empty = nothing left that is not in someone's hands.
 */
export async function claimLapsed(
  tx: Tx,
  now: Date,
  limit: number,
  after: DueAccount | null = null,
): Promise<DueAccount[]> {
  const rows = await tx.call<Row>("ClaimLapsed", now, limit, after?.dueAt ?? null, after?.userId ?? null);
  return rows.map((row) => ({ userId: text(row, "user_id"), dueAt: moment(row, "lapse_at") }));
}

/** Use that could not be charged; answered by an event instead of being lost. At most 1,000. */
export async function rejectUsage(tx: Tx, now: Date, items: readonly RejectedUsage[]): Promise<void> {
  await tx.call("RejectUsage", now, items);
}

/** null = the default: a tenth of the monthly allowance, off without one. 0 = off. */
export async function setLowBalanceThreshold(
  tx: Tx,
  now: Date,
  userId: UserId,
  threshold: number | null,
): Promise<void> {
  await tx.call("SetLowBalanceThreshold", now, [{ userId, threshold }]);
}

/** Compares balance, grants, ledger and holds of accounts with ids after `afterUserId` in byte order. At most 500. Changes nothing. */
export async function checkCreditsSync(
  tx: Tx,
  range: { readonly afterUserId: UserId; readonly limit: number } | { readonly userIds: readonly UserId[] },
): Promise<AccountCheck[]> {
  const [after, limit, userIds] =
    "userIds" in range ? ["", 500, range.userIds] : [range.afterUserId, range.limit, null];
  const rows = await tx.call<Row>("CheckCreditsSync", after, limit, userIds);
  return rows.map((row) => ({
    userId: text(row, "user_id"),
    version: integer(row, "version"),
    balance: integer(row, "balance"),
    held: integer(row, "held"),
    status: text(row, "status") as AccountStatus,
    problems: jsonRows(row, "problems").map((problem) => ({
      code: text(problem, "code"),
      expected: integer(problem, "expected"),
      actual: integer(problem, "actual"),
    })),
  }));
}

function written(rows: readonly Row[]): number {
  const [row] = rows;
  if (row === undefined) throw new Error("the procedure answered nothing");
  return integer(row, "written");
}
