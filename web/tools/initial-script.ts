import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

interface Chunk {
  readonly file: string;
  readonly imports?: readonly string[];
}

/**
 * Gzip bytes of the scripts a browser loads before a page stands: the entry, what it imports, and these parts that
 * are loaded on demand at once (the words of a language, the first page).
 *
 * @throws Error when Vite's manifest does not know one of them.
 */
export function initialScriptBytes(dist: string, entry: string, first: readonly string[]): number {
  const manifest = JSON.parse(readFileSync(join(dist, "manifest.json"), "utf8")) as Readonly<Record<string, Chunk>>;
  const files = new Set<string>();
  const visit = (name: string): void => {
    const chunk = manifest[name];
    if (chunk === undefined) throw new Error(`the build's manifest has no ${name}`);
    if (files.has(chunk.file)) return;
    files.add(chunk.file);
    for (const imported of chunk.imports ?? []) visit(imported);
  };
  for (const name of [entry, ...first]) visit(name);
  return [...files].reduce((total, file) => total + gzipSync(readFileSync(join(dist, file))).length, 0);
}
