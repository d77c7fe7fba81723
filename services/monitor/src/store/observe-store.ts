import { recordInbox } from "@stipend/platform/inbox/inbox";
import type { Database } from "@stipend/platform/mysql/database";
import type { Tx } from "@stipend/platform/mysql/tx";
import type { Range } from "../domain/versions.ts";
import type {
  AccountChange,
  AlertTransaction,
  Episode,
  GapStore,
  KnownAccount,
  Observation,
  ObserveStore,
  ObserveTransaction,
  RecoveryStore,
} from "../usecases/ports.ts";
import { sqlTime, sqlTimeOrNull } from "./alert-rows.ts";
import { alertTransaction } from "./alert-transaction.ts";
import { recordExpectations, recordTallies, recordValues, tallyHistory, tallyMembers } from "./count-store.ts";
import { saveMemberFacts } from "./member-store.ts";

const CONSUMER = "monitor";

/** Watching: inbox, accounts, windows and alerts, each by its procedure. */
export class MysqlObserveStore implements ObserveStore, GapStore, RecoveryStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async observe<T>(work: (tx: ObserveTransaction) => Promise<T>): Promise<T> {
    return await this.#db.transaction((tx) => work(observeTransaction(tx)), { name: "monitor.observe" });
  }

  async alerting<T>(work: (tx: AlertTransaction) => Promise<T>): Promise<T> {
    return await this.#db.transaction((tx) => work(alertTransaction(tx)), { name: "monitor.alert" });
  }

  async gaps(before: Date, limit: number) {
    const rows = await this.#db.query<{ user_id: string; version: number; missing: string | null; gap_since: Date }>(
      "SELECT user_id, version, missing, gap_since FROM account_gaps WHERE gap_since <= ? ORDER BY gap_since LIMIT ?",
      [before, limit],
    );
    return rows.map((row) => ({
      userId: row.user_id,
      version: Number(row.version),
      missing: parseRanges(row.missing),
      since: row.gap_since,
    }));
  }

  async recoverDue(now: Date, limit: number): Promise<number> {
    const rows = await this.#db.call<{ recovered: number }>("RecoverDueAlerts", now, limit);
    return Number(rows[0]?.recovered ?? 0);
  }

  async purgeObservations(recordedBefore: Date, before: Date, limit: number): Promise<number> {
    const rows = await this.#db.call<{ purged: number }>("PurgeObservations", recordedBefore, before.getTime(), limit);
    return Number(rows[0]?.purged ?? 0);
  }

  async purgeHistory(now: Date, factsBefore: Date, logBefore: Date, limit: number): Promise<number> {
    const rows = await this.#db.call<{ purged: number }>("PurgeHistory", now, factsBefore, logBefore, limit);
    return Number(rows[0]?.purged ?? 0);
  }
}

function observeTransaction(tx: Tx): ObserveTransaction {
  return {
    ...alertTransaction(tx),
    unseen: async (eventIds, now) => await recordInbox(tx, CONSUMER, eventIds, now),
    lockAccounts: async (userIds) => await lockAccounts(tx, userIds),
    async saveAccounts(changes) {
      await tx.call("SaveAccounts", changes.map(toSaveItem));
    },
    recordObservations: async (observations, now) => await recordObservations(tx, observations, now),
    recordTallies: async (items, now) => await recordTallies(tx, items, now),
    tallyMembers: async (episode, widthMs, limit) => await tallyMembers(tx, episode, widthMs, limit),
    tallyHistory: async (questions) => await tallyHistory(tx, questions),
    recordValues: async (values, now) => await recordValues(tx, values, now),
    recordExpectations: async (expected, met, now) => await recordExpectations(tx, expected, met, now),
    saveMemberFacts: async (news) => await saveMemberFacts(tx, news),
    async recordTraffic(progress, totals, now) {
      const items = progress.map((each) => ({ ...each, lastEventAt: sqlTime(each.lastEventAt) }));
      await tx.call("RecordTraffic", items, totals, now);
    },
  };
}

async function lockAccounts(tx: Tx, userIds: readonly string[]): Promise<ReadonlyMap<string, KnownAccount>> {
  const rows = await tx.call<{
    user_id: string;
    version: number;
    missing: string | null;
    gap_since: Date | null;
    balance: number;
    membership_version: number;
  }>("LockAccounts", userIds);
  return new Map(
    rows.map((row) => [
      row.user_id,
      {
        userId: row.user_id,
        version: Number(row.version),
        missing: parseRanges(row.missing),
        gapSince: row.gap_since,
        membershipVersion: Number(row.membership_version),
        balance: Number(row.balance),
      },
    ]),
  );
}

async function recordObservations(
  tx: Tx,
  observations: readonly Observation[],
  now: Date,
): Promise<readonly Episode[]> {
  const items = observations.map(({ at, ...rest }) => ({ ...rest, atMs: at.getTime() }));
  const rows = await tx.call<{
    rule: string;
    subject: string;
    first_ms: number;
    last_ms: number;
    events: number;
    amount: number;
  }>("RecordObservations", items, now);
  return rows.map((row) => ({
    rule: row.rule,
    subject: row.subject,
    firstAt: new Date(Number(row.first_ms)),
    lastAt: new Date(Number(row.last_ms)),
    events: Number(row.events),
    amount: Number(row.amount),
  }));
}

function toSaveItem(change: AccountChange): Record<string, unknown> {
  const { credits, membership } = change;
  return {
    userId: change.userId,
    version: change.version,
    missing: change.missing.length === 0 ? null : JSON.stringify(change.missing),
    gapSince: sqlTimeOrNull(change.gapSince),
    credits: credits === null ? null : { ...credits, at: sqlTime(credits.at) },
    membership:
      membership === null
        ? null
        : {
            ...membership,
            periodEnd: sqlTimeOrNull(membership.periodEnd),
            endsAt: sqlTimeOrNull(membership.endsAt),
          },
  };
}

function parseRanges(text: string | null): readonly Range[] {
  return text === null ? [] : (JSON.parse(text) as Range[]);
}
