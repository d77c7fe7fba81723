import type { AuditRow } from "@stipend/proto/audit/row";
import { isAboutUser as isUsersAction } from "../domain/actions.ts";
import { type Change, changesBetween } from "../domain/changes.ts";

/** A row as people look at it: its states parsed, and what is different between them. */
export interface Entry {
  readonly row: AuditRow;
  /** Parsed JSON; the text when it is none; null when there was no such state. */
  readonly before: unknown;
  readonly after: unknown;
  readonly changes: readonly Change[];
}

export function entryOf(row: AuditRow): Entry {
  const [before, after] = [stateOf(row.before), stateOf(row.after)];
  return { row, before: before ?? null, after: after ?? null, changes: changesBetween(before, after) };
}

/** Deeper than any state of ours; what nests more is shown as the text it is, since walking it could exhaust the stack. */
const MAX_NESTING = 64;

function stateOf(text: string | null): unknown {
  if (text === null) return undefined;
  if (nestingOf(text) > MAX_NESTING) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** At least how deep the JSON nests; brackets within its texts count as well. */
function nestingOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const [bracket] of text.matchAll(/[[{}\]]/g)) {
    depth += bracket === "[" || bracket === "{" ? 1 : -1;
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}

/** Whether the row's target is a user, and so the row personal data. */
export function isAboutUser(row: AuditRow): boolean {
  return isUsersAction(row.action);
}
