import type { EngineNeeds, EngineUrls } from "./types.ts";

/** Engines that the caller names by STIPEND_TEST_MYSQL_URL, STIPEND_TEST_KAFKA_BROKERS and STIPEND_TEST_REDIS_URL. */
export function givenEngines(needs: EngineNeeds, env: NodeJS.ProcessEnv): EngineUrls {
  return {
    ...(needs.mysql && env.STIPEND_TEST_MYSQL_URL ? { mysqlAdminUrl: env.STIPEND_TEST_MYSQL_URL } : {}),
    ...(needs.kafka && env.STIPEND_TEST_KAFKA_BROKERS ? { kafkaBrokers: env.STIPEND_TEST_KAFKA_BROKERS } : {}),
    ...(needs.redis && env.STIPEND_TEST_REDIS_URL ? { redisUrl: env.STIPEND_TEST_REDIS_URL } : {}),
  };
}

/** What is needed and not among these. */
export function stillNeeded(needs: EngineNeeds, urls: EngineUrls): EngineNeeds {
  return {
    mysql: Boolean(needs.mysql) && urls.mysqlAdminUrl === undefined,
    kafka: Boolean(needs.kafka) && urls.kafkaBrokers === undefined,
    redis: Boolean(needs.redis) && urls.redisUrl === undefined,
  };
}
