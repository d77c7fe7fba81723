import { inject } from "vitest";
import type {} from "../global-setup.ts";

/** Engines of this test run, all three. */
export interface TestEngines {
  mysqlAdminUrl: string;
  kafkaBrokers: string;
  redisUrl: string;
}

/**
 * The engines that the run's globalSetup started (or was given).
 *
 * @throws when called outside a vitest project that has packages/testing/src/global-setup.ts.
 */
export function testEngines(): TestEngines {
  const { mysqlAdminUrl, kafkaBrokers, redisUrl } = inject("engines") ?? {};
  if (!mysqlAdminUrl || !kafkaBrokers || !redisUrl)
    throw new Error("this project's globalSetup provides no engines: is the file named *.int.test.ts?");
  return { mysqlAdminUrl, kafkaBrokers, redisUrl };
}
