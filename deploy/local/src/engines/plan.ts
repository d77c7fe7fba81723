/** Decides which engine runs how: given by URL, in Docker, or natively. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LauncherError } from "../errors.ts";
import { type NativeNeeds, prepareToolbox, type Toolbox } from "../install/toolbox.ts";
import { type Paths, pathsOf } from "../paths.ts";
import type { UnitSpec } from "../process/unit.ts";
import { type Reporter, Step } from "../report/reporter.ts";
import type { EngineAddresses } from "../services/environment.ts";
import type { EngineMode, Settings } from "../settings.ts";
import { type DockerEngine, dockerAnswers, IMAGES, missingImages } from "./docker-cli.ts";
import { dockerEngine } from "./docker-engines.ts";
import { kafkaNative } from "./kafka-native.ts";
import { mysqlAdminUrl, mysqlNative } from "./mysql-native.ts";
import { redisNative } from "./redis-native.ts";
import { tracesDoor, zipkinNative } from "./traces-native.ts";

export type RunMode = "native" | "docker";

export interface EnginePlan {
  mode: RunMode;
  units: UnitSpec[];
  addresses: EngineAddresses;
  /** where a person looks at traces */
  traceUiUrl: string | undefined;
}

/** Which engines the launcher runs itself. */
export type WantedEngines = Record<DockerEngine, boolean>;

export function wantedEngines(settings: Settings, traces = true): WantedEngines {
  return {
    mysql: !settings.given.mysqlAdminUrl,
    kafka: !settings.given.kafkaBrokers,
    redis: !settings.given.redisUrl,
    traces: traces && !settings.given.otlpUrl,
  };
}

const chosen = (wanted: WantedEngines): DockerEngine[] =>
  (Object.keys(wanted) as DockerEngine[]).filter((engine) => wanted[engine]);

/** "docker" only when an engine answers and has or can pull every image in time: it may answer and still not pull. */
export async function chooseMode(mode: EngineMode, wanted: WantedEngines, reporter: Reporter): Promise<RunMode> {
  const engines = chosen(wanted);
  if (mode === "native" || engines.length === 0) return "native";
  const step = new Step(reporter, "engines by");
  step.say("asking for a Docker engine");
  const problem = await dockerProblem(engines.map((engine) => IMAGES[engine]));
  if (problem && mode === "docker") {
    throw new LauncherError(`The engines should run in Docker, but ${problem}.`, {
      advice:
        "start Docker (and let it reach its registry), or set STIPEND_ENGINES=native: that begins with data of its own.",
    });
  }
  step.skip(problem ? `native processes (${problem})` : "Docker");
  return problem ? "native" : "docker";
}

/**
 * How the engines of this home run. The first start decides and is remembered, as the data stands either in the home or
 * in Docker's volumes: a Docker engine that appears or goes must not make a system look empty. --fresh forgets it.
 */
async function modeOf(settings: Settings, wanted: WantedEngines, paths: Paths, reporter: Reporter): Promise<RunMode> {
  const file = modeFile(paths);
  const remembered = settings.engines === "auto" ? readMode(file) : undefined;
  const mode = await chooseMode(remembered ?? settings.engines, wanted, reporter);
  mkdirSync(paths.data, { recursive: true });
  writeFileSync(file, mode);
  return mode;
}

/** How the engines of the system in this home were run the last time; undefined before the first. */
export function rememberedMode(settings: Settings): RunMode | undefined {
  return readMode(modeFile(pathsOf(settings.home)));
}

const modeFile = (paths: Paths): string => join(paths.data, "engines-run-by");

function readMode(file: string): RunMode | undefined {
  if (!existsSync(file)) return undefined;
  return readFileSync(file, "utf8") === "docker" ? "docker" : "native";
}

async function dockerProblem(images: readonly string[]): Promise<string | undefined> {
  if (!(await dockerAnswers())) return "no Docker engine answers";
  const missing = await missingImages(images);
  return missing.length === 0 ? undefined : `Docker can't get ${missing.join(", ")} within 20 s`;
}

function need<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new LauncherError(`${what} was not found after installing.`);
  return value;
}

function nativeUnits(wanted: WantedEngines, settings: Settings, paths: Paths, tools: Toolbox): UnitSpec[] {
  const { ports } = settings;
  const units: UnitSpec[] = [];
  if (wanted.mysql)
    units.push(
      mysqlNative({
        server: need(tools.mysql, "A MySQL server"),
        paths,
        port: ports.mysql,
        bufferPool: settings.mysqlBufferPool,
      }),
    );
  if (wanted.kafka)
    units.push(
      kafkaNative({
        java: need(tools.java, "Java"),
        jars: need(tools.kafkaJars, "Kafka"),
        paths,
        port: ports.kafka,
        controllerPort: ports.kafkaController,
        heap: settings.kafkaHeap,
      }),
    );
  if (wanted.redis) units.push(redisNative({ server: need(tools.redis, "A Redis server"), paths, port: ports.redis }));
  if (wanted.traces) {
    const options = {
      java: need(tools.java, "Java"),
      jars: need(tools.zipkinJars, "Zipkin"),
      paths,
      zipkinPort: ports.zipkin,
      doorPort: ports.traces,
    };
    units.push(zipkinNative(options), tracesDoor(options));
  }
  return units;
}

export function nativeNeeds(wanted: WantedEngines): NativeNeeds {
  return { mysql: wanted.mysql, redis: wanted.redis, kafka: wanted.kafka, zipkin: wanted.traces };
}

function addressesOf(wanted: WantedEngines, settings: Settings, paths: Paths): EngineAddresses {
  const { given, ports } = settings;
  const otlpUrl = wanted.traces ? `http://127.0.0.1:${ports.traces}` : given.otlpUrl;
  return {
    mysqlAdminUrl: given.mysqlAdminUrl ?? mysqlAdminUrl(paths, ports.mysql),
    kafkaBrokers: given.kafkaBrokers ?? `127.0.0.1:${ports.kafka}`,
    redisUrl: given.redisUrl ?? `redis://127.0.0.1:${ports.redis}`,
    ...(otlpUrl ? { otlpUrl } : {}),
  };
}

function traceUi(wanted: WantedEngines, mode: RunMode, settings: Settings): string | undefined {
  if (!wanted.traces) return settings.given.otlpUrl;
  return mode === "docker"
    ? `http://127.0.0.1:${settings.ports.zipkin}`
    : `http://127.0.0.1:${settings.ports.traces}/zipkin/`;
}

/** Chooses, installs what is missing, and tells how to run each engine. Starts nothing. */
export async function planEngines(
  wanted: WantedEngines,
  settings: Settings,
  paths: Paths,
  reporter: Reporter,
  signal?: AbortSignal,
): Promise<EnginePlan> {
  const mode = await modeOf(settings, wanted, paths, reporter);
  const units =
    mode === "docker"
      ? chosen(wanted).map((engine) => dockerEngine(engine, paths, settings.ports, settings.mysqlBufferPool))
      : nativeUnits(
          wanted,
          settings,
          paths,
          await prepareToolbox(nativeNeeds(wanted), settings.cache, reporter, signal),
        );
  return { mode, units, addresses: addressesOf(wanted, settings, paths), traceUiUrl: traceUi(wanted, mode, settings) };
}
