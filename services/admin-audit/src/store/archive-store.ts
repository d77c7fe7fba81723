import type { Database } from "@stipend/platform/mysql/database";
import { type ChainHead, link } from "@stipend/proto/audit/chain";
import type { AuditRecord, AuditRow } from "@stipend/proto/audit/row";
import type { ArchivableLog } from "../usecases/archive-months.ts";
import { AuditStore, chainTransaction } from "./audit-store.ts";

/** Rows of one DELETE: short locks, and little to undo when it is cut off. */
const DROP_ROWS = 5_000;

/** The log in the hands of its schema's owner. The service's own user may do none of this. */
export class ArchiveStore implements ArchivableLog {
  readonly #db: Database;
  readonly #log: AuditStore;

  constructor(ownerDb: Database) {
    this.#db = ownerDb;
    this.#log = new AuditStore(ownerDb);
  }

  /** Runs work as the only one of its kind on this schema; null when another one is at it. */
  async alone<T>(work: () => Promise<T>): Promise<T | null> {
    const connection = await this.#db.dedicated();
    try {
      const [lock] = await connection.query<{ got: unknown }>(
        "SELECT GET_LOCK(CONCAT('stipend:archive:', LEFT(SHA2(DATABASE(), 256), 40)), 0) AS got",
      );
      return Number(lock?.got) === 1 ? await work() : null;
    } finally {
      connection.close();
    }
  }

  archivedUpTo(): Promise<ChainHead | null> {
    return this.#log.archivedUpTo();
  }

  rows(after: number, upTo: number): AsyncIterable<AuditRow> {
    return this.#log.rows(after, upTo);
  }

  async firstAfter(seq: number): Promise<AuditRow | null> {
    for await (const row of this.#log.rows(seq, seq + 1)) return row;
    return null;
  }

  async lastBefore(after: number, end: Date): Promise<number> {
    const [found] = await this.#db.query<{ last: unknown }>(
      `SELECT COALESCE((SELECT MIN(seq) - 1 FROM admin_operation_logs WHERE seq > ? AND recorded_at >= ?),
                       (SELECT MAX(seq) FROM admin_operation_logs)) AS last`,
      [after, end],
    );
    return Number(found?.last ?? after);
  }

  async recordCut(record: AuditRecord, cut: ChainHead, file: string, now: Date): Promise<void> {
    await this.#db.transaction(async (tx) => {
      const chain = chainTransaction(tx);
      const { head, known } = await chain.lock([record.actionId]);
      if (known.has(record.actionId)) return;
      await chain.append(link(head, [record], now), now);
      await tx.query("INSERT INTO audit_archive_cuts (seq, hash, file, recorded_at) VALUES (?, ?, ?, ?)", [
        cut.seq,
        cut.hash,
        file,
        now,
      ]);
    });
  }

  async dropUpTo(seq: number): Promise<number> {
    return await this.#db.transaction(async (tx) => {
      await tx.query("DELETE FROM admin_operation_logs WHERE seq <= ? ORDER BY seq LIMIT ?", [seq, DROP_ROWS]);
      const [count] = await tx.query<{ dropped: unknown }>("SELECT ROW_COUNT() AS dropped");
      return Number(count?.dropped ?? 0);
    });
  }
}
