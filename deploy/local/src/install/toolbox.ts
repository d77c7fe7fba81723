/** Everything the native engines need on this machine, found or installed. */
import { LauncherError } from "../errors.ts";
import type { Reporter } from "../report/reporter.ts";
import { Step } from "../report/reporter.ts";
import {
  findJava,
  findMysqlServer,
  findProgram,
  findRedisServer,
  type MysqlServer,
  OLDEST_JAVA,
  type RedisServer,
} from "./binaries.ts";
import { ensureJars, haveJars, type JarSet, jarsFolder } from "./jars.ts";
import { installPackages, manualCommand, type Need } from "./packages.ts";

/** Which engines will run natively. */
export interface NativeNeeds {
  mysql: boolean;
  redis: boolean;
  kafka: boolean;
  zipkin: boolean;
}

export interface Toolbox {
  mysql?: MysqlServer;
  redis?: RedisServer;
  java?: string;
  /** folder of Kafka's jars */
  kafkaJars?: string;
  zipkinJars?: string;
}

interface Found {
  mysql: MysqlServer | undefined;
  redis: RedisServer | undefined;
  java: string | undefined;
  maven: string | undefined;
}

function jarSetsOf(needs: NativeNeeds): JarSet[] {
  return [...(needs.kafka ? (["kafka"] as const) : []), ...(needs.zipkin ? (["zipkin"] as const) : [])];
}

async function look(needs: NativeNeeds, cache: string): Promise<Found> {
  const jars = jarSetsOf(needs);
  return {
    mysql: needs.mysql ? await findMysqlServer() : undefined,
    redis: needs.redis ? await findRedisServer(cache) : undefined,
    java: jars.length > 0 ? (await findJava()).java?.java : undefined,
    maven: findProgram("mvn"),
  };
}

function missingOf(needs: NativeNeeds, found: Found, cache: string): Need[] {
  const jars = jarSetsOf(needs);
  const missing: Need[] = [];
  if (needs.mysql && !found.mysql) missing.push("mysql");
  if (needs.redis && !found.redis) missing.push("redis");
  if (jars.length > 0 && !found.java) missing.push("java");
  if (jars.some((set) => !haveJars(cache, set)) && !found.maven) missing.push("maven");
  return missing;
}

async function findOrInstall(needs: NativeNeeds, cache: string, step: Step, signal?: AbortSignal): Promise<Found> {
  const found = await look(needs, cache);
  const missing = missingOf(needs, found, cache);
  if (missing.length === 0) return found;
  // once begun, an installation is not cut short: a package manager that is killed leaves a mess
  signal?.throwIfAborted();
  await installPackages(missing, step);
  const after = await look(needs, cache);
  const still = missingOf(needs, after, cache);
  if (still.length === 0) return after;
  const { tooOld } = await findJava();
  throw new LauncherError(`Installed, but still not usable: ${still.join(", ")}.`, {
    advice:
      still.includes("java") && tooOld
        ? `${tooOld.java} is Java ${tooOld.major}; Java ${OLDEST_JAVA} or newer is needed. Install one and point JAVA_HOME at it.`
        : `try by hand: ${manualCommand(still)}`,
  });
}

function describe(found: Found): string {
  const parts = [
    found.mysql ? `${found.mysql.flavour === "mariadb" ? "MariaDB" : "MySQL"} ${found.mysql.version}` : undefined,
    found.redis?.label,
    found.java ? "Java" : undefined,
  ];
  return parts.filter((part) => part !== undefined).join(", ") || "nothing needed";
}

/**
 * Finds, installs and fetches what the native engines need; progress goes to the step "tools".
 *
 * @throws LauncherError, or the signal's reason when it was aborted.
 */
export async function prepareToolbox(
  needs: NativeNeeds,
  cache: string,
  reporter: Reporter,
  signal?: AbortSignal,
): Promise<Toolbox> {
  const step = new Step(reporter, "tools");
  const found = await step.run(
    "looking for the programs of the engines",
    async () => {
      const tools = await findOrInstall(needs, cache, step, signal);
      signal?.throwIfAborted();
      for (const set of jarSetsOf(needs)) await ensureJars(cache, set, tools.maven ?? "mvn", step, signal);
      return tools;
    },
    describe,
  );
  return {
    ...(found.mysql ? { mysql: found.mysql } : {}),
    ...(found.redis ? { redis: found.redis } : {}),
    ...(found.java ? { java: found.java } : {}),
    ...(needs.kafka ? { kafkaJars: jarsFolder(cache, "kafka") } : {}),
    ...(needs.zipkin ? { zipkinJars: jarsFolder(cache, "zipkin") } : {}),
  };
}
