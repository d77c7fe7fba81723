import { closeSync, copyFileSync, existsSync, mkdirSync, openSync, readSync, statSync, truncateSync } from "node:fs";
import { dirname } from "node:path";

/** A log may grow to this before its first half of life goes to `<name>.log.1`. */
const MAX_LOG_BYTES = 16 * 1024 * 1024;
const TAIL_BYTES = 16 * 1024;

/** Keeps the former log as `.1`, empties the log and opens it for appending. The caller closes the descriptor. */
export function openLog(file: string): number {
  mkdirSync(dirname(file), { recursive: true });
  if (existsSync(file) && statSync(file).size > 0) copyFileSync(file, `${file}.1`);
  // "w" would give each writer its own position; with "a" a later truncation leaves no hole
  closeSync(openSync(file, "w"));
  return openSync(file, "a");
}

/** Copies a log that has grown too large to `.1` and empties it; the writer goes on at its start (O_APPEND). */
export function boundLog(file: string): void {
  try {
    if (statSync(file).size < MAX_LOG_BYTES) return;
    copyFileSync(file, `${file}.1`);
    truncateSync(file);
  } catch {
    // a log that is gone needs no bound
  }
}

/** The last lines of a log, oldest first; none when there is no log. */
export function lastLines(file: string, count = 12): string[] {
  let fd: number;
  try {
    fd = openSync(file, "r");
  } catch {
    return [];
  }
  try {
    const size = statSync(file).size;
    const buffer = Buffer.alloc(Math.min(size, TAIL_BYTES));
    readSync(fd, buffer, 0, buffer.length, size - buffer.length);
    return buffer
      .toString("utf8")
      .split("\n")
      .filter((line) => line.trim() !== "")
      .slice(-count);
  } finally {
    closeSync(fd);
  }
}
