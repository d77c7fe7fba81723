import { hash as digest } from "node:crypto";
import type { AuditRecord, AuditRow } from "./row.ts";

/** The last row of the chain: where the next one links to. */
export interface ChainHead {
  readonly seq: number;
  readonly hash: string;
}

/** The head of an empty log. */
export const GENESIS: ChainHead = { seq: 0, hash: "0".repeat(64) };

/** Names the encoding inside every hash, so that a later one can never be confused with it. */
const ENCODING = "stipend-audit-1";

/**
 * The canonical encoding of a row: every field as a netstring (`<bytes in UTF-8>:<text>,`), in this order. No two
 * different rows have the same encoding, and it can be computed in any language without a JSON library. An absent
 * state is `-`, a present one `+` and its text; roles are preceded by their number; times are ISO 8601 in UTC with
 * milliseconds.
 */
export function encodeRow(row: Omit<AuditRow, "hash">): string {
  return [
    ENCODING,
    String(row.seq),
    row.prevHash,
    row.actionId,
    row.service,
    row.actor,
    String(row.roles.length),
    ...row.roles,
    row.action,
    row.target,
    row.outcome,
    row.reason,
    row.before === null ? "-" : `+${row.before}`,
    row.after === null ? "-" : `+${row.after}`,
    row.ip,
    row.userAgent,
    row.requestId,
    row.traceId,
    row.occurredAt.toISOString(),
    row.recordedAt.toISOString(),
  ]
    .map(netstring)
    .join("");
}

function netstring(text: string): string {
  return `${Buffer.byteLength(text)}:${text},`;
}

/** SHA-256 of the canonical encoding, 64 hexadecimal digits. */
export function hashRow(row: Omit<AuditRow, "hash">): string {
  return digest("sha256", encodeRow(row));
}

/** Puts records at the end of the chain, in order. */
export function link(head: ChainHead, records: readonly AuditRecord[], recordedAt: Date): AuditRow[] {
  const rows: AuditRow[] = [];
  let { seq, hash } = head;
  for (const record of records) {
    const unhashed = { ...record, seq: seq + 1, recordedAt, prevHash: hash };
    const row = { ...unhashed, hash: hashRow(unhashed) };
    rows.push(row);
    ({ seq, hash } = row);
  }
  return rows;
}

/** The head with the highest position; of two at the same position the one that was there first. */
export function furthest(heads: readonly (ChainHead | null)[]): ChainHead | null {
  let best: ChainHead | null = null;
  for (const head of heads) if (head !== null && head.seq > (best?.seq ?? -1)) best = head;
  return best;
}
