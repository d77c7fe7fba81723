import { DevClock } from "@stipend/platform/clock/clock";
import { loadDevClock } from "@stipend/platform/clock/dev-clock-door";
import { ConfigError } from "@stipend/platform/config/config";
import { createLog } from "@stipend/platform/log/log";
import { checkSchema } from "@stipend/platform/mysql/migrator";
import { createApp } from "./app.ts";
import { type Config, loadConfig } from "./config.ts";
import { MIGRATE_COMMAND, SERVICE, sqlSources } from "./sql.ts";

async function main(config: Config): Promise<void> {
  const log = createLog({ service: SERVICE, level: config.STIPEND_LOG_LEVEL });
  const app = createApp(config, log);
  try {
    await checkSchema(app.db, sqlSources, MIGRATE_COMMAND);
  } catch (error) {
    log.fatal({ err: error }, error instanceof Error ? error.message : "the schema cannot be checked");
    process.exitCode = 1;
    await app.db.stop();
    return;
  }
  if (app.clock instanceof DevClock) {
    await loadDevClock(config.STIPEND_REDIS_URL, config.STIPEND_REDIS_PREFIX, app.clock);
  }
  await app.lifecycle.run();
}

function readConfigOrExit(): Config | undefined {
  try {
    return loadConfig();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${SERVICE}: ${error.message}\n`);
    process.exitCode = 1;
    return undefined;
  }
}

const config = readConfigOrExit();
if (config !== undefined) await main(config);
