/** Calendar months in UTC, "2026-01": parts of the archive are named by them. */

export type Month = string;

export function isMonth(text: string): boolean {
  return /^\d{4}-(0[1-9]|1[0-2])$/.test(text);
}

export function monthOf(at: Date): Month {
  return at.toISOString().slice(0, 7);
}

/** The first moment after the month. */
export function endOf(month: Month): Date {
  const [year, number] = month.split("-").map(Number);
  return new Date(Date.UTC(year ?? 0, number ?? 0, 1));
}
