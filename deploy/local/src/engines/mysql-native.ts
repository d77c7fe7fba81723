import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createConnection } from "mysql2/promise";
import { LauncherError } from "../errors.ts";
import type { MysqlServer } from "../install/binaries.ts";
import { run } from "../install/exec.ts";
import { passwordOf } from "../keys/secrets.ts";
import type { Paths } from "../paths.ts";
import type { UnitSpec } from "../process/unit.ts";
import { baseEnv } from "./base-env.ts";
import { giveTo, serverUser } from "./unprivileged.ts";

export interface MysqlNativeOptions {
  server: MysqlServer;
  paths: Paths;
  port: number;
  /** InnoDB's buffer pool, "512M" */
  bufferPool: string;
}

const ROOT_PASSWORD = "mysql-root";
const INIT_TIMEOUT_MS = 120_000;

/** Admin URL of the launcher's own server; the password is made with the data. */
export function mysqlAdminUrl(paths: Paths, port: number): string {
  return `mysql://root:${encodeURIComponent(passwordOf(paths.keys, ROOT_PASSWORD))}@127.0.0.1:${port}`;
}

/** Throws until the server answers a query. */
export async function probeMysql(url: string): Promise<void> {
  const connection = await createConnection({ uri: url, connectTimeout: 2_000 });
  try {
    await connection.query("SELECT 1");
  } finally {
    connection.destroy();
  }
}

/** Longest path of a socket that every system takes. */
const MAX_SOCKET_PATH = 100;

/** Beside the data, unless the home is too deep for a socket's path. */
function socketOf(paths: Paths, parent: string): string {
  const beside = join(parent, "mysql.sock");
  if (beside.length <= MAX_SOCKET_PATH) return beside;
  return `/tmp/stipend-${createHash("sha256").update(paths.home).digest("hex").slice(0, 10)}.mysql.sock`;
}

/**
 * A folder of its own for temporary tables. A MariaDB that starts deletes every `#sql*` file of its tmpdir as left by a
 * crash; in a shared /tmp these may be the live tables of a neighbour, which then dies of signal 11.
 */
const tmpOf = (parent: string): string => join(parent, "tmp");

/** Runs at every start: root gets the launcher's password on the loopback, anonymous users go. */
function accountsSql(password: string): string {
  return [
    "DROP USER IF EXISTS ''@'localhost';",
    "CREATE USER IF NOT EXISTS 'root'@'127.0.0.1';",
    `ALTER USER 'root'@'127.0.0.1' IDENTIFIED BY '${password}';`,
    "GRANT ALL PRIVILEGES ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION;",
    `ALTER USER 'root'@'localhost' IDENTIFIED BY '${password}';`,
    "DROP USER IF EXISTS 'root'@'::1';",
    "",
  ].join("\n");
}

async function createSystemTables(options: MysqlNativeOptions, dir: string, user: string | undefined): Promise<void> {
  const { server } = options;
  const asUser = user ? [`--user=${user}`] : [];
  const tmp = tmpOf(dirname(dir));
  const result =
    server.flavour === "mariadb"
      ? await run(
          server.installDb ?? "mariadb-install-db",
          [
            "--no-defaults",
            `--datadir=${dir}`,
            `--tmpdir=${tmp}`,
            ...asUser,
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            // the machine's own name need not resolve: nobody comes by it
            "--skip-name-resolve",
            "--force",
          ],
          { timeoutMs: INIT_TIMEOUT_MS },
        )
      : await run(
          server.server,
          ["--no-defaults", "--initialize-insecure", `--datadir=${dir}`, `--tmpdir=${tmp}`, ...asUser],
          {
            timeoutMs: INIT_TIMEOUT_MS,
          },
        );
  if (result.code === 0) return;
  throw new LauncherError(`The data folder of ${server.flavour} could not be created (exit code ${result.code}).`, {
    advice: `read the words below; is the disk full, or ${dir} not writable${user ? ` for the user ${user}` : ""}?`,
    lastLines: result.lines.slice(-10),
  });
}

/** Creates the system tables in a folder beside and renames it: a cut-short creation is done again, not used. */
async function prepareData(options: MysqlNativeOptions, parent: string): Promise<void> {
  mkdirSync(tmpOf(parent), { recursive: true });
  chmodSync(parent, 0o755);
  const user = serverUser(parent);
  const initFile = join(parent, "accounts.sql");
  writeFileSync(initFile, accountsSql(passwordOf(options.paths.keys, ROOT_PASSWORD)), { mode: 0o600 });
  const data = join(parent, "data");
  if (!existsSync(data)) {
    const draft = join(parent, "data.new");
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(draft);
    giveTo(parent, user);
    await createSystemTables(options, draft, user?.name);
    renameSync(draft, data);
  }
  giveTo(parent, user);
}

function flavourArgs(server: MysqlServer): string[] {
  return server.flavour === "mysql" ? ["--mysqlx=OFF", "--binlog-expire-logs-seconds=86400"] : [];
}

function serverArgs(options: MysqlNativeOptions, parent: string): string[] {
  const user = serverUser(parent);
  return [
    "--no-defaults",
    ...(user ? [`--user=${user.name}`] : []),
    `--datadir=${join(parent, "data")}`,
    `--port=${options.port}`,
    "--bind-address=127.0.0.1",
    `--socket=${socketOf(options.paths, parent)}`,
    `--pid-file=${join(parent, "server.pid")}`,
    `--tmpdir=${tmpOf(parent)}`,
    `--init-file=${join(parent, "accounts.sql")}`,
    "--skip-name-resolve",
    "--max-connections=400",
    `--innodb-buffer-pool-size=${options.bufferPool}`,
    // an acknowledged commit survives a power cut
    "--innodb-flush-log-at-trx-commit=1",
    // a schema's owner creates triggers; with a binary log that needs SUPER or this
    "--log-bin-trust-function-creators=1",
    "--character-set-server=utf8mb4",
    ...flavourArgs(options.server),
  ];
}

/** MariaDB or MySQL with its own data folder and port. */
export function mysqlNative(options: MysqlNativeOptions): UnitSpec {
  const parent = join(options.paths.data, options.server.flavour);
  const name = options.server.flavour === "mariadb" ? "MariaDB" : "MySQL";
  return {
    name: "mysql",
    label: `${name} ${options.server.version}`,
    prepare: () => prepareData(options, parent),
    process: () => ({ command: options.server.server, args: serverArgs(options, parent), env: baseEnv(), cwd: parent }),
    probe: () => probeMysql(mysqlAdminUrl(options.paths, options.port)),
    readyTimeoutMs: 60_000,
    stopTimeoutMs: 60_000,
    advice: `read the log; if the data folder is damaged, \`npm start -- --fresh\` begins anew. Another server can be given by STIPEND_MYSQL_ADMIN_URL.`,
  };
}
