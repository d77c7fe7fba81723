import type { z } from "zod";
import { Problem } from "./problem.ts";

/** What follows the last row of a page, as an opaque string; undefined when there is no next page. */
export function encodeCursor(position: unknown): string {
  return Buffer.from(JSON.stringify(position), "utf8").toString("base64url");
}

/**
 * The position in a cursor that encodeCursor made, checked by the list's own schema.
 *
 * @throws Problem invalid_cursor for anything else.
 */
export function decodeCursor<S extends z.ZodType>(cursor: string | undefined, schema: S): z.output<S> | undefined {
  if (cursor === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
  } catch (cause) {
    throw new Problem("invalid_cursor", { cause });
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new Problem("invalid_cursor", { cause: parsed.error });
  return parsed.data;
}

export interface Page<T> {
  readonly data: readonly T[];
  readonly nextCursor: string | null;
}

/**
 * Makes a page of rows that were read with limit + 1: the extra row only says that there is more.
 *
 * @param position what the next page continues after, from the last row of this page.
 */
export function toPage<R, T>(
  rows: readonly R[],
  limit: number,
  map: (row: R) => T,
  position: (row: R) => unknown,
): Page<T> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const more = rows.length > limit && last !== undefined;
  return { data: shown.map(map), nextCursor: more ? encodeCursor(position(last)) : null };
}
