import type { AccountFigures } from "../domain/ledger/account.ts";
import type { Hold } from "../domain/ledger/holds.ts";
import type { AccountStatus, GrantKind, HoldStatus, TransactionType } from "../domain/ledger/terms.ts";
import type { Draw, LedgerRow } from "../domain/ledger/transactions.ts";

/** A row as mysql2 gives it: BIGINT as number or string, DATETIME as Date, JSON as text (MariaDB) or parsed (MySQL). */
export type Row = Readonly<Record<string, unknown>>;

/** `2026-01-31 00:00:00.000`, UTC: what DATETIME(3) columns and JSON_TABLE read on both engines. */
export function sqlTime(at: Date): string {
  return at.toISOString().replace("T", " ").replace("Z", "");
}

export function optionalSqlTime(at: Date | null | undefined): string | null {
  return at === null || at === undefined ? null : sqlTime(at);
}

export function text(row: Row, name: string): string {
  const value = row[name];
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  throw new TypeError(`column ${name} holds no text`);
}

export function optionalText(row: Row, name: string): string | null {
  return row[name] === null || row[name] === undefined ? null : text(row, name);
}

/** A whole number; refuses what a double can't hold exactly, because an amount must never be rounded. */
export function integer(row: Row, name: string): number {
  const value = Number(row[name]);
  if (row[name] === null || !Number.isSafeInteger(value)) throw new TypeError(`column ${name} holds no safe integer`);
  return value;
}

export function optionalInteger(row: Row, name: string): number | null {
  return row[name] === null || row[name] === undefined ? null : integer(row, name);
}

export function moment(row: Row, name: string): Date {
  const value = row[name];
  if (value instanceof Date) return value;
  if (typeof value === "string") return new Date(`${value.replace(" ", "T")}Z`);
  throw new TypeError(`column ${name} holds no moment`);
}

export function optionalMoment(row: Row, name: string): Date | null {
  return row[name] === null || row[name] === undefined ? null : moment(row, name);
}

export function json(row: Row, name: string): unknown {
  const value = row[name];
  return typeof value === "string" ? JSON.parse(value) : (value ?? null);
}

function jsonObject(row: Row, name: string): Readonly<Record<string, unknown>> | null {
  const value = json(row, name);
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : null;
}

export function jsonRows(row: Row, name: string): readonly Row[] {
  const value = json(row, name);
  return Array.isArray(value) ? (value as readonly Row[]) : [];
}

export function decodeDraws(row: Row, name: string): readonly Draw[] {
  return (
    jsonRows(row, name)
      // Grant 0: what a repair could name no grant for. Its metadata tells.
      .filter((draw) => text(draw, "g") !== "0")
      .map((draw) => ({
        grantId: text(draw, "g"),
        kind: text(draw, "k") as GrantKind,
        change: integer(draw, "c"),
        reserved: integer(draw, "r"),
      }))
  );
}

/** Decodes the columns of credit_transactions, each with `prefix` before its name. */
export function decodeLedgerRow(row: Row, prefix = ""): LedgerRow {
  const at = (name: string): string => `${prefix}${name}`;
  return {
    id: text(row, at("id")),
    userId: text(row, at("user_id")),
    version: integer(row, at("version")),
    type: text(row, at("type")) as TransactionType,
    amount: integer(row, at("amount")),
    balanceBefore: integer(row, at("balance_before")),
    balanceAfter: integer(row, at("balance_after")),
    heldChange: integer(row, at("held_change")),
    heldAfter: integer(row, at("held_after")),
    statusAfter: text(row, at("status_after")) as AccountStatus,
    draws: decodeDraws(row, at("draws")),
    reason: text(row, at("reason")),
    feature: optionalText(row, at("feature")),
    metadata: jsonObject(row, at("metadata")),
    actor: text(row, at("actor")),
    relatedTransactionId: optionalText(row, at("related_transaction_id")),
    holdId: optionalText(row, at("hold_id")),
    grantId: optionalText(row, at("grant_id")),
    grantKind: optionalText(row, at("grant_kind")) as GrantKind | null,
    operation: text(row, at("operation")),
    requestKey: optionalText(row, at("request_key")),
    periodStart: optionalMoment(row, at("period_start")),
    traceparent: optionalText(row, at("traceparent")),
    createdAt: moment(row, at("created_at")),
  };
}

/** The ledger row in the answer of a writing procedure: a_* is the account as the row left it, t_* what only the row says. */
export function decodeAnsweredRow(row: Row): LedgerRow {
  const amount = integer(row, "t_amount");
  const balanceAfter = integer(row, "a_balance");
  return decodeLedgerRow(
    {
      ...row,
      t_user_id: row["a_user_id"],
      t_version: row["a_version"],
      t_balance_before: balanceAfter - amount,
      t_balance_after: balanceAfter,
      t_held_after: row["a_held"],
      t_status_after: row["a_status"],
    },
    "t_",
  );
}

/** Columns user_id, version, balance, held, status. */
export function decodeFigures(row: Row, prefix = ""): AccountFigures {
  const balance = integer(row, `${prefix}balance`);
  const held = integer(row, `${prefix}held`);
  return {
    userId: text(row, `${prefix}user_id`),
    version: integer(row, `${prefix}version`),
    balance,
    held,
    available: balance - held,
    status: text(row, `${prefix}status`) as AccountStatus,
  };
}

/** Columns of the view credit_hold_list, each with `prefix`. A hold past its end is `expired` before the sweep came. */
export function decodeHold(row: Row, now: Date, prefix = ""): Hold {
  const stored = text(row, `${prefix}status`) as HoldStatus;
  const expiresAt = moment(row, `${prefix}expires_at`);
  return {
    holdId: text(row, `${prefix}id`),
    userId: text(row, `${prefix}user_id`),
    amount: integer(row, `${prefix}amount`),
    captured: integer(row, `${prefix}captured`),
    status: stored === "open" && expiresAt <= now ? "expired" : stored,
    expiresAt,
    createdAt: moment(row, `${prefix}created_at`),
    endedAt: optionalMoment(row, `${prefix}ended_at`),
    reason: text(row, `${prefix}reason`),
    feature: optionalText(row, `${prefix}feature`),
    actor: text(row, `${prefix}actor`),
    captureTransactionId: optionalText(row, `${prefix}capture_transaction_id`),
  };
}
