import type { ChainHead } from "./chain.ts";

/** A line of an anchor file, without its end. */
export function anchorLine(head: ChainHead, at: Date): string {
  return JSON.stringify({ seq: head.seq, hash: head.hash, at: at.toISOString() });
}

/** A line that was cut by a crash, or by the beginning of a tail, is no head. */
export function parseAnchorLine(line: string): ChainHead | null {
  const found = /^\{"seq":(\d{1,15}),"hash":"([0-9a-f]{64})"/.exec(line);
  return found === null ? null : { seq: Number(found[1]), hash: String(found[2]) };
}
