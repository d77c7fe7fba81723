import type { AuditRow } from "./audit-row.ts";
import { type ChainHead, GENESIS, hashRow } from "./chain.ts";

/** How a chain can be broken, as far as the first bad place tells. */
export type BreakKind =
  /** The row's content does not fit its hash. */
  | "edited"
  /** One or more rows before the next one are gone. */
  | "missing"
  /** The row does not link to the one before it: rows swapped, inserted, or deleted and renumbered. */
  | "unlinked"
  /** The chain ends before the head that was recorded or anchored. */
  | "tail_missing"
  /** The chain fits itself, but not the head that was recorded or anchored: it was computed afresh. */
  | "rewritten"
  /** Rows stand behind the recorded head. */
  | "appended";

export interface ChainBreak {
  /** Position of the first bad row: where it is, or where it should be. */
  readonly seq: number;
  /** The action's id, when there is a row at that place. */
  readonly id: string | null;
  readonly kind: BreakKind;
  readonly detail: string;
}

/** A head known from somewhere: the table of the head, or an anchor outside the database. */
export interface KnownHead extends ChainHead {
  readonly source: string;
}

/**
 * Checks rows as they stream by, in order of seq, in constant memory. It stops judging at the first break, because
 * everything behind it fails as a consequence, but goes on counting.
 */
export class ChainVerifier {
  #last: ChainHead = GENESIS;
  #checked = 0;
  #firstBad: ChainBreak | null = null;
  readonly #heads: readonly KnownHead[];
  readonly #seen = new Set<KnownHead>();

  /** @param heads heads the chain must still contain; few. */
  constructor(heads: readonly KnownHead[]) {
    this.#heads = heads;
    for (const head of heads) if (head.seq === 0) this.#seen.add(head);
  }

  get checked(): number {
    return this.#checked;
  }

  get firstBad(): ChainBreak | null {
    return this.#firstBad;
  }

  /** The last row that was found in order. */
  get last(): ChainHead {
    return this.#last;
  }

  add(row: AuditRow): void {
    this.#checked += 1;
    if (this.#firstBad !== null) return;
    this.#firstBad = this.#judge(row);
    if (this.#firstBad === null) this.#last = { seq: row.seq, hash: row.hash };
  }

  #judge(row: AuditRow): ChainBreak | null {
    const expected = this.#last.seq + 1;
    const id = row.actionId;
    if (row.seq > expected) {
      const detail = `row ${expected} is not there; the next one is ${row.seq}`;
      return { seq: expected, id: null, kind: "missing", detail };
    }
    if (row.seq < expected) {
      return { seq: row.seq, id, kind: "unlinked", detail: `row ${row.seq} stands where ${expected} is due` };
    }
    if (hashRow(row) !== row.hash) {
      return { seq: row.seq, id, kind: "edited", detail: "the content of the row does not fit its hash" };
    }
    if (row.prevHash !== this.#last.hash) {
      return { seq: row.seq, id, kind: "unlinked", detail: "the row does not link to the one before it" };
    }
    for (const head of this.#heads) {
      if (head.seq !== row.seq) continue;
      this.#seen.add(head);
      if (head.hash !== row.hash) {
        const detail = `the row is not the one that ${head.source} recorded: the chain was computed afresh`;
        return { seq: row.seq, id, kind: "rewritten", detail };
      }
    }
    return null;
  }

  /**
   * After the last row.
   *
   * @param finalHead the head's table, read after the rows: nothing may stand behind it. Leave out when unknown (an export).
   */
  finish(finalHead?: KnownHead): ChainBreak | null {
    if (this.#firstBad !== null) return this.#firstBad;
    const furthest = this.#heads.filter((head) => !this.#seen.has(head)).sort((a, b) => b.seq - a.seq)[0];
    if (furthest !== undefined) {
      const seq = this.#last.seq + 1;
      const detail = `the chain ends at row ${this.#last.seq}, but ${furthest.source} recorded row ${furthest.seq}`;
      this.#firstBad = { seq, id: null, kind: "tail_missing", detail };
    } else if (finalHead !== undefined && this.#last.seq > finalHead.seq) {
      const detail = `the chain has ${this.#last.seq} rows, but ${finalHead.source} recorded row ${finalHead.seq} as the last`;
      this.#firstBad = { seq: finalHead.seq + 1, id: null, kind: "appended", detail };
    }
    return this.#firstBad;
  }
}
