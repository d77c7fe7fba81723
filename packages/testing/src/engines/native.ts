import { rmSync } from "node:fs";
import { EngineSet } from "@stipend/local/engines/engine-set";
import { planEngines } from "@stipend/local/engines/plan";
import { pathsOf } from "@stipend/local/paths";
import { freePort } from "@stipend/local/process/ports";
import type { Reporter } from "@stipend/local/report/reporter";
import type { EngineAddresses } from "@stipend/local/services/environment";
import { readSettings, type Settings } from "@stipend/local/settings";
import { withFreePorts } from "../retry-ports.ts";
import { killAllNow, newTempHome, sweepAbandonedHomes } from "./temp-home.ts";
import type { EngineNeeds, EngineUrls, StartedEngines } from "./types.ts";

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

async function startIn(home: string, needs: EngineNeeds, reporter: Reporter): Promise<EngineSet> {
  const settings = await settingsFor(home);
  const paths = pathsOf(home);
  const { mysql = false, kafka = false, redis = false } = needs;
  const plan = await planEngines({ mysql, kafka, redis, traces: false }, settings, paths, reporter);
  const set = new EngineSet(plan, paths, reporter);
  await set.start();
  return set;
}

async function startOnce(needs: EngineNeeds, reporter: Reporter): Promise<StartedEngines> {
  const home = newTempHome();
  const onExit = (): void => killAllNow(home);
  process.on("exit", onExit);
  const forget = (): void => {
    process.off("exit", onExit);
    rmSync(home, { recursive: true, force: true });
  };
  try {
    const set = await startIn(home, needs, reporter);
    const stop = async (): Promise<void> => {
      await set.stop();
      forget();
    };
    return { source: "native", urls: urlsOf(needs, set.plan.addresses), stop };
  } catch (error) {
    forget();
    throw error;
  }
}

function urlsOf(needs: EngineNeeds, addresses: EngineAddresses): EngineUrls {
  return {
    ...(needs.mysql ? { mysqlAdminUrl: addresses.mysqlAdminUrl } : {}),
    ...(needs.kafka ? { kafkaBrokers: addresses.kafkaBrokers } : {}),
    ...(needs.redis ? { redisUrl: addresses.redisUrl } : {}),
  };
}

/** Engines as processes of their own, with free ports and a temporary folder that goes with them. */
export async function startNativeEngines(needs: EngineNeeds, reporter: Reporter): Promise<StartedEngines> {
  await sweepAbandonedHomes();
  return await withFreePorts(() => startOnce(needs, reporter));
}
