import { fileURLToPath } from "node:url";
import type { EngineUrls } from "@stipend/testing/engines/types";
import { type FreshDatabase, freshSchema } from "@stipend/testing/fresh-database";
import type {} from "@stipend/testing/global-setup";
import { inject } from "vitest";

const SQL = fileURLToPath(new URL("../sql", import.meta.url));

export function engines(): Required<EngineUrls> {
  const { mysqlAdminUrl, kafkaBrokers, redisUrl } = inject("engines");
  if (mysqlAdminUrl === undefined || kafkaBrokers === undefined || redisUrl === undefined) {
    throw new Error("the engines were not started");
  }
  return { mysqlAdminUrl, kafkaBrokers, redisUrl };
}

/** A schema with the tables and procedures of test/sql. */
export function testSchema(): Promise<FreshDatabase> {
  return freshSchema(engines().mysqlAdminUrl, "platform", [{ name: "test", dir: SQL }]);
}

/** The same URL through another port of this machine. */
export function viaPort(url: string, port: number): string {
  const changed = new URL(url);
  changed.hostname = "127.0.0.1";
  changed.port = String(port);
  return changed.href;
}
