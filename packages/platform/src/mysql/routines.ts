import type { Connection } from "mysql2/promise";
import type { Log } from "../log/log.ts";
import { errnoOf } from "./errors.ts";
import { type LoadedSource, type Routine, type RoutineKind, SchemaError } from "./sources.ts";
import { quoteName } from "./url.ts";

interface RoutineRow {
  readonly kind: RoutineKind;
  readonly name: string;
  readonly source: string;
  readonly checksum: string;
}

/** ER_NO_SUCH_TABLE, ER_SP_DOES_NOT_EXIST, ER_VIEW_INVALID: a view may name another one that comes later. */
const NOT_YET: ReadonlySet<number> = new Set([1146, 1305, 1356]);

/** Creates what is new, missing or changed, drops what has no file any more. */
export async function applyRoutines(
  connection: Connection,
  loaded: LoadedSource,
  log: Log,
): Promise<{ created: string[]; dropped: string[] }> {
  const [rows] = await connection.query("SELECT kind, name, source, checksum FROM schema_routines");
  const recorded = rows as RoutineRow[];
  const existing = await existingRoutines(connection);
  const wanted = new Set(loaded.routines.map(keyOf));
  const dropped: string[] = [];
  for (const row of recorded.filter((r) => !wanted.has(keyOf(r)))) {
    await connection.query(dropStatement(row));
    await connection.query("DELETE FROM schema_routines WHERE kind = ? AND name = ?", [row.kind, row.name]);
    dropped.push(label(row));
  }
  const current = new Map(recorded.map((row) => [keyOf(row), row.checksum]));
  const stale = loaded.routines.filter((r) => current.get(keyOf(r)) !== r.checksum || !existing.has(keyOf(r)));
  await createAll(connection, stale, log);
  return { created: stale.map(label), dropped };
}

/** In rounds: one that refers to something not created yet waits for the next round. */
async function createAll(connection: Connection, routines: readonly Routine[], log: Log): Promise<void> {
  let left = [...routines];
  while (left.length > 0) {
    const waiting: { routine: Routine; error: unknown }[] = [];
    for (const routine of left) {
      try {
        await create(connection, routine);
        log.debug({ routine: label(routine) }, "created");
      } catch (error) {
        if (!NOT_YET.has(errnoOf(error) ?? 0)) throw failure(routine, error);
        waiting.push({ routine, error });
      }
    }
    const first = waiting[0];
    if (first !== undefined && waiting.length === left.length) throw failure(first.routine, first.error);
    left = waiting.map(({ routine }) => routine);
  }
}

async function create(connection: Connection, routine: Routine): Promise<void> {
  if (routine.kind === "view") {
    // Views can be replaced in one step, without a moment in which they are missing.
    await connection.query(routine.create.replace(/^CREATE\s+(?:OR\s+REPLACE\s+)?/i, "CREATE OR REPLACE "));
  } else {
    await connection.query(dropStatement(routine));
    await connection.query(routine.create);
  }
  await connection.query("REPLACE INTO schema_routines VALUES (?, ?, ?, ?, UTC_TIMESTAMP(3))", [
    routine.kind,
    routine.name,
    routine.source,
    routine.checksum,
  ]);
}

async function existingRoutines(connection: Connection): Promise<Set<string>> {
  const [rows] = await connection.query(
    `SELECT LOWER(ROUTINE_TYPE) AS kind, ROUTINE_NAME AS name FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE()
     UNION ALL SELECT 'view', TABLE_NAME FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE()
     UNION ALL SELECT 'trigger', TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()`,
  );
  return new Set((rows as { kind: string; name: string }[]).map(keyOf));
}

function keyOf(routine: { readonly kind: string; readonly name: string }): string {
  return `${routine.kind} ${routine.name.toLowerCase()}`;
}

function label(routine: { readonly kind: string; readonly source: string; readonly name: string }): string {
  return `${routine.kind} ${routine.source}/${routine.name}`;
}

function dropStatement(routine: { readonly kind: RoutineKind; readonly name: string }): string {
  return `DROP ${routine.kind.toUpperCase()} IF EXISTS ${quoteName(routine.name)}`;
}

function failure(routine: Routine, error: unknown): SchemaError {
  return new SchemaError(`${label(routine)}: ${error instanceof Error ? error.message : String(error)}`);
}
