/** Reads the launcher's own variables once; docs/operating.md lists them. */

import { resolve } from "node:path";
import { readConfig } from "@stipend/platform/config/config";
import { z } from "zod";
import { REPO_ROOT } from "./repo.ts";
import { PUBLIC_SERVICES, type ServiceName } from "./services/names.ts";

export type EngineMode = "auto" | "native" | "docker";

export interface Ports {
  mysql: number;
  kafka: number;
  kafkaController: number;
  redis: number;
  /** the door: OTLP and the trace UI */
  traces: number;
  /** Zipkin itself, behind the door */
  zipkin: number;
  rewrite: number;
  services: Record<ServiceName, number>;
  metrics: Record<ServiceName, number>;
}

/** Engines that somebody else runs; unset = the launcher runs its own. */
export interface GivenEngines {
  mysqlAdminUrl?: string;
  kafkaBrokers?: string;
  redisUrl?: string;
  otlpUrl?: string;
}

export interface Settings {
  /** absolute: data, logs, keys and pid files of this system */
  home: string;
  /** absolute: downloaded artifacts; shared by every system of this checkout and kept by --fresh */
  cache: string;
  /** tells systems on the same engines apart: schemas `<name>_credits`, topics `<name>.…`, Redis keys `<name>:…` */
  namespace: string;
  engines: EngineMode;
  ports: Ports;
  given: GivenEngines;
  mysqlBufferPool: string;
  kafkaHeap: string;
}

const port = z
  .string()
  .regex(/^\d{1,5}$/, "must be a port number")
  .transform(Number)
  .refine((n) => n >= 1 && n <= 65_535, "must be a port number between 1 and 65535");

const portOr = (fallback: number) => port.default(fallback);

const schema = z.object({
  STIPEND_HOME: z.string().default(".stipend"),
  STIPEND_CACHE: z.string().default(".stipend/cache"),
  STIPEND_NAMESPACE: z
    .string()
    .regex(/^[a-z][a-z0-9_]{0,14}$/, "must be 1-15 characters of a-z 0-9 _, beginning with a letter")
    .default("stipend"),
  STIPEND_ENGINES: z.enum(["auto", "native", "docker"], "must be auto, native or docker").default("auto"),
  STIPEND_PORT: portOr(8080),
  STIPEND_CREDITS_PORT: portOr(8081),
  STIPEND_MEMBERSHIP_PORT: portOr(8082),
  STIPEND_AUDIT_PORT: portOr(8083),
  STIPEND_MONITOR_PORT: portOr(8084),
  STIPEND_REWRITE_PORT: portOr(8085),
  STIPEND_METRICS_PORT: port.refine((n) => n <= 65_500, "must leave room for five ports").default(8090),
  STIPEND_MYSQL_PORT: portOr(13306),
  STIPEND_KAFKA_PORT: portOr(19092),
  STIPEND_KAFKA_CONTROLLER_PORT: port.optional(),
  STIPEND_REDIS_PORT: portOr(16379),
  STIPEND_TRACES_PORT: portOr(19411),
  STIPEND_ZIPKIN_PORT: port.optional(),
  STIPEND_MYSQL_ADMIN_URL: z.string().startsWith("mysql://", "must begin with mysql://").optional(),
  STIPEND_KAFKA_BROKERS: z
    .string()
    .regex(/^[^,\s]+:\d+(,[^,\s]+:\d+)*$/, "must be host:port,host:port")
    .optional(),
  STIPEND_REDIS_URL: z
    .string()
    .regex(/^rediss?:\/\//, "must begin with redis:// or rediss://")
    .optional(),
  STIPEND_OTLP_URL: z
    .string()
    .regex(/^https?:\/\//, "must begin with http:// or https://")
    .optional(),
  STIPEND_MYSQL_BUFFER_POOL: z
    .string()
    .regex(/^\d+[MG]$/, "must be a size such as 512M")
    .default("512M"),
  STIPEND_KAFKA_HEAP: z
    .string()
    .regex(/^\d+[mg]$/, "must be a size such as 512m")
    .default("512m"),
});

type Values = z.output<typeof schema>;

function portsOf(values: Values): Ports {
  const services: Record<ServiceName, number> = {
    gateway: values.STIPEND_PORT,
    credits: values.STIPEND_CREDITS_PORT,
    membership: values.STIPEND_MEMBERSHIP_PORT,
    "admin-audit": values.STIPEND_AUDIT_PORT,
    monitor: values.STIPEND_MONITOR_PORT,
  };
  const metrics = Object.fromEntries(
    PUBLIC_SERVICES.map((name, index) => [name, values.STIPEND_METRICS_PORT + index]),
  ) as Record<ServiceName, number>;
  return {
    mysql: values.STIPEND_MYSQL_PORT,
    kafka: values.STIPEND_KAFKA_PORT,
    kafkaController: values.STIPEND_KAFKA_CONTROLLER_PORT ?? values.STIPEND_KAFKA_PORT + 1,
    redis: values.STIPEND_REDIS_PORT,
    traces: values.STIPEND_TRACES_PORT,
    zipkin: values.STIPEND_ZIPKIN_PORT ?? values.STIPEND_TRACES_PORT + 1,
    rewrite: values.STIPEND_REWRITE_PORT,
    services,
    metrics,
  };
}

function givenOf(values: Values): GivenEngines {
  return {
    ...(values.STIPEND_MYSQL_ADMIN_URL ? { mysqlAdminUrl: values.STIPEND_MYSQL_ADMIN_URL } : {}),
    ...(values.STIPEND_KAFKA_BROKERS ? { kafkaBrokers: values.STIPEND_KAFKA_BROKERS } : {}),
    ...(values.STIPEND_REDIS_URL ? { redisUrl: values.STIPEND_REDIS_URL } : {}),
    ...(values.STIPEND_OTLP_URL ? { otlpUrl: values.STIPEND_OTLP_URL } : {}),
  };
}

/**
 * The settings of the system that this environment describes. Relative folders are taken from the repository's root.
 *
 * @throws ConfigError naming every variable that is wrong.
 */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const values = readConfig(schema, env);
  return {
    home: resolve(REPO_ROOT, values.STIPEND_HOME),
    cache: resolve(REPO_ROOT, values.STIPEND_CACHE),
    namespace: values.STIPEND_NAMESPACE,
    engines: values.STIPEND_ENGINES,
    ports: portsOf(values),
    given: givenOf(values),
    mysqlBufferPool: values.STIPEND_MYSQL_BUFFER_POOL,
    kafkaHeap: values.STIPEND_KAFKA_HEAP,
  };
}
