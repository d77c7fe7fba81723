import type { ProblemTable } from "./contract.ts";
import { describeProblem } from "./problem.ts";

/** Longest key that is given back with an item nobody could read. */
const MAX_KEY = 255;

/** The answer for one item of a batch that was not done: what the single call would have answered, without the prose. */
export function failedItem(key: string | null, error: unknown, tables: readonly ProblemTable[]) {
  const { body } = describeProblem(error, tables);
  const { type: _, title: __, action: ___, ...rest } = body;
  return { ...rest, key };
}

/** The key of an item that may be anything at all. */
export function itemKey(item: unknown): string | null {
  const key = typeof item === "object" && item !== null && "key" in item ? item.key : null;
  return typeof key === "string" ? key.slice(0, MAX_KEY) : null;
}
