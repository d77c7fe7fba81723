import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Finding } from "./house.ts";
import { ROOT } from "./part.ts";

/**
 * The cheap half of the snapshot check: every table, procedure, view and trigger of a service's SQL stands in its
 * schema.snapshot.sql, and nothing else does. That the snapshot equals a real database is for the database suites.
 */
export async function staleSnapshots(files: readonly string[]): Promise<Finding[]> {
  const schemas = new Set(files.flatMap((path) => /^(services\/[^/]+\/sql)\/migrations\//.exec(path)?.[1] ?? []));
  const found = await Promise.all([...schemas].map((folder) => compare(folder, files)));
  return found.flat();
}

async function compare(folder: string, files: readonly string[]): Promise<Finding[]> {
  const path = `${folder}/schema.snapshot.sql`;
  if (!files.includes(path)) return [{ path, line: 1, message: "there is no snapshot: npm run schema:snapshot" }];
  const snapshot = await readFile(join(ROOT, path), "utf8");
  const named = files
    .filter((file) => file.startsWith(`${folder}/`) && /\/(procedures|views|triggers)\/[^/]+\.sql$/.test(file))
    .map((file) => basename(file, ".sql"));
  return named
    .filter((name) => !new RegExp(`\\b${name}\\b`).test(snapshot))
    .map((name) => ({ path, line: 1, message: `${name} is missing: npm run schema:snapshot` }));
}
