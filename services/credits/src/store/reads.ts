import type { Database } from "@stipend/platform/mysql/database";
import type { Tx } from "@stipend/platform/mysql/tx";
import type { AccountView, Explanation } from "../domain/ledger/account.ts";
import type { Hold } from "../domain/ledger/holds.ts";
import type { AccountStatus, GrantKind, LedgerId, UserId } from "../domain/ledger/terms.ts";
import type { LedgerRow, TransactionFilter } from "../domain/ledger/transactions.ts";
import type { UsageRow } from "../domain/ledger/usage.ts";
import type { YearlyMonthView } from "../domain/ledger/yearly-months.ts";
import {
  decodeFigures,
  decodeHold,
  decodeLedgerRow,
  integer,
  jsonRows,
  moment,
  optionalInteger,
  optionalMoment,
  optionalSqlTime,
  optionalText,
  type Row,
  sqlTime,
  text,
} from "./codec.ts";

type Reader = Pick<Database | Tx, "query">;

/** Accounts that exist among these (at most 500), with open grants in the order of spending. Locks nothing. */
export async function getAccounts(tx: Tx, now: Date, userIds: readonly UserId[]): Promise<AccountView[]> {
  const rows = await tx.call<Row>("GetAccounts", now, userIds);
  return rows.map(decodeAccount);
}

/** One page of an account's ledger, newest first. */
export async function listTransactions(tx: Tx, filter: TransactionFilter): Promise<LedgerRow[]> {
  const rows = await tx.call<Row>(
    "ListTransactions",
    filter.userId,
    filter.types ?? null,
    filter.from ?? null,
    filter.to ?? null,
    filter.beforeVersion ?? null,
    filter.limit,
  );
  return rows.map((row) => decodeLedgerRow(row));
}

export async function getTransaction(reader: Reader, id: LedgerId): Promise<LedgerRow | null> {
  const [row] = await reader.query<Row>("SELECT * FROM credit_transaction_list WHERE id = ?", [id]);
  return row === undefined ? null : decodeLedgerRow(row);
}

/** The whole ledger of an account, oldest first, as a stream: constant memory however long it is. */
export async function* streamTransactions(
  db: Database,
  filter: Omit<TransactionFilter, "limit" | "beforeVersion">,
): AsyncGenerator<LedgerRow> {
  const rows = db.stream(
    `SELECT * FROM credit_transaction_list
      WHERE user_id = ? AND (? IS NULL OR created_at >= ?) AND (? IS NULL OR created_at < ?)
        AND (? IS NULL OR FIND_IN_SET(type, ?) > 0)
      ORDER BY version`,
    [
      filter.userId,
      optionalSqlTime(filter.from),
      optionalSqlTime(filter.from),
      optionalSqlTime(filter.to),
      optionalSqlTime(filter.to),
      filter.types?.join(",") ?? null,
      filter.types?.join(",") ?? null,
    ],
  );
  for await (const row of rows) yield decodeLedgerRow(row as Row);
}

export async function getHold(reader: Reader, now: Date, id: LedgerId): Promise<Hold | null> {
  const [row] = await reader.query<Row>("SELECT * FROM credit_hold_list WHERE id = ?", [id]);
  return row === undefined ? null : decodeHold(row, now);
}

/** Open holds of an account, newest first, at most `limit` (1 to 100). */
export async function openHolds(reader: Reader, now: Date, userId: UserId, limit: number): Promise<Hold[]> {
  const rows = await reader.query<Row>(
    "SELECT * FROM credit_hold_list WHERE user_id = ? AND status = 'open' AND expires_at > ? ORDER BY id DESC LIMIT ?",
    [userId, sqlTime(now), limit],
  );
  return rows.map((row) => decodeHold(row, now));
}

/** What the balance was made of at a past moment, grant by grant; null when there is no such account. */
export async function explain(tx: Tx, userId: UserId, at: Date): Promise<Explanation | null> {
  const [row] = await tx.call<Row>("ExplainBalance", userId, at);
  if (row === undefined) return null;
  return {
    userId,
    at,
    version: integer(row, "version"),
    balance: integer(row, "balance"),
    held: integer(row, "held"),
    status: text(row, "status") as AccountStatus,
    grants: jsonRows(row, "grants").map((grant) => ({
      id: text(grant, "id"),
      kind: text(grant, "kind") as GrantKind,
      remaining: integer(grant, "remaining"),
      reserved: integer(grant, "reserved"),
      priority: integer(grant, "priority"),
      expiresAt: optionalMoment(grant, "expiresAt"),
    })),
  };
}

/**
 * Consumption and refunds of an account in buckets whose edges the caller gives (ascending; n + 1 edges make n buckets; zones and
 * DST are its business), by feature. Buckets without use are absent. At most 1,000 buckets.
 */
export async function usageSeries(tx: Tx, userId: UserId, edges: readonly Date[]): Promise<UsageRow[]> {
  const rows = await tx.call<Row>("UsageSeries", userId, edges.map(sqlTime));
  return rows.map((row) => ({
    bucket: integer(row, "bucket"),
    feature: optionalText(row, "feature"),
    consumed: integer(row, "consumed"),
    refunded: integer(row, "refunded"),
    operations: integer(row, "operations"),
  }));
}

/** The months of yearly memberships, newest first, at most 36. */
export async function yearlyMonths(reader: Reader, userId: UserId): Promise<YearlyMonthView[]> {
  const rows = await reader.query<Row>(
    "SELECT * FROM yearly_member_credit_list WHERE user_id = ? ORDER BY period_start DESC LIMIT 36",
    [userId],
  );
  return rows.map((row) => ({
    month: integer(row, "month"),
    periodStart: moment(row, "period_start"),
    periodEnd: moment(row, "period_end"),
    amount: integer(row, "amount"),
    status: text(row, "status") as YearlyMonthView["status"],
    givenAmount: optionalInteger(row, "given_amount"),
    transactionId: optionalText(row, "transaction_id"),
  }));
}

function decodeAccount(row: Row): AccountView {
  const tier = optionalText(row, "tier");
  return {
    ...decodeFigures(row),
    allowance:
      tier === null
        ? null
        : {
            tier,
            monthlyCredits: integer(row, "monthly_credits"),
            remaining: integer(row, "allowance_remaining"),
            nextResetAt: optionalMoment(row, "next_reset_at"),
          },
    lowBalanceThreshold: integer(row, "low_threshold"),
    grants: jsonRows(row, "grants").map((grant) => ({
      id: text(grant, "id"),
      kind: text(grant, "kind") as GrantKind,
      amount: integer(grant, "amount"),
      remaining: integer(grant, "remaining"),
      reserved: integer(grant, "reserved"),
      priority: integer(grant, "priority"),
      expiresAt: optionalMoment(grant, "expiresAt"),
      createdAt: moment(grant, "createdAt"),
    })),
    lapseDue: integer(row, "lapse_due") === 1,
    resetDue: integer(row, "reset_due") === 1,
    createdAt: moment(row, "created_at"),
  };
}
