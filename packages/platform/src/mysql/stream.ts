import type { Connection } from "mysql2";
import { classify, DatabaseBusy, DatabaseUnavailable } from "./errors.ts";
import { toSqlValue } from "./values.ts";

/** Rows in memory between the connection and the reader. */
const HIGH_WATER_MARK = 200;
const CHECK_MS = 1_000;

export interface StreamOptions {
  /** How long the server may take for the next row. Default 30,000 ms. */
  readonly rowTimeoutMs?: number;
  /** How long the whole may take: a reader that is slow holds a connection. Default 300,000 ms. */
  readonly totalTimeoutMs?: number;
}

/** The rows of a SELECT, or of a CALL's result sets one after the other, without the CALL's closing header. */
export async function* streamRows<R>(
  connection: Connection,
  sql: string,
  params: readonly unknown[],
  options: StreamOptions = {},
): AsyncIterable<R> {
  const stream = connection.query({ sql, values: params.map(toSqlValue) }).stream({ highWaterMark: HIGH_WATER_MARK });
  const began = performance.now();
  let asked: number | undefined = began;
  const timer = setInterval(() => {
    const now = performance.now();
    if (asked !== undefined && now - asked > (options.rowTimeoutMs ?? 30_000)) {
      stream.destroy(new DatabaseUnavailable("the database has stopped sending rows"));
    } else if (now - began > (options.totalTimeoutMs ?? 300_000)) {
      stream.destroy(new DatabaseBusy("reading took too long"));
    }
  }, CHECK_MS);
  try {
    for await (const row of stream as AsyncIterable<unknown>) {
      asked = undefined;
      if (!isHeader(row)) yield row as R;
      asked = performance.now();
    }
  } catch (error) {
    throw classify(error) === "connection"
      ? new DatabaseUnavailable("the connection ended while reading", error)
      : error;
  } finally {
    clearInterval(timer);
  }
}

function isHeader(row: unknown): boolean {
  return typeof row === "object" && row !== null && row.constructor.name === "ResultSetHeader";
}
