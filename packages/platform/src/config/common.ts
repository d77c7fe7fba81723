import { z } from "zod";

/** A TCP port; 0 lets the system choose (tests). */
const port = z
  .string()
  .regex(/^\d{1,5}$/, "must be a port number")
  .transform(Number)
  .refine((n) => n <= 65_535, "must be a port number");

/** A whole number within bounds, written in decimal. */
export function wholeNumber(min: number, max: number) {
  return z
    .string()
    .regex(/^-?\d{1,15}$/, `must be a whole number between ${min} and ${max}`)
    .transform(Number)
    .refine((n) => n >= min && n <= max, `must be a whole number between ${min} and ${max}`);
}

/** "a,b, c" → ["a", "b", "c"]; at least one entry. */
export const commaList = z
  .string()
  .transform((text) =>
    text
      .split(",")
      .map((part) => part.trim())
      .filter((part) => part !== ""),
  )
  .refine((parts) => parts.length > 0, "must list at least one value");

/** "on" or "off", as a boolean. */
export const onOff = z.enum(["on", "off"], "must be on or off").transform((value) => value === "on");

/** A URL of one of the given protocols, kept as the string it was. */
export function urlOf(...protocols: string[]) {
  const wanted = protocols.map((p) => `${p}://`).join(" or ");
  return z.string().refine((text) => {
    if (!URL.canParse(text)) return false;
    return protocols.includes(new URL(text).protocol.slice(0, -1));
  }, `must be a URL starting with ${wanted}`);
}

const mysqlUrl = urlOf("mysql").refine(
  (text) => URL.canParse(text) && /^\/[A-Za-z0-9_$-]{1,64}$/.test(new URL(text).pathname),
  "must name the schema: mysql://user:password@host:port/schema",
);

const timeZone = z.string().refine((zone) => {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}, "must be an IANA time zone such as Europe/Berlin");

const prefix = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,40}$/i, "must be 1-41 characters of a-z 0-9 _ -");

const broker = z.string().regex(/^\[?[A-Za-z0-9.:-]+\]?:\d{1,5}$/);

/**
 * Pieces of a service's configuration, keyed by variable name. A service spreads the pieces it needs:
 * `readConfig(z.object({ ...commonConfig.runtime, ...commonConfig.http, ...commonConfig.mysql }), process.env)`.
 */
export const commonConfig = {
  runtime: {
    NODE_ENV: z.enum(["production", "development", "test"]).default("production"),
    STIPEND_LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info"),
  },
  http: {
    STIPEND_HTTP_HOST: z.string().default("127.0.0.1"),
    STIPEND_HTTP_PORT: port,
    STIPEND_METRICS_PORT: port,
  },
  mysql: {
    STIPEND_MYSQL_URL: mysqlUrl,
    STIPEND_MYSQL_POOL_SIZE: wholeNumber(1, 200).default(16),
  },
  mysqlOwner: {
    STIPEND_MYSQL_OWNER_URL: mysqlUrl,
  },
  kafka: {
    STIPEND_KAFKA_BROKERS: commaList.refine(
      (brokers) => brokers.every((b) => broker.safeParse(b).success),
      "must be host:port,host:port",
    ),
    STIPEND_KAFKA_PARTITIONS: wholeNumber(1, 1_000).default(6),
    STIPEND_KAFKA_REPLICATION: wholeNumber(1, 9).default(1),
    STIPEND_TOPIC_PREFIX: prefix.default("stipend"),
    STIPEND_GROUP_PREFIX: prefix.default("stipend"),
  },
  redis: {
    STIPEND_REDIS_URL: urlOf("redis", "rediss"),
    STIPEND_REDIS_PREFIX: z.string().max(64).default("stipend:"),
  },
  /** Services that accept calls of other services. */
  internalAuth: {
    STIPEND_INTERNAL_JWKS_FILE: z.string(),
  },
  /** Callers: gateway and monitor. */
  internalKey: {
    STIPEND_INTERNAL_KEY_FILE: z.string(),
  },
  clock: {
    STIPEND_TIMEZONE: timeZone.default("UTC"),
    STIPEND_DEV_CLOCK: onOff.default(false),
  },
  telemetry: {
    OTEL_EXPORTER_OTLP_ENDPOINT: urlOf("http", "https").optional(),
    OTEL_SERVICE_NAME: z.string().optional(),
  },
} as const;
