import { type Connection, createConnection } from "mysql2/promise";
import { grantPattern, USER_HOSTS } from "./grants.ts";
import { connectionOptions, parseMysqlUrl, quoteName } from "./url.ts";

export interface ProvisionOptions {
  readonly schema: string;
  readonly ownerUser: string;
  readonly ownerPassword: string;
  readonly serviceUser: string;
  readonly servicePassword: string;
}

/**
 * Makes a schema with its two users: the owner, who may do everything in it and nothing elsewhere, and the service's
 * user, who gets its rights from the migrator. Repeatable; passwords are set to the given ones each time.
 *
 * @throws Error when triggers could not be created later (binary log on, log_bin_trust_function_creators off) and the
 * administrator may not switch that on; the message names the setting.
 */
export async function provision(adminUrl: string, options: ProvisionOptions): Promise<void> {
  const connection = await createConnection(connectionOptions(parseMysqlUrl(adminUrl)));
  try {
    await allowTriggers(connection);
    await connection.query(
      `CREATE DATABASE IF NOT EXISTS ${quoteName(options.schema)} DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
    );
    const pattern = await grantPattern(connection, options.schema);
    for (const host of USER_HOSTS) {
      const owner = account(connection, options.ownerUser, host);
      await createUser(connection, owner, options.ownerPassword);
      await connection.query(`GRANT ALL PRIVILEGES ON ${pattern}.* TO ${owner} WITH GRANT OPTION`);
      await createUser(connection, account(connection, options.serviceUser, host), options.servicePassword);
    }
  } finally {
    await connection.end();
  }
}

/** Removes what provision made: for tests. */
export async function deprovision(
  adminUrl: string,
  options: Pick<ProvisionOptions, "schema" | "ownerUser" | "serviceUser">,
): Promise<void> {
  const connection = await createConnection(connectionOptions(parseMysqlUrl(adminUrl)));
  try {
    await connection.query(`DROP DATABASE IF EXISTS ${quoteName(options.schema)}`);
    for (const host of USER_HOSTS) {
      for (const user of [options.ownerUser, options.serviceUser]) {
        await connection.query(`DROP USER IF EXISTS ${account(connection, user, host)}`);
      }
    }
  } finally {
    await connection.end();
  }
}

function account(connection: Connection, user: string, host: string): string {
  return `${connection.escape(user)}@${connection.escape(host)}`;
}

async function createUser(connection: Connection, user: string, password: string): Promise<void> {
  const secret = connection.escape(password);
  await connection.query(`CREATE USER IF NOT EXISTS ${user} IDENTIFIED BY ${secret}`);
  await connection.query(`ALTER USER ${user} IDENTIFIED BY ${secret}`);
}

/** With the binary log on, a schema's owner cannot create triggers unless the server trusts function creators. */
async function allowTriggers(connection: Connection): Promise<void> {
  const [rows] = await connection.query("SELECT @@log_bin AS log_bin, @@log_bin_trust_function_creators AS trusted");
  const state = (rows as { log_bin: unknown; trusted: unknown }[])[0];
  if (Number(state?.log_bin) !== 1 || Number(state?.trusted) === 1) return;
  try {
    await connection.query("SET GLOBAL log_bin_trust_function_creators = 1");
  } catch (cause) {
    throw new Error(
      "The server writes a binary log and has log_bin_trust_function_creators = 0, so that triggers cannot be created. " +
        "Set log_bin_trust_function_creators = 1 in its configuration.",
      { cause },
    );
  }
}
