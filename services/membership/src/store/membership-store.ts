import { recordInbox } from "@stipend/platform/inbox/inbox";
import type { Database } from "@stipend/platform/mysql/database";
import type { Tx } from "@stipend/platform/mysql/tx";
import { parseJson } from "@stipend/platform/mysql/values";
import type { Member, Tier } from "../domain/membership.ts";
import { type SeenUser, searchTerms } from "../domain/people.ts";
import type {
  AnsweredRequest,
  BalanceRepair,
  Change,
  ChangeStep,
  HistoryEntry,
  KeyedRequest,
  MembershipStore,
  MembershipTx,
  NewRevocation,
  Revocation,
  TierChange,
  ToldBalance,
  UserQuery,
  UserStatus,
  ViewRepairOutcome,
} from "../usecases/ports.ts";
import type { MembershipView } from "../usecases/view.ts";
import { readHistory } from "./history.ts";
import { changeItem, tierItem } from "./items.ts";
import { revocationsAfter, revocationsBefore, revokeTokens } from "./revocations.ts";
import { type MembershipRow, memberOf, type TierRow, tierOf } from "./rows.ts";
import { checkUsers, findUser, listUsers } from "./user-status.ts";

const PROCEDURES: Record<ChangeStep, string> = {
  set: "SetMembership",
  cancel: "CancelMembership",
  resume: "ResumeMembership",
  end: "EndMembership",
  renew: "RenewMemberships",
  expire: "ExpireMemberships",
};

const MEMBER = "SELECT * FROM membership_current WHERE user_id = ?";
const TIERS = "SELECT * FROM membership_tier_list ORDER BY tier_rank, tier";

interface OutcomeRow {
  readonly user_id: string;
  readonly outcome: string;
  readonly version: number | null;
}

interface RequestRow {
  readonly user_id: string;
  readonly request_hash: string;
  readonly response: unknown;
}

