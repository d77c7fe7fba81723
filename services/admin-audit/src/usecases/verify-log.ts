import type { AuditRow } from "../domain/audit-row.ts";
import type { ChainHead } from "../domain/chain.ts";
import { type ChainBreak, ChainVerifier, type KnownHead } from "../domain/verify.ts";

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
  /** Every row in order of position, as one consistent read. */
  rows(): AsyncIterable<AuditRow>;
}

export interface Verification {
  readonly valid: boolean;
  readonly checked: number;
  readonly firstBad: ChainBreak | null;
  readonly head: ChainHead;
  readonly anchors: readonly KnownHead[];
}

const HEAD_TABLE = "the table audit_chain_head";

/**
 * Reads the whole log once, in constant memory, while it goes on growing.
 *
 * @throws AnchorUnavailable.
 *
 * The heads are read before the rows, so every row they name must be among the rows; the table's head is read once
 * more after them, so no row may stand behind it.
 */
export async function verifyLog(reader: ChainReader, anchors: readonly HeadAnchor[]): Promise<Verification> {
  const heads: KnownHead[] = [];
  for (const anchor of anchors) {
    const head = await anchor.latest().catch((cause: unknown) => {
      throw new AnchorUnavailable(anchor.source, cause);
    });
    if (head !== null) heads.push({ ...head, source: anchor.source });
  }
  heads.push({ ...(await reader.head()), source: HEAD_TABLE });
  const verifier = new ChainVerifier(heads);
  for await (const row of reader.rows()) verifier.add(row);
  const firstBad = verifier.finish({ ...(await reader.head()), source: HEAD_TABLE });
  return { valid: firstBad === null, checked: verifier.checked, firstBad, head: verifier.last, anchors: heads };
}
