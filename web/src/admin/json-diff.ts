/** One field that an action changed; undefined: it was not there. */
export interface FieldChange {
  readonly path: string;
  readonly was: string | undefined;
  readonly is: string | undefined;
  readonly changed: boolean;
}

/** Two states, field by field in the order of their paths, changed ones first. */
export function diffOf(before: unknown, after: unknown): readonly FieldChange[] {
  const was = flatten(before);
  const is = flatten(after);
  const paths = [...new Set([...was.keys(), ...is.keys()])].sort();
  return paths
    .map((path) => ({ path, was: was.get(path), is: is.get(path), changed: was.get(path) !== is.get(path) }))
    .sort((a, b) => Number(b.changed) - Number(a.changed));
}

/** Deeper than this a value stands as its text: nobody reads a diff of a forest. */
const MAX_DEPTH = 4;

function flatten(value: unknown, path = "", into = new Map<string, string>()): Map<string, string> {
  if (value === null || value === undefined) {
    if (path !== "") into.set(path, "–");
    return into;
  }
  const depth = path === "" ? 0 : path.split(".").length;
  if (typeof value !== "object" || depth >= MAX_DEPTH || (Array.isArray(value) && value.every(isPlain))) {
    return into.set(path, textOf(value));
  }
  for (const [key, inner] of Object.entries(value)) flatten(inner, path === "" ? key : `${path}.${key}`, into);
  return into;
}

function isPlain(value: unknown): boolean {
  return typeof value !== "object" || value === null;
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  return Array.isArray(value) && value.every(isPlain) ? value.map(String).join(", ") : JSON.stringify(value);
}
