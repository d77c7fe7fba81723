// The reader of CSV exports: it reads what is written, whatever the pieces; and takes nothing that could be read in two ways.
import { CsvRecords, MalformedCsv } from "@stipend/proto/audit/csv-records";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

function readAll(pieces: readonly string[]): string[][] {
  const records = new CsvRecords();
  const found: string[][] = [];
  for (const piece of pieces) found.push(...records.read(piece));
  found.push(...records.end());
  return found;
}

const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
const written = (records: readonly (readonly string[])[], quote: (text: string) => boolean) =>
  records.map((fields) => `${fields.map((text) => (quote(text) ? quoted(text) : text)).join(",")}\r\n`).join("");
const needsQuotes = (text: string) => /[",\r\n]/.test(text);

/** Texts made of what has a meaning in CSV, and of a character of several bytes. */
const nasty = fc.string({ unit: fc.constantFrom('"', ",", "\r", "\n", "\r\n", "a", "é", "😀"), maxLength: 6 });
const anyRecords = fc.array(fc.array(nasty, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 5 });

function inPieces(text: string, cuts: readonly number[]): string[] {
  const places = [0, ...cuts.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b), text.length];
  return places.slice(1).map((end, index) => text.slice(places[index], end));
}

describe("records of a CSV", () => {
  test("come back as they were written, whatever the pieces", () => {
    const cases = fc.tuple(anyRecords, fc.array(fc.nat(), { maxLength: 12 }), fc.boolean());
    const check = ([records, cuts, quoteAll]: [string[][], number[], boolean]) => {
      const text = written(records, quoteAll ? () => true : needsQuotes);
      expect(readAll(inPieces(text, cuts))).toEqual(records);
    };
    fc.assert(fc.property(cases, check), { numRuns: 2_000 });
  });

  test("of any text at all are what another reader makes of it, or nothing", () => {
    const pieces = fc.array(nasty, { maxLength: 8 });
    let read = 0;
    const check = (texts: string[]) => {
      let mine: string[][];
      try {
        mine = readAll(texts);
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedCsv);
        return;
      }
      read += 1;
      const options = { record_delimiter: "\r\n", relax_column_count: true };
      expect(mine).toEqual(parse(texts.join(""), options));
    };
    fc.assert(fc.property(pieces, check), { numRuns: 5_000 });
    expect(read).toBeGreaterThan(100);
  });

  test("a last line need not end", () => {
    expect(readAll(['a,b\r\nc,"d"'])).toEqual([
      ["a", "b"],
      ["c", "d"],
    ]);
    expect(readAll([])).toEqual([]);
  });

  test.each([
    ["a quote within a bare field", 'a"b,c\r\n'],
    ["something behind a closing quote", '"a"b,c\r\n'],
    ["a quoted field without an end", 'a,"b\r\n'],
    ["a line feed within a bare field", "a\nb,c\r\n"],
    ["a carriage return within a bare field", "a\rb,c\r\n"],
  ])("%s is refused", (_what, text) => {
    expect(() => readAll([text])).toThrow(MalformedCsv);
    expect(() => readAll([...text])).toThrow(MalformedCsv);
  });

  test("the records before the bad place are given first", () => {
    const records = new CsvRecords();
    const reading = records.read('a,b\r\nc"d\r\n');
    expect(reading.next().value).toEqual(["a", "b"]);
    expect(() => reading.next()).toThrow(MalformedCsv);
  });

  test("a record without an end is not kept for ever", () => {
    const records = new CsvRecords();
    const piece = "x".repeat(100_000);
    expect(() => {
      for (let n = 0; n < 12; n++) for (const _ of records.read(n === 0 ? `"${piece}` : piece));
    }).toThrow(MalformedCsv);
  });
});
