import { type Connection, createConnection } from "mysql2/promise";
import { connectionOptions, parseMysqlUrl, quoteName } from "./url.ts";

/**
 * Everything in a schema as text that is the same for the same structure: no definers, counters, schema names or
 * versions. Kept as sql/schema.snapshot.sql and compared in a test. The text is the server's own, so it differs between
 * MySQL and MariaDB: the first line says which it is from, and snapshots are kept of MariaDB.
 */
export async function dumpSchema(url: string): Promise<string> {
  const target = parseMysqlUrl(url);
  const connection = await createConnection(connectionOptions(target));
  try {
    const engine = (await one(connection, "SELECT VERSION() AS value"))["value"];
    const parts = [
      `-- Dumped from ${String(engine).includes("MariaDB") ? "MariaDB" : "MySQL"}. Made by dumpSchema; do not edit.`,
    ];
    for (const { type, name } of await objects(connection)) {
      const row = await one(connection, `SHOW CREATE ${type} ${quoteName(name)}`);
      parts.push(normalise(String(createColumn(row)), target.schema));
    }
    return `${parts.join("\n\n")}\n`;
  } finally {
    await connection.end();
  }
}

async function objects(connection: Connection): Promise<{ type: string; name: string }[]> {
  const [rows] = await connection.query(
    `SELECT 1 AS sort, 'TABLE' AS type, TABLE_NAME AS name FROM information_schema.TABLES
      WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE'
     UNION ALL SELECT 2, 'VIEW', TABLE_NAME FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE()
     UNION ALL SELECT 3, ROUTINE_TYPE, ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE()
     UNION ALL SELECT 4, 'TRIGGER', TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()`,
  );
  const found = rows as { sort: number; type: string; name: string }[];
  return found.sort((a, b) => a.sort - b.sort || compare(a.name, b.name));
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

async function one(connection: Connection, sql: string): Promise<Record<string, unknown>> {
  const [rows] = await connection.query(sql);
  const row = (rows as Record<string, unknown>[])[0];
  if (row === undefined) throw new Error(`no answer to: ${sql}`);
  return row;
}

function createColumn(row: Record<string, unknown>): unknown {
  const column = Object.keys(row).find((key) => key.startsWith("Create ") || key === "SQL Original Statement");
  if (column === undefined) throw new Error(`no CREATE text in ${Object.keys(row).join(", ")}`);
  return row[column];
}

function normalise(create: string, schema: string): string {
  const text = create
    .replaceAll(`\`${schema}\`.`, "")
    .replace(/DEFINER=\S+ /, "")
    .replace(/ALGORITHM=UNDEFINED /, "")
    .replace(/ AUTO_INCREMENT=\d+/, "")
    .replaceAll("\r\n", "\n");
  return `${text.trimEnd()};`;
}
