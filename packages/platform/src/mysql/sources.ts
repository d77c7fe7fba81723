import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { splitStatements, stripLeadingComments } from "./statements.ts";

/** A folder with migrations/, procedures/, functions/, views/, triggers/. */
export interface SqlSource {
  /** Stands in the schema's records; never change it. */
  readonly name: string;
  readonly dir: string;
}

export interface Migration {
  readonly source: string;
  /** File name without .sql: 0001_what_it_does. */
  readonly name: string;
  readonly checksum: string;
  readonly statements: readonly string[];
}

export type RoutineKind = "function" | "view" | "procedure" | "trigger";

export interface Routine {
  readonly source: string;
  readonly kind: RoutineKind;
  readonly name: string;
  readonly checksum: string;
  readonly create: string;
}

export interface LoadedSource {
  readonly migrations: readonly Migration[];
  readonly routines: readonly Routine[];
}

/** In the order in which they are created: what others refer to first. */
const FOLDERS: readonly { folder: string; kind: RoutineKind }[] = [
  { folder: "functions", kind: "function" },
  { folder: "views", kind: "view" },
  { folder: "procedures", kind: "procedure" },
  { folder: "triggers", kind: "trigger" },
];

/** What every schema has before its own: outbox, inbox, the version view. */
export const platformSource: SqlSource = {
  name: "platform",
  dir: fileURLToPath(new URL("../../sql", import.meta.url)),
};

/** A problem of the SQL files, or between them and the schema; the message says which and what to do. */
export class SchemaError extends Error {
  readonly code = "schema_mismatch";

  constructor(message: string) {
    super(message);
    this.name = "SchemaError";
  }
}

/** Reads the platform's SQL and then the given sources. */
export async function loadSources(sources: readonly SqlSource[]): Promise<LoadedSource> {
  const migrations: Migration[] = [];
  const routines: Routine[] = [];
  for (const source of [platformSource, ...sources]) {
    if (!existsSync(source.dir)) throw new SchemaError(`there is no SQL folder ${source.dir}`);
    migrations.push(...(await loadMigrations(source)));
    for (const { folder, kind } of FOLDERS) routines.push(...(await loadRoutines(source, folder, kind)));
  }
  return { migrations, routines: inForce(routines) };
}

export function checksum(text: string): string {
  return createHash("sha256").update(text.replaceAll("\r\n", "\n")).digest("hex");
}

async function sqlFiles(dir: string): Promise<{ name: string; text: string }[]> {
  if (!existsSync(dir)) return [];
  const names = (await readdir(dir)).filter((name) => name.endsWith(".sql")).sort();
  return Promise.all(
    names.map(async (file) => ({ name: file.slice(0, -4), text: await readFile(join(dir, file), "utf8") })),
  );
}

async function loadMigrations(source: SqlSource): Promise<Migration[]> {
  const files = await sqlFiles(join(source.dir, "migrations"));
  return files.map(({ name, text }, index) => {
    const where = `${source.name}/migrations/${name}.sql`;
    const number = /^(\d{4})_[a-z0-9_]+$/.exec(name)?.[1];
    if (number === undefined) throw new SchemaError(`${where}: a migration is named 0001_what_it_does.sql`);
    if (Number(number) !== index + 1) {
      throw new SchemaError(`${where}: migrations are numbered without gaps; expected ${index + 1}`);
    }
    const statements = splitStatements(text);
    if (statements.length === 0) throw new SchemaError(`${where}: there is no statement in it`);
    const compound = statements.find((s) => /^CREATE\s+.*?\b(PROCEDURE|TRIGGER|FUNCTION|EVENT)\b/i.test(firstLine(s)));
    if (compound !== undefined) {
      throw new SchemaError(`${where}: procedures, functions and triggers stand in files of their own`);
    }
    return { source: source.name, name, checksum: checksum(text), statements };
  });
}

async function loadRoutines(source: SqlSource, folder: string, kind: RoutineKind): Promise<Routine[]> {
  const files = await sqlFiles(join(source.dir, folder));
  return files.map(({ name, text }) => {
    const create = stripLeadingComments(text).trim().replace(/;\s*$/, "");
    const match =
      /^CREATE\s+(?:OR\s+REPLACE\s+)?(PROCEDURE|FUNCTION|TRIGGER|(?:SQL\s+SECURITY\s+\w+\s+)?VIEW)\s+`?(\w+)`?/i.exec(
        create,
      );
    const found = match?.[1]?.toLowerCase().split(/\s+/).at(-1);
    if (found !== kind || match?.[2] !== name) {
      throw new SchemaError(
        `${source.name}/${folder}/${name}.sql: expected one statement CREATE ${kind.toUpperCase()} ${name}, without DEFINER`,
      );
    }
    return { source: source.name, kind, name, checksum: checksum(text), create };
  });
}

function firstLine(statement: string): string {
  return statement.split("\n", 1)[0] ?? "";
}

/** Without the platform's views that a service brings in its own shape; anything else twice is refused. */
function inForce(routines: readonly Routine[]): Routine[] {
  const byKey = new Map<string, Routine>();
  for (const routine of routines) {
    const key = `${routine.kind} ${routine.name.toLowerCase()}`;
    const before = byKey.get(key);
    if (before !== undefined && !(before.source === platformSource.name && routine.kind === "view")) {
      throw new SchemaError(`${routine.kind} ${routine.name} of ${routine.source} exists in another source as well`);
    }
    byKey.set(key, routine);
  }
  return [...byKey.values()];
}
