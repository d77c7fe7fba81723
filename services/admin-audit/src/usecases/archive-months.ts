import { ARCHIVE_ACTION, ARCHIVE_SERVICE, type ArchiveRecord } from "@stipend/proto/audit/archive";
import { type ChainHead, GENESIS } from "@stipend/proto/audit/chain";
import type { AuditRecord, AuditRow } from "@stipend/proto/audit/row";
import { ChainVerifier } from "@stipend/proto/audit/verify";
import { endOf, type Month, monthOf } from "../domain/months.ts";

/** The log as its schema's owner sees it. */
export interface ArchivableLog {
  /** The last row that was archived; null: nothing ever was. */
  archivedUpTo(): Promise<ChainHead | null>;
  /** The first row behind a position; null: there is none. */
  firstAfter(seq: number): Promise<AuditRow | null>;
  /** Position of the last row before the first one recorded at or after `end`, among those behind `after`. */
  lastBefore(after: number, end: Date): Promise<number>;
  rows(after: number, upTo: number): AsyncIterable<AuditRow>;
  /** The record in the chain and the cut, in one transaction. A record of this id that is there already changes nothing. */
  recordCut(record: AuditRecord, cut: ChainHead, file: string, now: Date): Promise<void>;
  /** Deletes rows up to a recorded cut, a bounded number. Answers how many; 0: none is left. */
  dropUpTo(seq: number): Promise<number>;
}

/** Where the archive's files are. */
export interface ArchiveFiles {
  /** Writes all rows under this name or nothing; a finished file of the name is left as it is. */
  write(name: string, rows: AsyncIterable<AuditRow>): Promise<void>;
  /** The rows of a finished file; null is a line that can't be read as one. */
  read(name: string): AsyncIterable<AuditRow | null>;
  /** SHA-256 of the file's bytes, hexadecimal. */
  digest(name: string): Promise<string>;
}

export interface ArchiveCommand {
  /** Months before this one are archived. */
  readonly before: Month;
  readonly actor: string;
  readonly reason: string;
}

export interface ArchivePorts {
  readonly log: ArchivableLog;
  readonly files: ArchiveFiles;
  readonly now: () => Date;
}

/** The rows to be archived do not prove themselves: nothing was recorded or dropped. */
export class ArchiveRefused extends Error {
  constructor(file: string, detail: string) {
    super(`${file} does not prove itself: ${detail}. Nothing was recorded or dropped`);
    this.name = "ArchiveRefused";
  }
}

/**
 * Moves the oldest month of the log into a file, if it is before the month named, and drops it from the table.
 *
 * The order makes it safe to die anywhere and be started again: the file is finished and was read back and proved
 * before the chain says that it exists, and the chain says so before a row goes. What a dead run left undropped goes first.
 *
 * @returns null: nothing is left to archive.
 * @throws ArchiveRefused.
 */
export async function archiveMonth(ports: ArchivePorts, command: ArchiveCommand): Promise<ArchiveRecord | null> {
  const { log, files } = ports;
  const cut = (await log.archivedUpTo()) ?? GENESIS;
  await dropAll(log, cut.seq);
  const first = await log.firstAfter(cut.seq);
  if (first === null || monthOf(first.recordedAt) >= command.before) return null;

  const month = monthOf(first.recordedAt);
  const fromSeq = cut.seq + 1;
  const toSeq = await log.lastBefore(cut.seq, endOf(month));
  const file = `audit-${month}-${fromSeq}-${toSeq}.jsonl.gz`;
  await files.write(file, log.rows(cut.seq, toSeq));
  const end = await prove(files, file, cut, toSeq);
  const sha256 = await files.digest(file);
  const record: ArchiveRecord = { month, fromSeq, toSeq, hash: end.hash, rows: toSeq - cut.seq, file, sha256 };

  await log.recordCut(auditRecord(record, command, ports.now()), end, file, ports.now());
  await dropAll(log, toSeq);
  return record;
}

/** The file, not the table, is what will be left: it is what has to fit. */
async function prove(files: ArchiveFiles, file: string, cut: ChainHead, toSeq: number): Promise<ChainHead> {
  const verifier = new ChainVerifier([], cut, true);
  for await (const row of files.read(file)) {
    if (row === null) throw new ArchiveRefused(file, `line ${verifier.checked + 1} is no row`);
    verifier.add(row);
  }
  const bad = verifier.finish();
  if (bad !== null) throw new ArchiveRefused(file, `row ${bad.seq}: ${bad.detail}`);
  if (verifier.last.seq !== toSeq) throw new ArchiveRefused(file, `it ends at row ${verifier.last.seq}, not ${toSeq}`);
  return verifier.last;
}

async function dropAll(log: ArchivableLog, seq: number): Promise<void> {
  if (seq === 0) return;
  while ((await log.dropUpTo(seq)) > 0);
}

/** One id for each cut: a run that died after it was recorded records nothing new. */
function auditRecord(record: ArchiveRecord, { actor, reason }: ArchiveCommand, now: Date): AuditRecord {
  return {
    actionId: `archive-${record.toSeq}`,
    service: ARCHIVE_SERVICE,
    actor,
    roles: ["operator"],
    action: ARCHIVE_ACTION,
    target: record.month,
    outcome: "succeeded",
    reason,
    before: null,
    after: JSON.stringify(record),
    ip: "",
    userAgent: "",
    requestId: "",
    traceId: "",
    occurredAt: now,
  };
}
