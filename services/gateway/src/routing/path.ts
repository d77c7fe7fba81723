/**
 * The segments of a request target's path, or undefined when it is none we would ever route: not absolute, empty or
 * dot segments, broken percent-encoding, an encoded slash, backslash or control character. Services behind see the
 * raw path, so a path that could mean two things to two parsers is refused here.
 *
 * @param pathname raw, without the query.
 */
export function pathSegments(pathname: string): readonly string[] | undefined {
  if (!pathname.startsWith("/") || pathname.length > MAX_PATH_CHARS) return undefined;
  const segments: string[] = [];
  for (const raw of pathname.slice(1).split("/")) {
    const segment = decodeSegment(raw);
    if (segment === undefined) return undefined;
    segments.push(segment);
  }
  return segments;
}

const MAX_PATH_CHARS = 2_048;

function decodeSegment(raw: string): string | undefined {
  if (raw === "") return undefined;
  let text = raw;
  if (raw.includes("%")) {
    try {
      text = decodeURIComponent(raw);
    } catch {
      return undefined;
    }
  }
  if (text === "." || text === "..") return undefined;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return /[/\\\u0000-\u001f\u007f]/.test(text) ? undefined : text;
}

/** Splits a request target into its path and its query with the question mark. */
export function splitTarget(target: string): { pathname: string; search: string } {
  const mark = target.indexOf("?");
  return mark < 0 ? { pathname: target, search: "" } : { pathname: target.slice(0, mark), search: target.slice(mark) };
}
