import { type Connection, createConnection } from "mysql2/promise";
import type { Log } from "../log/log.ts";
import type { Database } from "./database.ts";
import { DatabaseUnavailable, errnoOf } from "./errors.ts";
import { grantToService } from "./grants.ts";
import { applyMigrations, createRecords } from "./migrations.ts";
import { applyRoutines } from "./routines.ts";
import { checksum, loadSources, SchemaError, type SqlSource } from "./sources.ts";
import { connectionOptions, parseMysqlUrl, prepareSession } from "./url.ts";

export interface MigrateOptions {
  /** URL of the schema's owner. */
  readonly ownerUrl: string;
  /** The service's SQL; the platform's own is always applied first. */
  readonly sources: readonly SqlSource[];
  /** Name of the service's user: gets EXECUTE on the schema and SELECT on each view. */
  readonly serviceUser: string;
  readonly log: Log;
  /** How long to wait for another migrator. Default 120 s. */
  readonly lockTimeoutSeconds?: number;
}

export interface MigrationReport {
  readonly schema: string;
  /** source/name of what was applied now. */
  readonly migrations: readonly string[];
  /** kind source/name of what was created anew. */
  readonly routines: readonly string[];
  readonly dropped: readonly string[];
}

/**
 * Brings a schema to what the SQL files say: pending migrations in order, then every procedure, view and trigger
 * whose text has changed; those whose file is gone are dropped; then the service's rights. Safe to call from several
 * processes at once: they take turns.
 *
 * @throws SchemaError when a landed migration was edited or is missing here, or a file is not as it must be.
 */
export async function migrate(options: MigrateOptions): Promise<MigrationReport> {
  const loaded = await loadSources(options.sources);
  const target = parseMysqlUrl(options.ownerUrl);
  if (target.schema === "") throw new SchemaError("the owner's URL names no schema");
  const connection = await createConnection(connectionOptions(target));
  try {
    // DDL waits for running transactions: longer than a request would.
    await prepareSession(connection, 50);
    await lock(connection, target.schema, options.lockTimeoutSeconds ?? 120);
    await createRecords(connection);
    const migrations = await applyMigrations(connection, loaded, options.log);
    const { created, dropped } = await applyRoutines(connection, loaded, options.log);
    await grantToService(connection, target.schema, options.serviceUser, loaded);
    return { schema: target.schema, migrations, routines: created, dropped };
  } finally {
    // Ends the user lock as well.
    connection.destroy();
  }
}

async function lock(connection: Connection, schema: string, timeoutSeconds: number): Promise<void> {
  const name = `stipend:migrate:${checksum(schema).slice(0, 40)}`;
  const [rows] = await connection.query("SELECT GET_LOCK(?, ?) AS got", [name, timeoutSeconds]);
  const got = (rows as { got: unknown }[])[0]?.got;
  if (Number(got) !== 1) {
    throw new SchemaError(`another migration of ${schema} has been running for ${timeoutSeconds} s; try again later`);
  }
}

/** How long checkSchema waits for a database that is away. */
const BOOT_WAIT_MS = 30_000;

interface VersionRow {
  readonly kind: string;
  readonly source: string;
  readonly name: string;
  readonly checksum: string;
}

/**
 * Refuses to go on when the schema is not what this program was written for; needs the service's own rights only.
 *
 * @param command what a person runs to migrate; stands in the message.
 * @throws SchemaError naming what differs and the command; DatabaseUnavailable when the server stays away for 30 s. A
 * schema that was never migrated is told at once.
 */
export async function checkSchema(db: Database, sources: readonly SqlSource[], command?: string): Promise<void> {
  const loaded = await loadSources(sources);
  const rows = await readVersion(db, command);
  const found = new Map(rows.map((row) => [`${row.kind} ${row.name}`, row.checksum]));
  const wanted = [...loaded.migrations.map((m) => ({ ...m, kind: "migration" as const })), ...loaded.routines];
  // Migration names are unique within their source only.
  const migrations = new Map(
    rows.filter((row) => row.kind === "migration").map((row) => [`${row.source}/${row.name}`, row.checksum]),
  );
  const missing: string[] = [];
  const different: string[] = [];
  for (const { kind, source, name, checksum } of wanted) {
    const have = kind === "migration" ? migrations.get(`${source}/${name}`) : found.get(`${kind} ${name}`);
    if (have === undefined) missing.push(`${kind} ${source}/${name}`);
    else if (have !== checksum) different.push(`${kind} ${source}/${name}`);
    migrations.delete(`${source}/${name}`);
  }
  const problems = [
    ...describe("missing", missing),
    ...describe("different", different),
    ...describe("newer than this program", [...migrations.keys()]),
  ];
  if (problems.length > 0) throw new SchemaError(`the schema is not current: ${problems.join("; ")}. ${hint(command)}`);
}

async function readVersion(db: Database, command: string | undefined): Promise<VersionRow[]> {
  const giveUpAt = performance.now() + BOOT_WAIT_MS;
  for (;;) {
    try {
      return await db.query<VersionRow>("SELECT kind, source, name, checksum FROM schema_version");
    } catch (error) {
      // Whole systems start at once: the database may come a little later than this service. Who migrates comes first.
      if (isNotMigrated(error)) throw new SchemaError(`the schema has not been migrated. ${hint(command)}`);
      if (!(error instanceof DatabaseUnavailable) || performance.now() > giveUpAt) throw error;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}

/**
 * No such schema (1049) or no right to it yet (1044), no such view (1146, 1356) or no right to it (1142): nothing has
 * been migrated. While connecting these are the cause of a DatabaseUnavailable.
 */
function isNotMigrated(error: unknown): boolean {
  const refusal = error instanceof DatabaseUnavailable ? error.cause : error;
  return [1044, 1049, 1142, 1146, 1356].includes(errnoOf(refusal) ?? 0);
}

function describe(what: string, names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const shown = names.slice(0, 5).join(", ");
  return [`${what}: ${shown}${names.length > 5 ? ` and ${names.length - 5} more` : ""}`];
}

function hint(command: string | undefined): string {
  return `Run ${command ?? "the service's src/migrate.ts"} with STIPEND_MYSQL_OWNER_URL set, then start again.`;
}
