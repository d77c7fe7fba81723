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

/** Whose personal data the row is: the user it was about, and the one that its states name. */
export function usersIn({ row, before, after }: Entry): readonly string[] {
  const named = [before, after].map((state) => fieldOf(state, "userId")).filter((id) => typeof id === "string");
  return isUsersAction(row.action) || isRefusedForUser(row.action, after) ? [row.target, ...named] : named;
}

/** A refused write has the user as its target when its route has one. */
function isRefusedForUser(action: string, after: unknown): boolean {
  const route = fieldOf(after, "route");
  return action === "write.refused" && typeof route === "string" && route.includes(":userId");
}

function fieldOf(state: unknown, name: string): unknown {
  return typeof state === "object" && state !== null ? (state as Readonly<Record<string, unknown>>)[name] : undefined;
}
