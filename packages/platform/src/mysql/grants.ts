import type { Connection } from "mysql2/promise";
import { errnoOf } from "./errors.ts";
import type { LoadedSource } from "./sources.ts";
import { quoteName } from "./url.ts";

/**
 * A schema's name as the pattern that GRANT takes: `_` and `%` are wildcards there, and a grant on `stipend_credits`
 * would reach a schema named `stipendXcredits`. With partial revokes on, MySQL takes the name literally.
 */
export async function grantPattern(connection: Connection, schema: string): Promise<string> {
  quoteName(schema);
  const [rows] = await connection.query("SHOW VARIABLES LIKE 'partial_revokes'");
  const literal = (rows as { Value?: string }[])[0]?.Value === "ON";
  return literal ? `\`${schema}\`` : `\`${schema.replaceAll("_", "\\_")}\``;
}

/** Hosts for which provision makes each user: an anonymous ''@'localhost' would hide a user of '%' alone. */
export const USER_HOSTS = ["%", "localhost"] as const;

/** ER_PASSWORD_NO_MATCH, ER_NONEXISTING_GRANT, ER_CANT_CREATE_USER_WITH_GRANT: there is no such user at this host. */
const NO_SUCH_USER: ReadonlySet<number> = new Set([1133, 1141, 1410]);

/** EXECUTE on the schema and SELECT on each of its views: everything the service's user may do. */
export async function grantToService(
  connection: Connection,
  schema: string,
  user: string,
  loaded: LoadedSource,
): Promise<void> {
  const pattern = await grantPattern(connection, schema);
  const views = loaded.routines.filter((routine) => routine.kind === "view");
  let reached = 0;
  let missing: unknown;
  for (const host of USER_HOSTS) {
    const account = `${connection.escape(user)}@${connection.escape(host)}`;
    try {
      await connection.query(`GRANT EXECUTE ON ${pattern}.* TO ${account}`);
      for (const view of views) {
        await connection.query(`GRANT SELECT ON ${quoteName(schema)}.${quoteName(view.name)} TO ${account}`);
      }
      reached += 1;
    } catch (error) {
      if (!NO_SUCH_USER.has(errnoOf(error) ?? 0)) throw error;
      missing = error;
    }
  }
  if (reached === 0) throw missing;
}
