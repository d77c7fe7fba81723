import type { Connection } from "mysql2";
import { classify, DatabaseUnavailable } from "./errors.ts";
import { toSqlValue } from "./values.ts";

/** Rows in memory between the connection and the reader. */
const HIGH_WATER_MARK = 200;

/** The rows of a SELECT, or of a CALL's result sets one after the other, without the CALL's closing header. */
export async function* streamRows<R>(
  connection: Connection,
  sql: string,
  params: readonly unknown[],
): AsyncIterable<R> {
  const query = connection.query({ sql, values: params.map(toSqlValue) });
  const stream = query.stream({ highWaterMark: HIGH_WATER_MARK });
  try {
    for await (const row of stream as AsyncIterable<unknown>) {
      if (!isHeader(row)) yield row as R;
    }
  } catch (error) {
    throw classify(error) === "connection"
      ? new DatabaseUnavailable("the connection ended while reading", error)
      : error;
  }
}

function isHeader(row: unknown): boolean {
  return typeof row === "object" && row !== null && row.constructor.name === "ResultSetHeader";
}
