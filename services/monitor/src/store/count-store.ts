import type { Database } from "@stipend/platform/mysql/database";
import type { Tx } from "@stipend/platform/mysql/tx";
import { parseJson } from "@stipend/platform/mysql/values";
import type { Evidence } from "../domain/alerts.ts";
import type {
  Expectation,
  HistoryQuestion,
  MetExpectation,
  SeenValue,
  SettleStore,
  SettleTransaction,
  TallyEpisode,
  TallyItem,
} from "../usecases/ports.ts";
import { sqlTime } from "./alert-rows.ts";
import { alertTransaction } from "./alert-transaction.ts";

/** Steps and expectations that only time completes. */
export class MysqlSettleStore implements SettleStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async settling<T>(work: (tx: SettleTransaction) => Promise<T>): Promise<T> {
    return await this.#db.transaction((tx) => work(settleTransaction(tx)), { name: "monitor.settle" });
  }
}

function settleTransaction(tx: Tx): SettleTransaction {
  return {
    ...alertTransaction(tx),
    async settleTallies(rules, now, limit) {
      const rows = await tx.call<Omit<TallyRow, "first_ms" | "last_ms"> & { bucket_ms: number }>(
        "SettleTallies",
        rules,
        now,
        limit,
      );
      return rows.map((row) => toEpisode({ ...row, first_ms: row.bucket_ms, last_ms: row.bucket_ms }));
    },
    async markedWithOthers(rule, windows, { percent, accounts }) {
      const items = windows.map((window, ordinal) => ({ ...window, ordinal }));
      const rows = await tx.call<{ ordinal: number; marked: number }>("TallyCrowd", rule, items, percent, accounts);
      const byOrdinal = new Map(rows.map((row) => [Number(row.ordinal), Number(row.marked)]));
      return windows.map((_, ordinal) => byOrdinal.get(ordinal) ?? 0);
    },
    async missExpectations(now, limit) {
      const rows = await tx.call<{
        rule: string;
        expectation_key: string;
        user_id: string | null;
        at: Date;
        evidence: unknown;
      }>("MissExpectations", now, limit);
      return rows.map((row) => ({
        rule: row.rule,
        key: row.expectation_key,
        userId: row.user_id,
        at: row.at,
        evidence: (parseJson(row.evidence) ?? {}) as Evidence,
      }));
    },
  };
}

interface TallyRow {
  readonly rule: string;
  readonly subject: string;
  readonly first_ms: number;
  readonly last_ms: number;
  readonly events: number;
  readonly amount: number;
  readonly members?: number;
  readonly marked?: number;
}

function toEpisode(row: TallyRow): TallyEpisode {
  return {
    rule: row.rule,
    subject: row.subject,
    firstAt: new Date(Number(row.first_ms)),
    lastAt: new Date(Number(row.last_ms)),
    events: Number(row.events),
    amount: Number(row.amount),
    members: Number(row.members ?? 1),
    who: [],
    marked: Number(row.marked ?? 0),
  };
}

export async function recordTallies(tx: Tx, items: readonly TallyItem[], now: Date): Promise<TallyEpisode[]> {
  return (await tx.call<TallyRow>("RecordTallies", items, now)).map(toEpisode);
}

export async function tallyMembers(
  tx: Tx,
  { rule, subject, firstAt, lastAt }: TallyEpisode,
  widthMs: number,
  limit: number,
): Promise<readonly string[]> {
  const rows = await tx.query<{ member: string }>(
    `SELECT member, SUM(events) AS events FROM tally_members
     WHERE rule = ? AND subject = ? AND bucket_ms > ? AND bucket_ms <= ?
     GROUP BY member ORDER BY events DESC, member LIMIT ?`,
    [rule, subject, firstAt.getTime() - widthMs, lastAt.getTime(), limit],
  );
  return rows.map((row) => row.member);
}

export async function tallyHistory(tx: Tx, questions: readonly HistoryQuestion[]) {
  const items = questions.map((question, ordinal) => ({ ...question, ordinal }));
  const rows = await tx.call<{ ordinal: number; events: number; amount: number }>("TallyHistory", items);
  const byOrdinal = new Map(rows.map((row) => [Number(row.ordinal), row]));
  return questions.map((_, ordinal) => {
    const row = byOrdinal.get(ordinal);
    return { events: Number(row?.events ?? 0), amount: Number(row?.amount ?? 0) };
  });
}

export async function recordValues(tx: Tx, values: readonly SeenValue[], now: Date) {
  const items = values.map(({ rule, subject, facet, value, firstAt, lastAt, learnMs }) => ({
    rule,
    subject,
    facet,
    value,
    firstAt: sqlTime(firstAt),
    lastAt: sqlTime(lastAt),
    learnMs,
  }));
  const rows = await tx.call<{ rule: string; subject: string; facet: string; value: string; first_at: Date }>(
    "RecordValues",
    items,
    now,
  );
  return rows.map(({ first_at: firstAt, ...rest }) => ({ ...rest, firstAt }));
}

export async function recordExpectations(
  tx: Tx,
  expected: readonly Expectation[],
  met: readonly MetExpectation[],
  now: Date,
) {
  const rows = await tx.call<{ rule: string; expectation_key: string }>(
    "RecordExpectations",
    expected.map(({ at, dueAt, evidence, ...rest }) => ({
      ...rest,
      at: sqlTime(at),
      dueAt: sqlTime(dueAt),
      evidence: JSON.stringify(evidence),
    })),
    met.map(({ at, ...rest }) => ({ ...rest, at: sqlTime(at) })),
    now,
  );
  return rows.map((row) => ({ rule: row.rule, key: row.expectation_key }));
}
