import { z } from "zod";
import { commonConfig } from "../config/common.ts";
import { ConfigError, readConfig } from "../config/config.ts";
import { createLog } from "../log/log.ts";
import { migrate } from "./migrator.ts";
import { SchemaError, type SqlSource } from "./sources.ts";
import { parseMysqlUrl } from "./url.ts";

const schema = z.object({
  ...commonConfig.mysqlOwner,
  STIPEND_LOG_LEVEL: commonConfig.runtime.STIPEND_LOG_LEVEL,
  /** Default: the owner's name with _app for _owner, as provision names them. */
  STIPEND_MYSQL_SERVICE_USER: z.string().optional(),
});

/**
 * The whole of a service's src/migrate.ts. Sets exit code 1, with the reason on stderr, when it fails.
 *
 * @param env the process's environment: src/migrate.ts passes it, as the only reader beside config.ts.
 */
export async function runMigrate(
  service: string,
  sources: readonly SqlSource[],
  env: NodeJS.ProcessEnv,
): Promise<void> {
  try {
    const config = readConfig(schema, env);
    const log = createLog({ service, level: config.STIPEND_LOG_LEVEL });
    const ownerUrl = config.STIPEND_MYSQL_OWNER_URL;
    const serviceUser = config.STIPEND_MYSQL_SERVICE_USER ?? parseMysqlUrl(ownerUrl).user.replace(/_owner$/, "_app");
    const report = await migrate({ ownerUrl, sources, serviceUser, log });
    log.info({ ...report }, "schema is current");
  } catch (error) {
    process.exitCode = 1;
    const known = error instanceof ConfigError || error instanceof SchemaError;
    process.stderr.write(`${service}: migration failed: ${known ? error.message : String(error)}\n`);
  }
}
