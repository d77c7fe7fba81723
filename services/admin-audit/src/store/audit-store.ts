import { recordInbox } from "@stipend/platform/inbox/inbox";
import type { Database } from "@stipend/platform/mysql/database";
import type { Tx } from "@stipend/platform/mysql/tx";
import type { ChainHead } from "@stipend/proto/audit/chain";
import type { AuditRow } from "@stipend/proto/audit/row";
import type { ChainTransaction, ChainWriter } from "../usecases/record-actions.ts";
import type { AuditFilter, LogReader } from "../usecases/search-log.ts";
import type { ChainReader } from "../usecases/verify-log.ts";
import { type EntryRow, toAppendItem, toAuditRow } from "./entry-row.ts";
import { whereOf } from "./where.ts";

const CONSUMER = "admin-audit";

/** One CALL takes at most so many characters of rows: well below the 16 MiB an engine's packet may have. */
const MAX_CALL_CHARACTERS = 2_000_000;

/** An hour: a long log that somebody downloads slowly. */
const MAX_STREAM_MS = 3_600_000;

const COLUMNS = `seq, action_id, service, actor, roles_json, action, target, outcome, reason, before_json, after_json,
  ip, user_agent, request_id, trace_id, occurred_at, recorded_at, prev_hash, hash`;

/** The log in MySQL: its procedures and views, and nothing else. */
export class AuditStore implements ChainWriter, ChainReader, LogReader {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async transaction<T>(work: (chain: ChainTransaction) => Promise<T>): Promise<T> {
    return await this.#db.transaction(async (tx) => await work(chainTransaction(tx)));
  }

  async head(): Promise<ChainHead> {
    const rows = await this.#db.query<ChainHead>("SELECT seq, hash FROM audit_chain_state");
    const head = rows[0];
    if (head === undefined) throw new Error("the head of the audit chain is gone");
    return { seq: Number(head.seq), hash: head.hash };
  }

  async archivedUpTo(): Promise<ChainHead | null> {
    const [cut] = await this.#db.query<ChainHead>("SELECT seq, hash FROM audit_archive_cut");
    return cut === undefined ? null : { seq: Number(cut.seq), hash: cut.hash };
  }

  rows(after: number, upTo: number = Number.MAX_SAFE_INTEGER): AsyncIterable<AuditRow> {
    return this.#stream("WHERE seq > ? AND seq <= ?", [after, upTo]);
  }

  stream(filter: AuditFilter): AsyncIterable<AuditRow> {
    const where = whereOf(filter, null);
    return this.#stream(where.sql, where.params);
  }

  async *#stream(where: string, params: readonly unknown[]): AsyncIterable<AuditRow> {
    const sql = `SELECT ${COLUMNS} FROM admin_operation_log_entries ${where} ORDER BY seq`;
    const rows = this.#db.stream(sql, params, { totalTimeoutMs: MAX_STREAM_MS });
    for await (const row of rows) yield toAuditRow(row as unknown as EntryRow);
  }

  async page(filter: AuditFilter, before: number | null, limit: number): Promise<AuditRow[]> {
    const where = whereOf(filter, before);
    const sql = `SELECT ${COLUMNS} FROM admin_operation_log_entries ${where.sql} ORDER BY seq DESC LIMIT ?`;
    const rows = await this.#db.query<EntryRow>(sql, [...where.params, limit]);
    return rows.map(toAuditRow);
  }
}

export function chainTransaction(tx: Tx): ChainTransaction {
  return {
    async lock(actionIds) {
      const sets = await tx.callMulti("LockAuditChain", actionIds);
      const head = (sets[0] as ChainHead[] | undefined)?.[0];
      if (head === undefined) throw new Error("LockAuditChain answered no head");
      const known = (sets[1] as { action_id: string }[] | undefined) ?? [];
      return {
        head: { seq: Number(head.seq), hash: head.hash },
        known: new Set(known.map((row) => row.action_id)),
      };
    },
    async unseen(eventIds, now) {
      return await recordInbox(tx, CONSUMER, [...eventIds], now);
    },
    async append(rows, recordedAt) {
      for (const chunk of chunks(rows)) await tx.call("AppendAuditLog", `[${chunk.join(",")}]`, recordedAt);
    },
  };
}

/** JSON texts of the rows, as many together as one CALL may carry. */
function* chunks(rows: readonly AuditRow[]): Iterable<string[]> {
  let chunk: string[] = [];
  let size = 0;
  for (const row of rows) {
    const text = JSON.stringify(toAppendItem(row));
    if (chunk.length > 0 && size + text.length > MAX_CALL_CHARACTERS) {
      yield chunk;
      chunk = [];
      size = 0;
    }
    chunk.push(text);
    size += text.length;
  }
  if (chunk.length > 0) yield chunk;
}
