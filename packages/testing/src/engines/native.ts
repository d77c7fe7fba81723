import { rmSync } from "node:fs";
import { EngineSet } from "@stipend/local/engines/engine-set";
import { planEngines } from "@stipend/local/engines/plan";
import { pathsOf } from "@stipend/local/paths";
import { freePort } from "@stipend/local/process/ports";
import type { Reporter } from "@stipend/local/report/reporter";
import { readSettings, type Settings } from "@stipend/local/settings";
import { killAllNow, newTempHome, sweepAbandonedHomes } from "./temp-home.ts";
import type { EngineNeeds, StartedEngines } from "./types.ts";

const PORT_VARIABLES = [
  "STIPEND_MYSQL_PORT",
  "STIPEND_KAFKA_PORT",
  "STIPEND_KAFKA_CONTROLLER_PORT",
  "STIPEND_REDIS_PORT",
];

async function settingsFor(home: string): Promise<Settings> {
  const env: NodeJS.ProcessEnv = { STIPEND_HOME: home, STIPEND_ENGINES: "native", STIPEND_MYSQL_BUFFER_POOL: "256M" };
  if (process.env.STIPEND_CACHE) env.STIPEND_CACHE = process.env.STIPEND_CACHE;
  for (const variable of PORT_VARIABLES) env[variable] = String(await freePort());
  return readSettings(env);
}

/** Engines as processes of their own, with free ports and a temporary folder that goes with them. */
export async function startNativeEngines(needs: EngineNeeds, reporter: Reporter): Promise<StartedEngines> {
  await sweepAbandonedHomes();
  const home = newTempHome();
  const onExit = (): void => killAllNow(home);
  process.on("exit", onExit);
  const settings = await settingsFor(home);
  const paths = pathsOf(home);
  const wanted = {
    mysql: needs.mysql ?? false,
    kafka: needs.kafka ?? false,
    redis: needs.redis ?? false,
    traces: false,
  };
  const set = new EngineSet(await planEngines(wanted, settings, paths, reporter), paths, reporter);
  await set.start();
  const { addresses } = set.plan;
  return {
    source: "native",
    urls: {
      ...(needs.mysql ? { mysqlAdminUrl: addresses.mysqlAdminUrl } : {}),
      ...(needs.kafka ? { kafkaBrokers: addresses.kafkaBrokers } : {}),
      ...(needs.redis ? { redisUrl: addresses.redisUrl } : {}),
    },
    stop: async () => {
      await set.stop();
      process.off("exit", onExit);
      rmSync(home, { recursive: true, force: true });
    },
  };
}
