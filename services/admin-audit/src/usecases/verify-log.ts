import { type ChainHead, GENESIS } from "@stipend/proto/audit/chain";
import type { AuditRow } from "@stipend/proto/audit/row";
import { type ChainBreak, ChainVerifier, type KnownHead } from "@stipend/proto/audit/verify";

/** Where heads are kept outside the log's table. */
export interface HeadAnchor {
  /** For people: "the Kafka topic stipend.audit.v1". */
  readonly source: string;
  /** The furthest head anchored; null: nothing was ever anchored here. Rejects when the place cannot be read. */
  latest(): Promise<ChainHead | null>;
}

/** An anchor that is configured but cannot be read: without it the end of the log cannot be proved. */
export class AnchorUnavailable extends Error {
  constructor(source: string, cause: unknown) {
    super(`${source} cannot be read`, { cause });
    this.name = "AnchorUnavailable";
  }
}

export interface ChainReader {
  /** The head as the appends left it. */
  head(): Promise<ChainHead>;
  /** The last row that was archived; what is before it may be gone. Null: nothing ever was. */
  archivedUpTo(): Promise<ChainHead | null>;
  /** Every row behind a position, in order, as one consistent read. */
  rows(after: number): AsyncIterable<AuditRow>;
}

export interface Verification {
  readonly valid: boolean;
  readonly checked: number;
  readonly firstBad: ChainBreak | null;
  readonly archivedUpTo: ChainHead | null;
  readonly head: ChainHead;
  readonly anchors: readonly KnownHead[];
}

const HEAD_TABLE = "the table audit_chain_head";

/**
 * Reads the whole log once, in constant memory, while it goes on growing.
 *
 * @param signal aborted when nobody waits for the answer any more.
 * @throws AnchorUnavailable; the signal's reason.
 *
 * The heads are read before the rows, so every row they name must be among the rows; the table's head is read once
 * more after them, so no row may stand behind it.
 */
export async function verifyLog(
  reader: ChainReader,
  anchors: readonly HeadAnchor[],
  signal?: AbortSignal,
): Promise<Verification> {
  const heads: KnownHead[] = [];
  for (const anchor of anchors) {
    const head = await anchor.latest().catch((cause: unknown) => {
      throw new AnchorUnavailable(anchor.source, cause);
    });
    if (head !== null) heads.push({ ...head, source: anchor.source });
  }
  heads.push({ ...(await reader.head()), source: HEAD_TABLE });
  const cut = await reader.archivedUpTo();
  const verifier = new ChainVerifier(heads, cut ?? GENESIS);
  for await (const row of reader.rows(cut?.seq ?? 0)) {
    signal?.throwIfAborted();
    verifier.add(row);
  }
  const firstBad = verifier.finish({ ...(await reader.head()), source: HEAD_TABLE });
  const { checked, last } = verifier;
  return { valid: firstBad === null, checked, firstBad, archivedUpTo: cut, head: last, anchors: heads };
}
