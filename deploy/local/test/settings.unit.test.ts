import { isAbsolute } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { ensureKeys } from "../src/keys/dev-keys.ts";
import { type ServiceContext, serviceEnvironment } from "../src/services/environment.ts";
import { SCHEMA_SERVICES, schemaNames } from "../src/services/schemas.ts";
import { readSettings } from "../src/settings.ts";
import { tempDir } from "./temp-dir.ts";

afterEach(() => void vi.unstubAllEnvs());

test("an empty environment gives the documented defaults", () => {
  const settings = readSettings({});
  expect(settings).toMatchObject({ engines: "auto", namespace: "stipend", given: {} });
  expect(settings.ports).toMatchObject({
    mysql: 13306,
    kafka: 19092,
    kafkaController: 19093,
    redis: 16379,
    traces: 19411,
    rewrite: 8085,
  });
  expect(settings.ports.services).toEqual({
    gateway: 8080,
    credits: 8081,
    membership: 8082,
    "admin-audit": 8083,
    monitor: 8084,
  });
  expect(settings.ports.metrics).toEqual({
    gateway: 8090,
    credits: 8091,
    membership: 8092,
    "admin-audit": 8093,
    monitor: 8094,
  });
  expect(isAbsolute(settings.home)).toBe(true);
});

test("every mistake is listed by the variable's name", () => {
  const read = (): unknown =>
    readSettings({
      STIPEND_PORT: "http",
      STIPEND_ENGINES: "podman",
      STIPEND_MYSQL_ADMIN_URL: "localhost",
      STIPEND_REDIS_PORT: "70000",
    });
  for (const name of ["STIPEND_PORT", "STIPEND_ENGINES", "STIPEND_MYSQL_ADMIN_URL", "STIPEND_REDIS_PORT"])
    expect(read).toThrow(name);
});

test("the longest namespace still makes MySQL user names of at most 32 characters", () => {
  const longest = "abcdefghijklmno";
  readSettings({ STIPEND_NAMESPACE: longest });
  expect(() => readSettings({ STIPEND_NAMESPACE: `${longest}p` })).toThrow("STIPEND_NAMESPACE");
  for (const service of SCHEMA_SERVICES) expect(schemaNames(longest, service).ownerUser.length).toBeLessThanOrEqual(32);
});

async function contextOf(): Promise<ServiceContext> {
  const urls = { ownerUrl: "mysql://owner:owner-secret@h/s", serviceUrl: "mysql://app:app-secret@h/s" };
  return {
    settings: readSettings({}),
    engines: { mysqlAdminUrl: "mysql://root:admin-secret@h", kafkaBrokers: "k:1", redisUrl: "redis://r" },
    keys: await ensureKeys(tempDir()),
    schemas: { credits: urls, membership: urls, "admin-audit": urls, monitor: urls },
  };
}

test("a service sees its own user's URL only: no admin, no owner, no npm variables", async () => {
  vi.stubEnv("STIPEND_MYSQL_ADMIN_URL", "mysql://root:admin-secret@h");
  vi.stubEnv("npm_config_token", "npm-secret");
  const context = await contextOf();
  const credits = JSON.stringify(serviceEnvironment(context, "credits"));
  expect(credits).toContain("app-secret");
  for (const secret of ["admin-secret", "owner-secret", "npm-secret"]) expect(credits).not.toContain(secret);
  expect(serviceEnvironment(context, "gateway")).not.toHaveProperty("STIPEND_MYSQL_URL");
});

test("what the caller sets for the services is passed on and wins", async () => {
  vi.stubEnv("STIPEND_TIMEZONE", "Europe/Berlin");
  vi.stubEnv("STIPEND_DEV_CLOCK", "off");
  expect(serviceEnvironment(await contextOf(), "credits")).toMatchObject({
    STIPEND_TIMEZONE: "Europe/Berlin",
    STIPEND_DEV_CLOCK: "off",
  });
});
