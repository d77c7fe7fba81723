import { ConfigError } from "@stipend/platform/config/config";
import { Lifecycle } from "@stipend/platform/lifecycle/lifecycle";
import { createLog } from "@stipend/platform/log/log";
import { createApp } from "./app.ts";
import { type GatewayConfig, loadConfig } from "./config.ts";
import { FeaturesFileError } from "./features/features-file.ts";

async function main(config: GatewayConfig): Promise<void> {
  const log = createLog({ service: "gateway", level: config.STIPEND_LOG_LEVEL });
  const lifecycle = new Lifecycle({ log });
  for (const part of createApp(config, log).parts) lifecycle.add(part);
  await lifecycle.run();
}

function refuseToStart(error: unknown): void {
  if (!(error instanceof ConfigError || error instanceof FeaturesFileError)) throw error;
  process.stderr.write(`gateway: ${error.message}\n`);
  process.exitCode = 1;
}

try {
  await main(loadConfig());
} catch (error) {
  refuseToStart(error);
}
