import { ConfigError } from "@stipend/platform/config/config";
import { createLog } from "@stipend/platform/log/log";
import { createApp } from "./app.ts";
import { loadConfig } from "./config.ts";
import { SERVICE } from "./sql.ts";

try {
  const config = loadConfig();
  const log = createLog({ service: SERVICE, level: config.STIPEND_LOG_LEVEL });
  await createApp(config, log).lifecycle.run();
} catch (error) {
  process.exitCode = 1;
  process.stderr.write(`${SERVICE}: ${error instanceof ConfigError ? error.message : String(error)}\n`);
}
