/** One place where two states differ. */
export interface Change {
  /** JSON Pointer (RFC 6901); "" is the whole state. */
  readonly path: string;
  readonly kind: "added" | "removed" | "changed";
  /** Null when there was nothing. */
  readonly before: unknown;
  readonly after: unknown;
}

/** Most places listed: a diff is for looking at; `before` and `after` stand beside it whole. */
export const MAX_CHANGES = 200;
/** Deeper values are compared as a whole. */
const MAX_DEPTH = 8;

/**
 * What is different between two states, place by place in the order of the fields. Objects are gone into; lists and
 * simple values are compared whole. undefined stands for no state at all.
 */
export function changesBetween(before: unknown, after: unknown): readonly Change[] {
  const changes: Change[] = [];
  compare("", before, after, 0, changes);
  return changes;
}

function compare(path: string, before: unknown, after: unknown, depth: number, into: Change[]): void {
  if (into.length >= MAX_CHANGES) return;
  const [was, is] = [asObject(before), asObject(after)];
  const canGoIn = depth < MAX_DEPTH && (was !== null || is !== null);
  if (canGoIn && (was !== null || before === undefined) && (is !== null || after === undefined)) {
    for (const key of new Set([...Object.keys(was ?? {}), ...Object.keys(is ?? {})])) {
      compare(`${path}/${escaped(key)}`, fieldOf(was, key), fieldOf(is, key), depth + 1, into);
    }
    return;
  }
  if (isSame(before, after)) return;
  const kind = before === undefined ? "added" : after === undefined ? "removed" : "changed";
  into.push({ path, kind, before: before ?? null, after: after ?? null });
}

function asObject(value: unknown): Readonly<Record<string, unknown>> | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  return value as Readonly<Record<string, unknown>>;
}

function fieldOf(state: Readonly<Record<string, unknown>> | null, key: string): unknown {
  return state !== null && Object.hasOwn(state, key) ? state[key] : undefined;
}

/** Parsed JSON only, so its text says all; two objects here are deeper than anyone looks. */
function isSame(before: unknown, after: unknown): boolean {
  return JSON.stringify(before) === JSON.stringify(after);
}

function escaped(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}
