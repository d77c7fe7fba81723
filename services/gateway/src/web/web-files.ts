import { readdirSync, readFileSync, statSync } from "node:fs";
import { extname, join } from "node:path";
import { z } from "zod";

/** One file of the build, with the smaller forms it has been given. */
export interface Asset {
  readonly type: string;
  readonly plain: Buffer;
  readonly br: Buffer | undefined;
  readonly gzip: Buffer | undefined;
}

/** The web apps as they were built; all of it in memory, so that a build that is replaced meanwhile is never mixed. */
export interface WebFiles {
  /** By name below /assets/. */
  readonly assets: ReadonlyMap<string, Asset>;
  /** The HTML of a page, by the pattern of its addresses: "/admin/users/:userId". */
  readonly pages: ReadonlyMap<string, string>;
}

const TYPES: Readonly<Record<string, string>> = {
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
  ".png": "image/png",
};

const MAX_FILES = 2_000;
const MAX_BYTES = 64 * 1024 * 1024;

const Pages = z.record(z.string().regex(/^[\w-]+\.html$/), z.array(z.string().startsWith("/")));

/**
 * Reads a build: index.html and its like, pages.json with their addresses, assets/.
 *
 * @throws Error when the folder is no such build, or larger than one could be.
 */
export function readWebFiles(dir: string): WebFiles {
  const pages = new Map<string, string>();
  for (const [file, patterns] of Object.entries(
    Pages.parse(JSON.parse(readFileSync(join(dir, "pages.json"), "utf8"))),
  )) {
    const html = readFileSync(join(dir, file), "utf8");
    for (const pattern of patterns) pages.set(pattern, html);
  }
  return { assets: readAssets(join(dir, "assets")), pages };
}

function readAssets(dir: string): ReadonlyMap<string, Asset> {
  const names = readdirSync(dir);
  if (names.length > MAX_FILES) throw new Error(`${dir} has ${names.length} files; at most ${MAX_FILES} are served`);
  const bytes = names.reduce((total, name) => total + statSync(join(dir, name)).size, 0);
  if (bytes > MAX_BYTES) throw new Error(`${dir} has ${bytes} bytes; at most ${MAX_BYTES} are served`);
  const there = new Set(names);
  const read = (name: string): Buffer | undefined => (there.has(name) ? readFileSync(join(dir, name)) : undefined);
  return new Map(
    names.flatMap((name) => {
      const type = TYPES[extname(name)];
      if (type === undefined) return [];
      const plain = readFileSync(join(dir, name));
      return [[name, { type, plain, br: read(`${name}.br`), gzip: read(`${name}.gz`) }] as const];
    }),
  );
}
