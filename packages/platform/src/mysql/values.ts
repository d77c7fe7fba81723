/** What mysql2 can bind. */
export type SqlValue = string | number | bigint | boolean | Date | Buffer | null;

/**
 * An argument as SQL takes it: undefined → NULL, Date → DATETIME(3) in UTC (by the connection's time zone), plain
 * objects and arrays → JSON text.
 *
 * @throws RangeError for numbers that are not finite and dates that are not valid: they would arrive as NULL or 0.
 */
export function toSqlValue(value: unknown): SqlValue {
  if (value === undefined || value === null) return null;
  switch (typeof value) {
    case "string":
    case "boolean":
    case "bigint":
      return value;
    case "number":
      if (!Number.isFinite(value)) throw new RangeError(`not a SQL number: ${value}`);
      return value;
    case "object":
      if (value instanceof Date) {
        if (Number.isNaN(value.getTime())) throw new RangeError("not a valid date");
        return value;
      }
      if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
      return JSON.stringify(value, bigintAsString);
    default:
      throw new RangeError(`a ${typeof value} cannot be an SQL argument`);
  }
}

function bigintAsString(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}

/** A JSON column or JSON_OBJECT result: text on every engine through this platform, an object from elsewhere. */
export function parseJson(value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (typeof value === "string") return JSON.parse(value) as unknown;
  if (Buffer.isBuffer(value)) return JSON.parse(value.toString("utf8")) as unknown;
  return value;
}
