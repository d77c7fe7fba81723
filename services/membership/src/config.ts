import { commonConfig, wholeNumber } from "@stipend/platform/config/common";
import { readConfig } from "@stipend/platform/config/config";
import { z } from "zod";

/** "7,3,1" → [7, 3, 1]: distinct whole days, at most ten. */
const days = z
  .string()
  .regex(/^\d{1,3}(,\d{1,3}){0,9}$/, "must be up to ten numbers of days such as 7,3,1")
  .transform((text) => [...new Set(text.split(",").map(Number))].sort((a, b) => b - a))
  .refine((list) => list.every((day) => day >= 1 && day <= 365), "must be days between 1 and 365");

const schema = z.object({
  ...commonConfig.runtime,
  ...commonConfig.http,
  ...commonConfig.mysql,
  ...commonConfig.kafka,
  ...commonConfig.redis,
  ...commonConfig.internalAuth,
  ...commonConfig.clock,
  ...commonConfig.telemetry,
  /** How many days before its end a membership is reminded of. */
  STIPEND_REMINDER_DAYS: days.default([7, 3, 1]),
  /** How often renewals and ends are looked for, in milliseconds. */
  STIPEND_MEMBERSHIP_JOB_MS: wholeNumber(100, 3_600_000).default(1_000),
  /** How often reminders are looked for, in milliseconds: each look reads all that ends within the longest of days. */
  STIPEND_REMINDER_JOB_MS: wholeNumber(100, 3_600_000).default(30_000),
  /** Members, or reminders, in one transaction. */
  STIPEND_MEMBERSHIP_JOB_BATCH: wholeNumber(1, 1_000).default(200),
});

export type Config = z.output<typeof schema>;

/** @throws ConfigError naming every variable that is missing or wrong. */
export function loadConfig(): Config {
  return readConfig(schema, process.env);
}
