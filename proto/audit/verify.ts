import { archivedUpTo } from "./archive.ts";
import { type ChainHead, GENESIS, hashRow } from "./chain.ts";
import type { AuditRow } from "./row.ts";

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
 *
 * A log whose beginning was archived starts behind the cut. That is whole only when a later row of the same chain says
 * that it was cut just there; the hash of the row that follows the cut then proves where the archive must end.
 */
export class ChainVerifier {
  #last: ChainHead = GENESIS;
  #checked = 0;
  #firstBad: ChainBreak | null = null;
  /** The cut that still has to be vouched for by a row of the chain. */
  #unproved: ChainHead | null = null;
  readonly #heads: readonly KnownHead[];
  readonly #seen = new Set<KnownHead>();

  /**
   * @param heads heads the chain must still contain; few.
   * @param cut where the rows begin, when it is known that what was before has been archived.
   * @param vouched the cut is known from elsewhere, so no row of the chain has to name it.
   */
  constructor(heads: readonly KnownHead[], cut: ChainHead = GENESIS, vouched = false) {
    this.#heads = heads;
    this.#passHeadsAt(GENESIS);
    if (cut.seq > 0) this.#beginAfter(cut);
    if (vouched) this.#unproved = null;
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
    if (this.#checked === 1 && this.#last.seq === 0 && row.seq > 1) {
      this.#beginAfter({ seq: row.seq - 1, hash: row.prevHash });
    }
    this.#firstBad = this.#judge(row);
    if (this.#firstBad !== null) return;
    this.#last = { seq: row.seq, hash: row.hash };
    if (this.#unproved !== null) this.#lookForCut(row, this.#unproved);
  }

  #beginAfter(cut: ChainHead): void {
    this.#last = cut;
    this.#unproved = cut;
    this.#passHeadsAt(cut);
  }

  /** Heads that lie in the archive, and the one just at its end, are not among the rows to come. */
  #passHeadsAt(cut: ChainHead): void {
    for (const head of this.#heads) {
      if (head.seq < cut.seq || (head.seq === cut.seq && head.hash === cut.hash)) this.#seen.add(head);
    }
  }

  #lookForCut(row: AuditRow, cut: ChainHead): void {
    const said = archivedUpTo(row);
    if (said !== null && said.seq === cut.seq && said.hash === cut.hash) this.#unproved = null;
  }

  #judge(row: AuditRow): ChainBreak | null {
    const expected = this.#last.seq + 1;
    const id = row.actionId;
    if (row.seq > expected) {
      const detail = `row ${expected} is not there; the next one is ${row.seq}`;
      return { seq: expected, id: null, kind: "missing", detail };
    }
    if (row.seq < expected) {
      const detail = `row ${row.seq} stands where ${expected} is due`;
      return { seq: expected, id, kind: "unlinked", detail };
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
    this.#firstBad ??= this.#missingBeginning() ?? this.#missingTail() ?? this.#added(finalHead);
    return this.#firstBad;
  }

  #missingBeginning(): ChainBreak | null {
    if (this.#unproved === null) return null;
    const { seq } = this.#unproved;
    const detail = `rows 1 to ${seq} are not there, and no row behind them says that they were archived`;
    return { seq: 1, id: null, kind: "missing", detail };
  }

  #missingTail(): ChainBreak | null {
    const furthest = this.#heads.filter((head) => !this.#seen.has(head)).sort((a, b) => b.seq - a.seq)[0];
    if (furthest === undefined) return null;
    const detail = `the chain ends at row ${this.#last.seq}, but ${furthest.source} recorded row ${furthest.seq}`;
    return { seq: this.#last.seq + 1, id: null, kind: "tail_missing", detail };
  }

  #added(finalHead: KnownHead | undefined): ChainBreak | null {
    if (finalHead === undefined || this.#last.seq <= finalHead.seq) return null;
    const detail = `the chain has ${this.#last.seq} rows, but ${finalHead.source} recorded row ${finalHead.seq} as the last`;
    return { seq: finalHead.seq + 1, id: null, kind: "appended", detail };
  }
}
