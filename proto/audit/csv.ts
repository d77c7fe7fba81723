import { type AuditRow, COLUMNS, type ExportedRow, toExported } from "./row.ts";

/** RFC 4180: CRLF, quotes doubled. */
export function csvHeader(): string {
  return `${COLUMNS.join(",")}\r\n`;
}

export function csvLine(row: AuditRow): string {
  return `${Object.values(toExported(row)).map(csvField).join(",")}\r\n`;
}

/** What a spreadsheet would run as a formula, and the mark itself. */
const DANGEROUS = /^[=+\-@\t\r]/;

/**
 * A field that a spreadsheet would run as a formula is marked with a leading tab inside the quotes: reasons and
 * User-Agents are written by people who may wish the auditor ill.
 */
function csvField(text: string): string {
  const harmless = DANGEROUS.test(text) ? `\t${text}` : text;
  return /[",\r\n\t]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

/** A tab that `csvField` did not set is part of the text: who added it edited the field. */
function unmarked(field: string): string {
  return field.startsWith("\t") && DANGEROUS.test(field.slice(1)) ? field.slice(1) : field;
}

/** The fields of one record, unquoted, in the order of the header; null when their number is not that of a row. */
export function fromCsv(fields: readonly string[]): ExportedRow | null {
  if (fields.length !== COLUMNS.length) return null;
  return Object.fromEntries(COLUMNS.map((name, index) => [name, unmarked(fields[index] ?? "")])) as ExportedRow;
}
