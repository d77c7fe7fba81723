import { commonConfig, onOff, wholeNumber } from "@stipend/platform/config/common";
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
  /** Batches under way at once; operations of one user always share a lane. */
  STIPEND_CREDITS_LANES: wholeNumber(1, 64).default(4),
  /** Most operations in one transaction. */
  STIPEND_CREDITS_MAX_BATCH: wholeNumber(1, 1_000).default(200),
  /** Operations that may wait for their turn; more are refused with 503. */
  STIPEND_CREDITS_MAX_WAITING: wholeNumber(1, 100_000).default(10_000),
  /** Whether pages and charts of a ledger are kept in Redis, by the account's version. */
  STIPEND_READ_CACHE: onOff.default(true),
  /** How often due resets are looked for; a touched account is served at once. */
  STIPEND_CREDITS_SWEEP_MS: wholeNumber(100, 3_600_000).default(15_000),
  /** How often expired holds and grants are looked for; what is read is judged by the clock anyway. */
  STIPEND_CREDITS_EXPIRY_MS: wholeNumber(100, 3_600_000).default(2_000),
  /** How long news of a membership waits for the news before it, in milliseconds; 0: not at all. */
  STIPEND_CREDITS_GAP_MS: wholeNumber(0, 3_600_000).default(60_000),
  /** Credits. An admin's grant, adjustment, refund or gift above it waits for a second admin; 1,000,000: none does. */
  STIPEND_FOUR_EYES_THRESHOLD: wholeNumber(0, 1_000_000).default(100_000),
  /** How long a proposal waits. */
  STIPEND_FOUR_EYES_HOURS: wholeNumber(1, 8_760).default(72),
});

export type Config = z.output<typeof schema>;

/** The only reader of the environment. @throws ConfigError listing every mistake by the variable's name. */
export function loadConfig(env: NodeJS.ProcessEnv): Config {
  return readConfig(schema, env);
}
