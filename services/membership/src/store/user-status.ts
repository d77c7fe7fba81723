import type { Database } from "@stipend/platform/mysql/database";
import { fold } from "../domain/people.ts";
import type { UserQuery, UserStatus } from "../usecases/ports.ts";
import { type MembershipRow, membershipOf } from "./rows.ts";

/** All that reading needs. */
export type Queries = Pick<Database, "query">;

interface StatusRow extends MembershipRow {
  readonly user_no: number;
  readonly email: string | null;
  readonly name: string | null;
  readonly first_seen_at: Date;
  readonly balance: number;
  readonly held: number;
  readonly balance_version: number;
  readonly account_status: "active" | "frozen";
  readonly term?: string;
}

const COLUMNS = `s.user_id, s.user_no, s.email, s.name, s.first_seen_at, s.membership_version, s.membership_id, s.status,
  s.cycle, s.last_tier AS tier, s.agreed_credits AS monthly_credits, s.tier_rank, s.anchor, s.first_period,
  s.rollover_cap, s.on_expiry, s.pending_tier, s.pending_monthly_credits, s.pending_tier_rank, s.pending_anchor,
  s.pending_first_period, s.pending_rollover_cap, s.pending_on_expiry, s.pending_cycle, s.started_at, s.period_start,
  s.period_end, s.expires_at, s.cancel_at_period_end, s.ended_at, s.balance, s.held, s.balance_version,
  s.account_status`;

function statusOf(row: StatusRow): UserStatus {
  return {
    userId: row.user_id,
    userNo: Number(row.user_no),
    email: row.email,
    name: row.name,
    firstSeenAt: row.first_seen_at,
    membershipVersion: Number(row.membership_version),
    membership: membershipOf(row),
    balance: Number(row.balance),
    held: Number(row.held),
    balanceVersion: Number(row.balance_version),
    accountStatus: row.account_status,
    ...(row.term === undefined ? {} : { term: row.term }),
  };
}

export async function findUser(db: Queries, userId: string): Promise<UserStatus | undefined> {
  const [row] = await db.query<StatusRow>(`SELECT ${COLUMNS} FROM user_membership_status s WHERE s.user_id = ?`, [
    userId,
  ]);
  return row === undefined ? undefined : statusOf(row);
}

/** Up to 500 named users; the unknown ones are absent. */
export async function checkUsers(db: Queries, userIds: readonly string[]): Promise<UserStatus[]> {
  if (userIds.length === 0) return [];
  const marks = userIds.map(() => "?").join(",");
  const sql = `SELECT ${COLUMNS} FROM user_membership_status s WHERE s.user_id IN (${marks}) ORDER BY s.user_id`;
  return (await db.query<StatusRow>(sql, userIds)).map(statusOf);
}

/** One page. The statement is made for the filters that are there, so that each can use the index made for it. */
export async function listUsers(db: Queries, query: UserQuery): Promise<UserStatus[]> {
  const rows = async ({ sql, params }: Statement) => (await db.query<StatusRow>(sql, params)).map(statusOf);
  if (query.query !== undefined) return rows(byTerm(query, query.query));
  // Only an active membership has an end to come.
  if (isEnding(query) && (query.status ?? "active") !== "active") return [];
  const ranged = query.balanceMin !== undefined || query.balanceMax !== undefined;
  if (ranged && (await isSparse(db, balances(query)))) return rows(byBalance(query));
  if (isEnding(query) && (await isSparse(db, ends(query)))) return rows(byEnd(query));
  if (query.after === undefined) return rows(newestFirst(query));
  for (const reach of REACHES) {
    const found = await rows(newestFirst(query, reach));
    if (found.length === query.limit) return found;
  }
  return rows(newestFirst(query));
}

/**
 * How many users back a deep page is looked for at first. Without a near end the optimiser takes all members of a status
 * for one range and walks it from the newest, through everything that was on the pages before.
 */
const REACHES = [5_000, 100_000];

/** A range of balances or ends with at most this many users is read by its index and sorted; one with more is dense enough. */
const SPARSE = 5_000;

/** The optimiser would walk all users, newest first, in the hope of a page's worth soon: right only for dense ranges. */
async function isSparse(db: Queries, { sql: range, params }: Statement): Promise<boolean> {
  const sql = `SELECT COUNT(*) AS n FROM (SELECT 1 FROM ${range} LIMIT ?) found`;
  const [row] = await db.query<{ n: number }>(sql, [...params, SPARSE + 1]);
  return Number(row?.n ?? 0) <= SPARSE;
}

function balances(query: UserQuery): Statement {
  const where = new Where();
  balanceRange(where, "b.balance", query);
  return { sql: `member_balance_list b ${where.sql}`, params: where.params };
}

function ends(query: UserQuery): Statement {
  const where = new Where();
  endRange(where, "e.ends_at", query);
  return { sql: `membership_end_list e ${where.sql}`, params: where.params };
}

interface Statement {
  readonly sql: string;
  readonly params: readonly unknown[];
}

