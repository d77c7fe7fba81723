/** Longest record in characters: two states of 64 Ki, every quote doubled, and the rest. */
const MAX_RECORD = 1_000_000;

const COMMA = 44;
const QUOTE = 34;

/** Text that is no CSV of the strict kind: quotes that do not fit, or a record without an end. */
export class MalformedCsv extends Error {
  constructor(detail: string) {
    super(detail);
    this.name = "MalformedCsv";
  }
}

/**
 * Reads the records of an export as its text comes, in pieces cut anywhere; holds at most a piece and a record.
 *
 * Strict RFC 4180: records end in CRLF (the last one need not), a quote stands only around a field or, doubled, within a
 * quoted one. A text has one reading at most, so nobody can be shown another row than the one that was checked.
 */
export class CsvRecords {
  #held = "";

  /**
   * The fields of every record that is complete with this piece.
   * @throws MalformedCsv, after the records before the bad place.
   */
  *read(piece: string): Generator<string[], void> {
    const text = this.#held === "" ? piece : this.#held + piece;
    const cursor = new Cursor(text);
    let taken = 0;
    for (let fields = cursor.record(); fields !== null; fields = cursor.record()) {
      taken = cursor.at;
      yield fields;
    }
    this.#held = text.slice(taken);
    if (this.#held.length > MAX_RECORD) throw new MalformedCsv(`a record is longer than ${MAX_RECORD} characters`);
  }

  /**
   * After the last piece: the record that had no line end, if there is one.
   * @throws MalformedCsv.
   */
  *end(): Generator<string[], void> {
    if (this.#held !== "") yield* this.read("\r\n");
    if (this.#held !== "") throw new MalformedCsv("a quoted field has no end");
  }
}

/** A place in a text. */
class Cursor {
  /** Behind the last complete record. */
  at = 0;
  readonly #text: string;
  readonly #comma: Finder;
  readonly #cr: Finder;
  readonly #lf: Finder;
  readonly #quote: Finder;

  constructor(text: string) {
    this.#text = text;
    this.#comma = new Finder(text, ",");
    this.#cr = new Finder(text, "\r");
    this.#lf = new Finder(text, "\n");
    this.#quote = new Finder(text, '"');
  }

  /** Null: the text ends before the record does. */
  record(): string[] | null {
    const text = this.#text;
    const fields: string[] = [];
    for (let from = this.at; ; ) {
      const isQuoted = text.charCodeAt(from) === QUOTE;
      const end = isQuoted ? this.#endOfQuoted(from) : this.#endOfBare(from);
      // Whether a quote closes a field, and a CR ends a line, is known only by what follows.
      if (end + 2 > text.length) return null;
      fields.push(isQuoted ? text.slice(from + 1, end - 1).replaceAll('""', '"') : text.slice(from, end));
      if (text.charCodeAt(end) === COMMA) {
        from = end + 1;
        continue;
      }
      if (!text.startsWith("\r\n", end)) throw new MalformedCsv("a field ends neither in a comma nor in CRLF");
      this.at = end + 2;
      return fields;
    }
  }

  /** Behind its closing quote; behind the text, if that is not in it. */
  #endOfQuoted(from: number): number {
    const text = this.#text;
    let close = text.indexOf('"', from + 1);
    while (close >= 0 && text.charCodeAt(close + 1) === QUOTE) close = text.indexOf('"', close + 2);
    return close < 0 ? text.length : close + 1;
  }

  #endOfBare(from: number): number {
    const end = Math.min(this.#comma.from(from), this.#cr.from(from));
    if (this.#quote.from(from) < end || this.#lf.from(from) < end) {
      throw new MalformedCsv("a quote or a line feed stands within a field that has no quotes around it");
    }
    return end;
  }
}

/** Where a character stands next. What was found further on is remembered, so that no text is searched twice. */
class Finder {
  readonly #text: string;
  readonly #what: string;
  #found = -1;

  constructor(text: string, what: string) {
    this.#text = text;
    this.#what = what;
  }

  /** The first at or behind a place, which is never before that of an earlier call; behind the text: there is none. */
  from(at: number): number {
    if (this.#found < at) {
      const found = this.#text.indexOf(this.#what, at);
      this.#found = found < 0 ? this.#text.length : found;
    }
    return this.#found;
  }
}
