import { type AuditRow, COLUMNS, type ExportedRow, toExported } from "./row.ts";

/** One JSON object a line, every field a text: `before` and `after` are the exact JSON texts, "" when there is none. */
export function jsonLine(row: AuditRow): string {
  // JSON allows these two as they are, but many readers of lines end a line at them.
  const text = JSON.stringify(toExported(row)).replace(/[\u2028\u2029]/g, (c) =>
    c === "\u2028" ? "\\u2028" : "\\u2029",
  );
  return `${text}\n`;
}

/** Every text of a flat object, names and values. */
const TEXTS = /"(?:[^"\\]|\\.)*"/g;

/**
 * Null when the line is not a row: no object, or a field is missing, of another type, of another name, or there twice
 * (of two, readers take now the one, now the other).
 */
export function fromJsonLine(line: string): ExportedRow | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null) return null;
  const fields = value as Record<string, unknown>;
  const whole = COLUMNS.every((name) => typeof fields[name] === "string");
  if (!whole || Object.keys(fields).length !== COLUMNS.length) return null;
  return line.match(TEXTS)?.length === 2 * COLUMNS.length ? (fields as ExportedRow) : null;
}
