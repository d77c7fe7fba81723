/** The environment of each service, as docs/operating.md describes it. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { baseEnv } from "../engines/base-env.ts";
import { DEV_AUDIENCE, DEV_ISSUER, type KeyFiles } from "../keys/dev-keys.ts";
import { REPO_ROOT } from "../repo.ts";
import type { Settings } from "../settings.ts";
import type { AppName, SchemaService, ServiceName } from "./names.ts";
import { SCHEMAS } from "./names.ts";

/** Where the engines answer, whoever runs them. */
export interface EngineAddresses {
  mysqlAdminUrl: string;
  kafkaBrokers: string;
  redisUrl: string;
  /** base URL of OTLP over HTTP; unset = no traces */
  otlpUrl?: string;
}

export interface SchemaUrls {
  ownerUrl: string;
  serviceUrl: string;
}

export interface ServiceContext {
  settings: Settings;
  engines: EngineAddresses;
  keys: KeyFiles;
  schemas: Record<SchemaService, SchemaUrls>;
}

/** The launcher's own variables: a service must not see admin URLs, and has ports of its own. */
const LAUNCHER_ONLY =
  /^STIPEND_(HOME|CACHE|NAMESPACE|ENGINES|.*_PORT|PORT|MYSQL_.*|KAFKA_BROKERS|KAFKA_HEAP|REDIS_URL|OTLP_URL|TEST_.*)$/;

/** STIPEND_* variables that the caller set for the services: log level, time zone, limits … */
function passedOn(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => name.startsWith("STIPEND_") && !LAUNCHER_ONLY.test(name)),
  );
}

export function urlOf(settings: Settings, name: AppName): string {
  const port = name === "rewrite" ? settings.ports.rewrite : settings.ports.services[name];
  return `http://127.0.0.1:${port}`;
}

function common(context: ServiceContext, name: ServiceName): NodeJS.ProcessEnv {
  const { settings, engines, keys } = context;
  return {
    ...baseEnv(),
    NODE_ENV: "development",
    // compiled code is kept between starts: a second start of a service takes half the time
    NODE_COMPILE_CACHE: join(settings.cache, "node"),
    KAFKAJS_NO_PARTITIONER_WARNING: "1",
    STIPEND_DEV_CLOCK: "on",
    STIPEND_HTTP_PORT: String(settings.ports.services[name]),
    STIPEND_METRICS_PORT: String(settings.ports.metrics[name]),
    STIPEND_KAFKA_BROKERS: engines.kafkaBrokers,
    STIPEND_TOPIC_PREFIX: settings.namespace,
    STIPEND_GROUP_PREFIX: settings.namespace,
    STIPEND_REDIS_URL: engines.redisUrl,
    STIPEND_REDIS_PREFIX: `${settings.namespace}:`,
    OTEL_SERVICE_NAME: name,
    ...(engines.otlpUrl ? { OTEL_EXPORTER_OTLP_ENDPOINT: engines.otlpUrl } : {}),
    ...(name === "gateway" ? {} : { STIPEND_INTERNAL_JWKS_FILE: keys.internalJwks }),
  };
}

function gatewayOnly(context: ServiceContext): NodeJS.ProcessEnv {
  const { settings, keys } = context;
  return {
    STIPEND_INTERNAL_KEY_FILE: keys.internalPrivate.gateway,
    STIPEND_CREDITS_URL: urlOf(settings, "credits"),
    STIPEND_MEMBERSHIP_URL: urlOf(settings, "membership"),
    STIPEND_AUDIT_URL: urlOf(settings, "admin-audit"),
    STIPEND_MONITOR_URL: urlOf(settings, "monitor"),
    STIPEND_FEATURES_FILE: join(REPO_ROOT, "deploy", "features.yaml"),
    STIPEND_UPSTREAM_REWRITE_URL: urlOf(settings, "rewrite"),
    STIPEND_JWT_ISSUER: DEV_ISSUER,
    STIPEND_JWT_AUDIENCE: DEV_AUDIENCE,
    STIPEND_JWT_ALGORITHMS: "RS256,ES256,EdDSA",
    STIPEND_JWKS_URL: pathToFileURL(keys.issuerJwks).href,
    STIPEND_DEV_SIGN_IN: "on",
    STIPEND_DEV_ISSUER_KEY_FILE: keys.issuerPrivate,
  };
}

function monitorOnly(context: ServiceContext): NodeJS.ProcessEnv {
  return {
    STIPEND_INTERNAL_KEY_FILE: context.keys.internalPrivate.monitor,
    STIPEND_CREDITS_URL: urlOf(context.settings, "credits"),
    STIPEND_MEMBERSHIP_URL: urlOf(context.settings, "membership"),
    STIPEND_AUDIT_URL: urlOf(context.settings, "admin-audit"),
  };
}

/** What a service may know: its own schema's user, never an owner or an admin. What the caller set wins over defaults. */
export function serviceEnvironment(context: ServiceContext, name: ServiceName): NodeJS.ProcessEnv {
  const schema = Object.hasOwn(SCHEMAS, name) ? context.schemas[name as SchemaService] : undefined;
  return {
    ...common(context, name),
    ...(schema ? { STIPEND_MYSQL_URL: schema.serviceUrl } : {}),
    ...(name === "gateway" ? gatewayOnly(context) : {}),
    ...(name === "monitor" ? monitorOnly(context) : {}),
    ...passedOn(),
  };
}

export function migrationEnvironment(context: ServiceContext, name: SchemaService): NodeJS.ProcessEnv {
  return {
    ...baseEnv(),
    NODE_ENV: "development",
    NODE_COMPILE_CACHE: join(context.settings.cache, "node"),
    STIPEND_MYSQL_OWNER_URL: context.schemas[name].ownerUrl,
    // the migrator grants to this user; it reads the name, never the password
    STIPEND_MYSQL_SERVICE_USER: new URL(context.schemas[name].serviceUrl).username,
  };
}
