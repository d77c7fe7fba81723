import { commonConfig } from "@stipend/platform/config/common";
import { readConfig } from "@stipend/platform/config/config";
import { z } from "zod";

const schema = z.object({
  ...commonConfig.runtime,
  ...commonConfig.http,
  ...commonConfig.mysql,
  ...commonConfig.kafka,
  ...commonConfig.redis,
  ...commonConfig.internalAuth,
  ...commonConfig.clock,
  ...commonConfig.telemetry,
  /** A file, on another disk than the database's if it is to be of use, that gets a line for each new head. */
  STIPEND_AUDIT_ANCHOR_FILE: z.string().optional(),
});

export type Config = z.output<typeof schema>;

/** @throws ConfigError listing every mistake. */
export function loadConfig(env: NodeJS.ProcessEnv = process.env): Config {
  return readConfig(schema, env);
}

const archiveSchema = z.object({
  ...commonConfig.mysqlOwner,
  STIPEND_LOG_LEVEL: commonConfig.runtime.STIPEND_LOG_LEVEL,
});

/** Of src/archive.ts. @throws ConfigError listing every mistake. */
export function loadArchiveConfig(env: NodeJS.ProcessEnv): z.output<typeof archiveSchema> {
  return readConfig(archiveSchema, env);
}
