import { describe, expect, it } from "vitest";
import { z } from "zod";
import { commonConfig } from "../src/config/common.ts";
import { ConfigError, readConfig } from "../src/config/config.ts";

const schema = z.object({
  ...commonConfig.runtime,
  ...commonConfig.http,
  ...commonConfig.mysql,
  ...commonConfig.kafka,
  ...commonConfig.redis,
  ...commonConfig.internalAuth,
  ...commonConfig.clock,
  ...commonConfig.telemetry,
});

const complete = {
  STIPEND_HTTP_PORT: "8081",
  STIPEND_METRICS_PORT: "8091",
  STIPEND_MYSQL_URL: "mysql://u:p@127.0.0.1:3306/stipend_credits",
  STIPEND_KAFKA_BROKERS: "127.0.0.1:9092, broker-2:9092",
  STIPEND_REDIS_URL: "redis://127.0.0.1",
  STIPEND_INTERNAL_JWKS_FILE: "keys.json",
};

function mistakes(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    readConfig(schema, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes;
    throw error;
  }
  return [];
}

describe("readConfig", () => {
  it("reads what is given and fills in the defaults", () => {
    expect(readConfig(schema, complete)).toMatchObject({
      NODE_ENV: "production",
      STIPEND_HTTP_HOST: "127.0.0.1",
      STIPEND_HTTP_PORT: 8081,
      STIPEND_MYSQL_POOL_SIZE: 16,
      STIPEND_KAFKA_BROKERS: ["127.0.0.1:9092", "broker-2:9092"],
      STIPEND_TOPIC_PREFIX: "stipend",
      STIPEND_REDIS_PREFIX: "stipend:",
      STIPEND_DEV_CLOCK: false,
      STIPEND_TIMEZONE: "UTC",
    });
  });

  it("lists every mistake at once, each by the variable's name", () => {
    const found = mistakes({
      ...complete,
      STIPEND_HTTP_PORT: undefined,
      STIPEND_METRICS_PORT: "http",
      STIPEND_MYSQL_URL: "mysql://u:p@127.0.0.1:3306",
      STIPEND_MYSQL_POOL_SIZE: "0",
      STIPEND_KAFKA_BROKERS: "nowhere",
      STIPEND_TIMEZONE: "Europe/Nowhere",
      STIPEND_REDIS_URL: "http://127.0.0.1",
    });
    expect(found.map((m) => m.split(/[: ]/)[0]).sort()).toEqual([
      "STIPEND_HTTP_PORT",
      "STIPEND_KAFKA_BROKERS",
      "STIPEND_METRICS_PORT",
      "STIPEND_MYSQL_POOL_SIZE",
      "STIPEND_MYSQL_URL",
      "STIPEND_REDIS_URL",
      "STIPEND_TIMEZONE",
    ]);
    expect(found).toContain("STIPEND_HTTP_PORT is required");
  });

  it("takes an empty variable for unset", () => {
    expect(mistakes({ ...complete, STIPEND_HTTP_PORT: "" })).toEqual(["STIPEND_HTTP_PORT is required"]);
    expect(readConfig(schema, { ...complete, STIPEND_TIMEZONE: "" }).STIPEND_TIMEZONE).toBe("UTC");
  });

  it("never repeats a value, which may be a secret", () => {
    const env = { ...complete, STIPEND_MYSQL_URL: "postgres://u:hunter2@h/db" };
    expect(() => readConfig(schema, env)).toThrow(/STIPEND_MYSQL_URL/);
    expect(mistakes(env).join()).not.toContain("hunter2");
  });

  it("refuses a clock that can be moved in production", () => {
    expect(mistakes({ ...complete, STIPEND_DEV_CLOCK: "on" })[0]).toMatch(/STIPEND_DEV_CLOCK: on is refused/);
    expect(readConfig(schema, { ...complete, STIPEND_DEV_CLOCK: "on", NODE_ENV: "development" })).toMatchObject({
      STIPEND_DEV_CLOCK: true,
    });
  });
});
