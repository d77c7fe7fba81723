import { commonConfig, urlOf } from "@stipend/platform/config/common";
import { readConfig } from "@stipend/platform/config/config";
import { z } from "zod";

const schema = z.object({
  ...commonConfig.runtime,
  ...commonConfig.http,
  ...commonConfig.mysql,
  ...commonConfig.kafka,
  ...commonConfig.redis,
  ...commonConfig.internalAuth,
  ...commonConfig.internalKey,
  ...commonConfig.clock,
  ...commonConfig.telemetry,
  STIPEND_CREDITS_URL: urlOf("http", "https"),
  STIPEND_MEMBERSHIP_URL: urlOf("http", "https"),
  STIPEND_AUDIT_URL: urlOf("http", "https"),
  /** Thresholds of the rules. Relative paths are relative to the working directory. */
  STIPEND_MONITOR_FILE: z.string().default("deploy/monitor.yaml"),
});

export type Config = z.output<typeof schema> & {
  /** STIPEND_NOTIFY_…: addresses and secrets of the channels that the settings file names. */
  readonly notifySecrets: Readonly<Record<string, string | undefined>>;
};

/** @throws ConfigError listing every mistake. */
export function loadConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const notifySecrets = Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith("STIPEND_NOTIFY_")));
  return { ...readConfig(schema, env), notifySecrets };
}
