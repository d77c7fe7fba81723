/** A whole system for black-box tests: own ports, own temporary home, parts that can be killed and started again. */
import { readFileSync, rmSync } from "node:fs";
import { type Reporter, silentReporter } from "@stipend/local/report/reporter";
import { urlOf } from "@stipend/local/services/environment";
import { type AppName, PUBLIC_SERVICES, type ServiceName } from "@stipend/local/services/names";
import { readSettings, type Settings } from "@stipend/local/settings";
import { LocalSystem, type SystemAddresses } from "@stipend/local/system";
import { cleanGivenEngines } from "./clean-up.ts";
import { killAllNow, newTempHome, sweepAbandonedHomes } from "./engines/temp-home.ts";
import { freePortVariables } from "./free-ports.ts";
import { withFreePorts } from "./retry-ports.ts";
import { type TokenMaker, tokenMaker } from "./token.ts";

export interface SystemOptions {
  /** default: a temporary folder, removed by stop() */
  home?: string;
  /** keep the temporary folder after stop() */
  keep?: boolean;
  /** added to the environment of every service */
  env?: Record<string, string>;
  /** added to the environment of single services */
  serviceEnv?: Partial<Record<ServiceName, Record<string, string>>>;
  /** engines by URL; default STIPEND_TEST_MYSQL_URL and its fellows, else engines of its own */
  mysqlUrl?: string;
  kafkaBrokers?: string;
  redisUrl?: string;
  /** start the trace UI as well; default false */
  traces?: boolean;
  /** the gateway serves the web apps, which are built first if need be; default false */
  web?: boolean;
  /** default true */
  devClock?: boolean;
  /** start a part again that dies by itself; default false */
  supervise?: boolean;
  reporter?: Reporter;
}

export interface SystemUrls extends Record<AppName, string> {
  traces?: string;
  mysqlAdmin: string;
  kafkaBrokers: string;
  redis: string;
  metrics: Record<ServiceName, string>;
}

export interface ServiceControl {
  /** SIGKILL; it stays down */
  kill(name: AppName): Promise<void>;
  /** SIGTERM; resolves when it has drained and ended */
  stop(name: AppName): Promise<{ exitCode: number | null }>;
  /** waits for its readiness */
  start(name: AppName): Promise<void>;
  pid(name: AppName): number | undefined;
}

export interface EngineControl {
  stop(): Promise<void>;
  kill(): Promise<void>;
  start(): Promise<void>;
  /** SIGSTOP: keeps its port, answers nothing */
  pause(): void;
  resume(): void;
}

export interface System {
  /** the gateway */
  readonly baseUrl: string;
  readonly home: string;
  /** begins every topic (`<namespace>.credits.v1`), schema (`<namespace>_credits`), group and Redis key */
  readonly namespace: string;
  readonly urls: SystemUrls;
  readonly token: TokenMaker;
  readonly services: ServiceControl;
  /** throws when that engine was given by URL */
  readonly engines: Record<"mysql" | "kafka" | "redis", EngineControl>;
  /** the text of a log so far: a service's name, "mysql", "kafka", … */
  logs(name: string): string;
  stop(): Promise<void>;
}

function givenEngines(options: SystemOptions): NodeJS.ProcessEnv {
  const mysql = options.mysqlUrl ?? process.env.STIPEND_TEST_MYSQL_URL;
  const kafka = options.kafkaBrokers ?? process.env.STIPEND_TEST_KAFKA_BROKERS;
  const redis = options.redisUrl ?? process.env.STIPEND_TEST_REDIS_URL;
  return {
    ...(mysql ? { STIPEND_MYSQL_ADMIN_URL: mysql } : {}),
    ...(kafka ? { STIPEND_KAFKA_BROKERS: kafka } : {}),
    ...(redis ? { STIPEND_REDIS_URL: redis } : {}),
  };
}