/** The procedures and views of this schema, typed. */
export class MysqlMembershipStore implements MembershipStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  transaction<T>(name: string, work: (tx: MembershipTx) => Promise<T>): Promise<T> {
    return this.#db.transaction((tx) => work(new MysqlMembershipTx(tx)), { name });
  }

  async findMember(userId: string): Promise<Member | undefined> {
    const [row] = await this.#db.query<MembershipRow>(MEMBER, [userId]);
    return row === undefined ? undefined : memberOf(row);
  }

  async tiers(): Promise<Tier[]> {
    return tiersOf(await this.#db.query<TierRow>(TIERS));
  }

  findUser(userId: string): Promise<UserStatus | undefined> {
    return findUser(this.#db, userId);
  }

  listUsers(query: UserQuery): Promise<UserStatus[]> {
    return listUsers(this.#db, query);
  }

  checkUsers(userIds: readonly string[]): Promise<UserStatus[]> {
    return checkUsers(this.#db, userIds);
  }

  history(query: { userId: string; before?: number; limit: number }): Promise<HistoryEntry[]> {
    return readHistory(this.#db, query);
  }

  revocationsAfter(after: number, limit: number): Promise<{ head: number; data: Revocation[] }> {
    return revocationsAfter(this.#db, after, limit);
  }

  revocationsBefore(query: Parameters<MembershipStore["revocationsBefore"]>[0]): Promise<Revocation[]> {
    return revocationsBefore(this.#db, query);
  }
}

class MysqlMembershipTx implements MembershipTx {
  readonly #tx: Tx;

  constructor(tx: Tx) {
    this.#tx = tx;
  }

  async seeUsers(users: readonly SeenUser[], now: Date): Promise<void> {
    const items = [...users].sort(byUserId).map((user) => ({ ...user, terms: searchTerms(user) }));
    await this.#tx.call("SeeUsers", items, now);
  }

  async lock(userIds: readonly string[]): Promise<Member[]> {
    const rows = await this.#tx.call<MembershipRow>("LockMemberships", [...new Set(userIds)].sort(byBytes));
    return rows.map(memberOf);
  }

  async claimDue(now: Date, limit: number): Promise<Member[]> {
    return (await this.#tx.call<MembershipRow>("ClaimDueMemberships", now, limit)).map(memberOf);
  }

  async findRequests(asked: ReadonlyMap<string, KeyedRequest>): Promise<Map<string, AnsweredRequest>> {
    if (asked.size === 0) return new Map();
    const items = [...asked].map(([userId, { operation, key }]) => ({ userId, operation, key }));
    const rows = await this.#tx.call<RequestRow>("FindMembershipRequests", items);
    return new Map(
      rows.map((row) => [row.user_id, { hash: row.request_hash, response: parseJson(row.response) as MembershipView }]),
    );
  }

  async tiers(): Promise<Tier[]> {
    return tiersOf(await this.#tx.query<TierRow>(TIERS));
  }

  async apply(step: ChangeStep, changes: readonly Change[], now: Date): Promise<void> {
    const rows = await this.#tx.call<OutcomeRow>(
      PROCEDURES[step],
      changes.map((change) => changeItem(step, change)),
      now,
    );
    const wrong = changes.flatMap((change, index) => {
      const outcome = rows[index]?.outcome ?? "no row";
      const wanted = change.change === "unchanged" ? "unchanged" : "changed";
      return outcome === wanted ? [] : [`${change.userId} ${change.change}: ${outcome}`];
    });
    // Rules and procedures judge the same locked row: if they disagree, one of them is wrong. Nothing is kept then.
    if (wrong.length > 0)
      throw new Error(`${PROCEDURES[step]} disagrees with the rules: ${wrong.slice(0, 5).join("; ")}`);
  }

  async setTier(change: TierChange, now: Date): Promise<boolean> {
    const [row] = await this.#tx.call<OutcomeRow>("SetTier", [tierItem(change)], now);
    return row?.outcome === "changed";
  }

  revokeTokens(
    revocation: NewRevocation,
    bounds: Parameters<MembershipTx["revokeTokens"]>[1],
  ): Promise<Revocation | undefined> {
    return revokeTokens(this.#tx, revocation, bounds);
  }

  async remind(
    days: readonly number[],
    runId: string,
    limit: number,
    now: Date,
  ): Promise<{ recorded: number; sent: number }> {
    const [row] = await this.#tx.call<{ recorded: number; sent: number }>("RemindExpiring", days, runId, limit, now);
    return { recorded: Number(row?.recorded ?? 0), sent: Number(row?.sent ?? 0) };
  }

  async applyBalances(balances: readonly ToldBalance[], now: Date): Promise<string[]> {
    const unknown = await this.#tx.call<{ user_id: string }>("ApplyBalances", balances, now);
    return unknown.map((row) => row.user_id);
  }

  async repairBalance({ balance, seen, reason, asker, now }: BalanceRepair): Promise<ViewRepairOutcome> {
    const { admin, actor, traceparent } = asker;
    const item = { ...balance, seen, reason, admin: { ...admin, actor }, traceparent };
    const [row] = await this.#tx.call<{ outcome: ViewRepairOutcome }>("RepairBalances", [item], now);
    return row?.outcome ?? "unknown_user";
  }

  unseenEvents(consumer: string, eventIds: readonly string[], now: Date): Promise<Set<string>> {
    return recordInbox(this.#tx, consumer, eventIds, now);
  }
}

function tiersOf(rows: readonly TierRow[]): Tier[] {
  return rows.map((row) => tierOf(row, parseJson(row.features) as string[]));
}

function byUserId(a: SeenUser, b: SeenUser): number {
  return byBytes(a.userId, b.userId);
}

/** User ids are ASCII: the order of JavaScript strings is the order of the bytes, which is the order of the locks. */
function byBytes(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
