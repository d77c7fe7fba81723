import type { ConnectionOptions } from "mysql2";
import type { Connection } from "mysql2/promise";

/** What a mysql:// URL says. */
export interface MysqlTarget {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** Empty when the URL names no schema (an administrator's). */
  readonly schema: string;
}

export function parseMysqlUrl(url: string): MysqlTarget {
  const parsed = new URL(url);
  if (parsed.protocol !== "mysql:") throw new Error("a MySQL URL starts with mysql://");
  return {
    host: parsed.hostname.replace(/^\[|\]$/g, ""),
    port: parsed.port === "" ? 3306 : Number(parsed.port),
    user: decodeURIComponent(parsed.username),
    password: decodeURIComponent(parsed.password),
    schema: decodeURIComponent(parsed.pathname.slice(1)),
  };
}

/**
 * The same settings for every connection of this system, whichever server it meets: UTC, byte-wise comparison as
 * the default collation of the connection, BIGINT as number while it is exact (else string), DECIMAL as number,
 * JSON as text on both engines.
 */
export function connectionOptions(target: MysqlTarget): ConnectionOptions {
  return {
    host: target.host,
    port: target.port,
    user: target.user,
    password: target.password,
    ...(target.schema === "" ? {} : { database: target.schema }),
    charset: "utf8mb4_bin",
    timezone: "Z",
    supportBigNumbers: true,
    bigNumberStrings: false,
    decimalNumbers: true,
    jsonStrings: true,
    // Long stack traces cost an Error object for each statement.
    trace: false,
    enableKeepAlive: true,
    keepAliveInitialDelay: 10_000,
  };
}

const STRICT = "STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION";

/**
 * Statements that make a fresh connection ours. ONLY_FULL_GROUP_BY stays with MySQL: MariaDB's knows no functional
 * dependence and refuses queries that are right. Both lock timeouts are bounded: of rows, and of tables under migration
 * (a year by default on MySQL).
 */
export function sessionStatements(lockWaitSeconds: number): string[] {
  const wait = Math.max(1, Math.floor(lockWaitSeconds));
  return [
    `SET SESSION time_zone = '+00:00', SESSION innodb_lock_wait_timeout = ${wait}, SESSION lock_wait_timeout = ${wait}, ` +
      `SESSION sql_mode = IF(VERSION() LIKE '%MariaDB%', '${STRICT}', 'ONLY_FULL_GROUP_BY,${STRICT}')`,
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
  ];
}

export async function prepareSession(connection: Connection, lockWaitSeconds: number): Promise<void> {
  for (const statement of sessionStatements(lockWaitSeconds)) await connection.query(statement);
}

/** `name` quoted as an identifier. @throws RangeError for a name that needs more than letters, digits, _ $ -. */
export function quoteName(name: string): string {
  if (!/^[A-Za-z0-9_$-]{1,64}$/.test(name)) throw new RangeError(`not a usable SQL name: ${name}`);
  return `\`${name}\``;
}