async function settingsFor(home: string, options: SystemOptions): Promise<Settings> {
  const env: NodeJS.ProcessEnv = {
    ...(await freePortVariables()),
    ...givenEngines(options),
    STIPEND_HOME: home,
    // engines that may be shared hold many systems' things
    STIPEND_NAMESPACE: `t${Math.random().toString(36).slice(2, 10)}`,
    STIPEND_ENGINES: process.env.STIPEND_ENGINES ?? "native",
    STIPEND_MYSQL_BUFFER_POOL: "256M",
  };
  if (process.env.STIPEND_CACHE) env.STIPEND_CACHE = process.env.STIPEND_CACHE;
  return readSettings(env);
}

function serviceEnv(options: SystemOptions): (name: ServiceName) => NodeJS.ProcessEnv {
  return (name) => ({
    ...(options.devClock === false ? { STIPEND_DEV_CLOCK: "off" } : {}),
    ...options.env,
    ...options.serviceEnv?.[name],
  });
}

function urlsOf(settings: Settings, addresses: SystemAddresses): SystemUrls {
  const apps = Object.fromEntries(
    [...PUBLIC_SERVICES, "rewrite" as const].map((name) => [name, urlOf(settings, name)]),
  );
  const metrics = Object.fromEntries(
    PUBLIC_SERVICES.map((name) => [name, `http://127.0.0.1:${settings.ports.metrics[name]}/metrics`]),
  );
  return {
    ...(apps as Record<AppName, string>),
    ...(addresses.traces ? { traces: `http://127.0.0.1:${settings.ports.traces}` } : {}),
    mysqlAdmin: addresses.mysqlAdminUrl,
    kafkaBrokers: addresses.kafkaBrokers,
    redis: addresses.redisUrl,
    metrics: metrics as Record<ServiceName, string>,
  };
}

function serviceControl(system: LocalSystem): ServiceControl {
  return {
    kill: (name) => system.unit(name).kill(),
    stop: async (name) => ({ exitCode: (await system.unit(name).stop())?.code ?? null }),
    start: (name) => system.unit(name).start(),
    pid: (name) => system.unit(name).pid,
  };
}

function engineControl(system: LocalSystem, name: "mysql" | "kafka" | "redis"): EngineControl {
  return {
    stop: async () => {
      await system.unit(name).stop();
    },
    kill: () => system.unit(name).kill(),
    start: () => system.unit(name).start(),
    pause: () => system.unit(name).pause(),
    resume: () => system.unit(name).resume(),
  };
}

async function startOrClean(system: LocalSystem, cleanUp: () => Promise<void>): Promise<SystemAddresses> {
  try {
    return await system.start();
  } catch (error) {
    await cleanUp();
    throw error;
  }
}

/**
 * Starts a whole system and waits until every service is ready.
 *
 * @throws Error with the last lines of the log of the part that failed; nothing is left running then.
 */
export async function startSystem(options: SystemOptions = {}): Promise<System> {
  await sweepAbandonedHomes();
  return await withFreePorts(() => startOnce(options));
}

async function startOnce(options: SystemOptions): Promise<System> {
  const home = options.home ?? newTempHome(options.keep ? "kept" : "swept");
  const settings = await settingsFor(home, options);
  const system = new LocalSystem(settings, options.reporter ?? silentReporter, {
    traces: options.traces ?? false,
    web: options.web ?? false,
    supervise: options.supervise ?? false,
    serviceEnv: serviceEnv(options),
  });
  const removeHome = options.home === undefined && !options.keep;
  const onExit = (): void => killAllNow(home, removeHome);
  process.on("exit", onExit);
  const stop = async (): Promise<void> => {
    await system.stop();
    process.off("exit", onExit);
    await cleanGivenEngines(settings);
    if (removeHome) rmSync(home, { recursive: true, force: true });
  };
  const addresses = await startOrClean(system, stop);
  return {
    baseUrl: addresses.gateway,
    home,
    namespace: settings.namespace,
    urls: urlsOf(settings, addresses),
    token: tokenMaker(home),
    services: serviceControl(system),
    engines: {
      mysql: engineControl(system, "mysql"),
      kafka: engineControl(system, "kafka"),
      redis: engineControl(system, "redis"),
    },
    logs: (name) => readFileSync(system.paths.logFile(name), "utf8"),
    stop,
  };
}
