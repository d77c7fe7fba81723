import { type AuditRow, COLUMNS, type ExportedRow, toExported } from "./row.ts";

/** RFC 4180: CRLF, quotes doubled. */
export function csvHeader(): string {
  return `${COLUMNS.join(",")}\r\n`;
}

export function csvLine(row: AuditRow): string {
  return `${Object.values(toExported(row)).map(csvField).join(",")}\r\n`;
}

/**
 * A field that a spreadsheet would run as a formula is marked with a leading tab inside the quotes: reasons and
 * User-Agents are written by people who may wish the auditor ill. `fromCsv` takes one leading tab off again.
 */
function csvField(text: string): string {
  const harmless = /^[=+\-@\t\r]/.test(text) ? `\t${text}` : text;
  return /[",\r\n\t]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

/** The fields of one record, unquoted, in the order of the header; null when their number is not that of a row. */
export function fromCsv(fields: readonly string[]): ExportedRow | null {
  if (fields.length !== COLUMNS.length) return null;
  const texts = fields.map((field) => (field.startsWith("\t") ? field.slice(1) : field));
  return Object.fromEntries(COLUMNS.map((name, index) => [name, texts[index] ?? ""])) as ExportedRow;
}
