import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Finding } from "./house.ts";
import { ROOT } from "./part.ts";

/**
 * The cheap half of the snapshot check: every procedure, view and trigger of a service's SQL stands in its
 * schema.snapshot.sql, the bodies of procedures and triggers word for word. That the snapshot equals a real database, tables
 * included, is for the database suites.
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
  const sources = files.filter(
    (file) => file.startsWith(`${folder}/`) && /\/(procedures|views|triggers)\/[^/]+\.sql$/.test(file),
  );
  const stale = await Promise.all(
    sources.map(async (file) => staleIn(snapshot, file, await readFile(join(ROOT, file), "utf8"))),
  );
  return stale
    .filter((complaint) => complaint !== undefined)
    .map((complaint) => ({ path, line: 1, message: `${complaint}: npm run schema:snapshot` }));
}

/** What the snapshot lacks of one file, or undefined. A view is compared by name: the server words it anew. */
export function staleIn(snapshot: string, file: string, text: string): string | undefined {
  const name = basename(file, ".sql");
  if (!new RegExp(`\\b${name}\\b`).test(snapshot)) return `${name} is missing`;
  // Of a procedure from its BEGIN on: the server words what stands before it (parameters, MODIFIES SQL DATA) in its own way.
  const body =
    /^BEGIN\b[\s\S]*/m.exec(text)?.[0] ?? new RegExp(`^CREATE TRIGGER ${name}\\b([\\s\\S]*)`, "m").exec(text)?.[1];
  return body === undefined || snapshot.includes(body.trim()) ? undefined : `${name} reads otherwise`;
}
