import { createHash } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Everything the build is made from, from the folder web on. The lock stands for what is installed. */
const SOURCES = [
  "*.html",
  "*.json",
  "vite.config.ts",
  "src/**/*",
  "tools/**/*.ts",
  "../packages/react/src/**/*",
  "../packages/react/*.css",
  "../packages/client/{src,gen}/**/*",
  "../package-lock.json",
];

/** By content, not by time: a checkout, a copy and a container all have times of their own. */
export function sourcesHash(web: string): string {
  const files = globSync(SOURCES, { cwd: web, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const hash = createHash("sha256");
  for (const file of files)
    hash
      .update(`${file.slice(web.length)}\0`)
      .update(readFileSync(file))
      .update("\0");
  return hash.digest("hex");
}
