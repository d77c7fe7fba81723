import type { Connection } from "mysql2/promise";
import type { Log } from "../log/log.ts";
import { checksum, type LoadedSource, type Migration, SchemaError } from "./sources.ts";

/** The tables that say what the schema consists of. */
export async function createRecords(connection: Connection): Promise<void> {
  const text = (name: string, length: number) =>
    `${name} VARCHAR(${length}) CHARACTER SET ascii COLLATE ascii_bin NOT NULL`;
  await connection.query(
    `CREATE TABLE IF NOT EXISTS schema_migrations (
      ${text("source", 64)}, ${text("name", 128)}, ${text("checksum", 64)},
      -- Statements done; below their number the migration broke off and goes on from here.
      statements_done INT NOT NULL,
      statements INT NOT NULL,
      ${text("done_checksum", 64)},
      applied_at DATETIME(3) NOT NULL,
      PRIMARY KEY (source, name)
    ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
  );
  await connection.query(
    `CREATE TABLE IF NOT EXISTS schema_routines (
      ${text("kind", 16)}, ${text("name", 128)}, ${text("source", 64)}, ${text("checksum", 64)},
      applied_at DATETIME(3) NOT NULL,
      PRIMARY KEY (kind, name)
    ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
  );
}

interface MigrationRow {
  readonly source: string;
  readonly name: string;
  readonly checksum: string;
  readonly statements_done: number;
  readonly statements: number;
  readonly done_checksum: string;
}

/** Applies what is pending, in order; returns source/name of each. */
export async function applyMigrations(connection: Connection, loaded: LoadedSource, log: Log): Promise<string[]> {
  const [rows] = await connection.query("SELECT * FROM schema_migrations");
  const recorded = new Map((rows as MigrationRow[]).map((row) => [`${row.source}/${row.name}`, row]));
  refuseUnknown(loaded, [...recorded.keys()]);
  const applied: string[] = [];
  for (const migration of loaded.migrations) {
    const id = `${migration.source}/${migration.name}`;
    const row = recorded.get(id);
    const begin = firstStatement(migration, row);
    if (begin === undefined) continue;
    log.info({ migration: id, fromStatement: begin }, "applying migration");
    await applyMigration(connection, migration, begin);
    applied.push(id);
  }
  return applied;
}

function refuseUnknown(loaded: LoadedSource, recorded: readonly string[]): void {
  const known = new Set(loaded.migrations.map((m) => `${m.source}/${m.name}`));
  const unknown = recorded.filter((id) => !known.has(id));
  if (unknown.length > 0) {
    throw new SchemaError(
      `the schema has migrations that this program does not know: ${unknown.join(", ")}. Run the newer program.`,
    );
  }
}

/** Where to begin, undefined when the migration has landed. */
function firstStatement(migration: Migration, row: MigrationRow | undefined): number | undefined {
  if (row === undefined) return 0;
  const id = `${migration.source}/${migration.name}`;
  if (row.statements_done >= row.statements) {
    if (row.checksum === migration.checksum) return undefined;
    throw new SchemaError(`${id} has landed and was edited since; restore it and put the change into a new migration`);
  }
  // It broke off. What ran must be unchanged; the rest may have been corrected.
  if (doneChecksum(migration, row.statements_done) !== row.done_checksum) {
    throw new SchemaError(
      `${id} broke off after ${row.statements_done} statement(s), and those were edited since; restore them and correct only what follows`,
    );
  }
  return row.statements_done;
}

function doneChecksum(migration: Migration, count: number): string {
  return checksum(migration.statements.slice(0, count).join("\n;\n"));
}

/** DDL commits by itself, so progress is noted after each statement: a migration that broke off can go on. */
async function applyMigration(connection: Connection, migration: Migration, begin: number): Promise<void> {
  await note(connection, migration, begin);
  for (const [index, statement] of migration.statements.entries()) {
    if (index < begin) continue;
    try {
      await connection.query(statement);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new SchemaError(
        `${migration.source}/${migration.name}: statement ${index + 1} failed: ${why}\n${statement.slice(0, 300)}`,
      );
    }
    await note(connection, migration, index + 1);
  }
}

async function note(connection: Connection, migration: Migration, done: number): Promise<void> {
  const { source, name, statements } = migration;
  await connection.query("REPLACE INTO schema_migrations VALUES (?, ?, ?, ?, ?, ?, UTC_TIMESTAMP(3))", [
    source,
    name,
    migration.checksum,
    done,
    statements.length,
    doneChecksum(migration, done),
  ]);
}
