import type { Tx } from "@stipend/platform/mysql/database";
import type { AccountCheck, AccountStatus, UserId } from "../domain/ledger.ts";
import { integer, jsonRows, type Row, text } from "./codec.ts";

/** Lapses expired grants and frees expired holds of these accounts; accounts that do not exist are created. At most 1,000. */
export async function touchAccounts(tx: Tx, now: Date, userIds: readonly UserId[]): Promise<number> {
  return written(await tx.call<Row>("TouchAccounts", now, userIds));
}

/** Frees holds past their end, of at most `limit` accounts nobody else works on. Answers the ledger rows written; 0 = done. */
export async function expireHolds(tx: Tx, now: Date, limit: number): Promise<number> {
  return written(await tx.call<Row>("ExpireHolds", now, limit));
}

/** Lapses grants past their expiry, of at most `limit` accounts nobody else works on. Answers the ledger rows written; 0 = done. */
export async function expireGrants(tx: Tx, now: Date, limit: number): Promise<number> {
  return written(await tx.call<Row>("ExpireGrants", now, limit));
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
  const [after, limit, userIds] = "userIds" in range ? ["", 500, range.userIds] : [range.afterUserId, range.limit, null];
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