/** Conditions with their parameters, in the order of their question marks. */
class Where {
  readonly #conditions: string[] = [];
  readonly params: unknown[] = [];

  and(condition: string, ...params: readonly unknown[]): void {
    this.#conditions.push(condition);
    this.params.push(...params);
  }

  get sql(): string {
    return this.#conditions.length === 0 ? "" : `WHERE ${this.#conditions.join(" AND ")}`;
  }
}

function newestFirst(query: UserQuery, reach?: number): Statement {
  const where = new Where();
  const status = query.status ?? (isEnding(query) ? "active" : undefined);
  filters(where, { ...query, ...(status === undefined ? {} : { status }) });
  // Not bare columns: the optimiser would read the whole range by its index and sort it, to show one page.
  balanceRange(where, "s.balance + 0", query);
  endRange(where, "s.ends_at + INTERVAL 0 SECOND", query);
  // Among members, the index by status and tier is ordered by the copy of user_no that memberships carry.
  const order = query.tier !== undefined || isMember(status) ? "s.membership_user_no" : "s.user_no";
  if (query.after !== undefined) where.and(`${order} < ?`, query.after.userNo);
  if (query.after !== undefined && reach !== undefined) where.and(`${order} >= ?`, query.after.userNo - reach);
  const sql = `SELECT ${COLUMNS} FROM user_membership_status s ${where.sql} ORDER BY ${order} DESC LIMIT ?`;
  return { sql, params: [...where.params, query.limit] };
}

function byBalance(query: UserQuery): Statement {
  const where = new Where();
  balanceRange(where, "r.balance", query);
  endRange(where, "s.ends_at", query);
  return byRange("member_balance_list", where, query);
}

function byEnd(query: UserQuery): Statement {
  const where = new Where();
  endRange(where, "r.ends_at", query);
  if (query.tier !== undefined) where.and("r.tier = ?", query.tier);
  balanceRange(where, "s.balance", query);
  return byRange("membership_end_list", where, query);
}

/** The few users of a range, sorted before anything is joined to them. */
function byRange(range: string, where: Where, query: UserQuery): Statement {
  filters(where, query);
  if (query.after !== undefined) where.and("r.user_no < ?", query.after.userNo);
  const sql = `SELECT STRAIGHT_JOIN ${COLUMNS} FROM ${range} r
    JOIN user_membership_status s ON s.user_id = r.user_id ${where.sql} ORDER BY r.user_no DESC LIMIT ?`;
  return { sql, params: [...where.params, query.limit] };
}

/** Users found by the beginning of a word, in the order of the words; a user found by several comes once, by the first. */
function byTerm(query: UserQuery, text: string): Statement {
  const prefix = `${fold(text).replaceAll(/[\\%_]/g, (sign) => `\\${sign}`)}%`;
  const where = new Where();
  where.and("t.term LIKE ?", prefix);
  where.and(
    `NOT EXISTS (SELECT 1 FROM user_term_list e WHERE e.user_no = t.user_no AND e.term LIKE ?
       AND (e.term < t.term OR (e.term = t.term AND e.source < t.source)))`,
    prefix,
  );
  if (query.after?.term !== undefined) {
    where.and("(t.term > ? OR (t.term = ? AND t.user_no > ?))", query.after.term, query.after.term, query.after.userNo);
    // The same once more as a plain range: the optimiser starts there instead of at the first word.
    where.and("t.term >= ?", query.after.term);
  }
  filters(where, query);
  balanceRange(where, "s.balance", query);
  endRange(where, "s.ends_at", query);
  const sql = `SELECT STRAIGHT_JOIN ${COLUMNS}, t.term FROM user_term_list t
    JOIN user_membership_status s ON s.user_no = t.user_no ${where.sql}
    ORDER BY t.term, t.user_no LIMIT ?`;
  return { sql, params: [...where.params, query.limit] };
}

function filters(where: Where, query: UserQuery): void {
  if (query.status === "none") where.and("s.membership_status IS NULL");
  else if (query.status !== undefined) where.and("s.membership_status = ?", query.status);
  if (query.tier !== undefined) {
    where.and("s.membership_tier = ?", query.tier);
    if (query.status === undefined) where.and("s.membership_status = 'active'");
  }
}

function isEnding(query: UserQuery): boolean {
  return query.endsFrom !== undefined || query.endsTo !== undefined;
}

function endRange(where: Where, column: string, query: UserQuery): void {
  if (query.endsFrom !== undefined) where.and(`${column} >= ?`, query.endsFrom);
  if (query.endsTo !== undefined) where.and(`${column} < ?`, query.endsTo);
}

function balanceRange(where: Where, column: string, query: UserQuery): void {
  if (query.balanceMin !== undefined) where.and(`${column} >= ?`, query.balanceMin);
  if (query.balanceMax !== undefined) where.and(`${column} <= ?`, query.balanceMax);
}

function isMember(status: UserQuery["status"]): boolean {
  return status !== undefined && status !== "none";
}
