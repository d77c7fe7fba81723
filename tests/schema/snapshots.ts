import { join } from "node:path";
import { REPO_ROOT } from "@stipend/local/repo";
import { SCHEMAS, type SchemaService } from "@stipend/local/services/names";
import { dumpSchema } from "@stipend/platform/mysql/snapshot";
import { freshDatabase } from "@stipend/testing/fresh-database";

export const SERVICES = Object.keys(SCHEMAS) as SchemaService[];

/** Where a service keeps what its schema looks like, for reading and for the diff of a change. */
export function snapshotFile(service: SchemaService): string {
  return join(REPO_ROOT, "services", service, "sql", "schema.snapshot.sql");
}

/** What migrations, procedures, views and triggers make on an empty server. */
export async function dumpFresh(mysqlAdminUrl: string, service: SchemaService): Promise<string> {
  const database = await freshDatabase(mysqlAdminUrl, service);
  try {
    return await dumpSchema(database.ownerUrl);
  } finally {
    await database.drop();
  }
}

/** Snapshots are kept of MariaDB: each engine words a CREATE in its own way. */
export function isFromMariaDb(dump: string): boolean {
  return dump.startsWith("-- Dumped from MariaDB");
}

/** "TABLE outbox", "PROCEDURE ConsumeCredits" …: what is the same on both engines (MariaDB keeps a trigger's text as it was written, without backticks). */
export function namesIn(dump: string): string[] {
  const creates = dump.matchAll(/^CREATE\b.*?\b(TABLE|VIEW|PROCEDURE|FUNCTION|TRIGGER) `?(\w+)/gm);
  return [...creates].map((match) => `${match[1]} ${match[2]}`).sort();
}
