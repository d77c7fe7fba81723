import { isUtf8 } from "node:buffer";
import { readFileSync, statSync } from "node:fs";
import { parse } from "csv-parse/sync";
import { CliFailure, EXIT } from "../failure.ts";

/** One line of the file, by the names of the header. An empty field is absent. */
export interface CsvLine {
  /** Counted from 1, the header included, as an editor shows it. */
  readonly line: number;
  readonly fields: Readonly<Record<string, string>>;
}

/** What is wrong with a line; `column` where it is a single field's fault. */
export interface Problem {
  readonly line: number;
  readonly userId?: string | undefined;
  readonly column?: string | undefined;
  readonly code: string;
  readonly message: string;
}

export interface CsvFile {
  readonly lines: readonly CsvLine[];
  readonly problems: readonly Problem[];
}

const MAX_BYTES = 256 * 1_048_576;
const MAX_LINES = 1_000_000;

/**
 * Reads a CSV file (RFC 4180, UTF-8, with a header). A record is one line: no column of ours holds a line break, and so a quote
 * that is never closed spoils its own line and no other.
 *
 * @throws CliFailure usage when the file can't be read, is too large, is not UTF-8, or has another header than `columns`.
 */
export function readCsv(path: string, columns: readonly string[], required: readonly string[]): CsvFile {
  const [head, ...rest] = textOf(path).split(/\r?\n/);
  const delimiter = delimiterOf(head ?? "");
  const names = headerOf(head ?? "", delimiter, columns, required);
  if (rest.length > MAX_LINES) {
    throw new CliFailure(EXIT.usage, `${path} has more than ${MAX_LINES} lines`, {
      advice: "Split it into several files.",
    });
  }
  const lines: CsvLine[] = [];
  const problems: Problem[] = [];
  rest.forEach((text, index) => {
    if (text.trim() === "") return;
    const line = index + 2;
    const record = recordOf(text, delimiter);
    if (typeof record === "string") problems.push({ line, code: "bad_csv", message: record });
    else if (record.length !== names.length) problems.push({ line, code: "bad_csv", message: counted(record, names) });
    else lines.push({ line, fields: named(names, record) });
  });
  return { lines, problems };
}

function textOf(path: string): string {
  try {
    if (statSync(path).size > MAX_BYTES) {
      throw new CliFailure(EXIT.usage, `${path} is larger than ${MAX_BYTES / 1_048_576} MB`, {
        advice: "Split it into several files; each needs the header.",
      });
    }
    const bytes = readFileSync(path);
    if (!isUtf8(bytes)) {
      throw new CliFailure(EXIT.usage, `${path} is not UTF-8`, { advice: "Save it as UTF-8 (CSV UTF-8 in Excel)." });
    }
    return bytes.toString("utf8").replace(/^\uFEFF/, "");
  } catch (error) {
    if (error instanceof CliFailure) throw error;
    throw new CliFailure(EXIT.usage, `${path} can't be read: ${error instanceof Error ? error.message : error}`);
  }
}

/** Spreadsheets of many countries write semicolons, because the comma is their decimal point. */
function delimiterOf(header: string): string {
  const found = [",", ";", "\t"].filter((sign) => header.includes(sign));
  return found[0] ?? ",";
}

function headerOf(
  head: string,
  delimiter: string,
  columns: readonly string[],
  required: readonly string[],
): readonly string[] {
  const record = recordOf(head, delimiter);
  const names = typeof record === "string" ? [] : record.map((name) => name.trim().toLowerCase());
  const advice = `The first line names the columns: ${columns.join(", ")}; needed: ${required.join(", ")}.`;
  const fail = (message: string) => new CliFailure(EXIT.usage, message, { advice });
  const missing = required.filter((name) => !names.includes(name));
  if (missing.length > 0) throw fail(`the header lacks ${missing.join(", ")}`);
  const unknown = names.filter((name) => !columns.includes(name));
  if (unknown.length > 0) throw fail(`the header has columns that mean nothing here: ${unknown.join(", ")}`);
  const twice = names.filter((name, index) => names.indexOf(name) !== index);
  if (twice.length > 0) throw fail(`the header has columns twice: ${twice.join(", ")}`);
  return names;
}

/** The fields of a line, or what is wrong with it. Without a quote a line is its fields and the signs between them. */
function recordOf(text: string, delimiter: string): readonly string[] | string {
  if (!text.includes('"')) return text.split(delimiter);
  try {
    const [record] = parse(text, { delimiter, relax_column_count: true }) as string[][];
    return record ?? [];
  } catch (error) {
    return error instanceof Error ? error.message.replace(/ at line 1\b/, "") : String(error);
  }
}

function counted(record: readonly string[], names: readonly string[]): string {
  return `has ${record.length} fields where the header names ${names.length}`;
}

function named(names: readonly string[], record: readonly string[]): Record<string, string> {
  const entries = names.map((name, index) => [name, (record[index] ?? "").trim()] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== ""));
}
