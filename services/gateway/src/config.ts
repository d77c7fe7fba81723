import { isIP } from "node:net";
import { commaList, commonConfig, onOff, urlOf, wholeNumber } from "@stipend/platform/config/common";
import { ConfigError, readConfig } from "@stipend/platform/config/config";
import { publicRoutes } from "@stipend/proto/http/catalogue";
import { z } from "zod";

/** Only signatures by a key pair: a shared secret (HS*) or no signature (none) can't even be configured. */
const ASYMMETRIC = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];

const algorithms = commaList.refine(
  (names) => names.every((name) => ASYMMETRIC.includes(name)),
  `must be a list of ${ASYMMETRIC.join(", ")}`,
);

const roles = commaList.refine(
  (names) => names.every((name) => name === "user" || name === "none"),
  "must be user or none: a privileged role is never given by default",
);

const proxies = commaList.refine(
  (names) => names.every(isNetwork),
  "must be a list of addresses, networks (10.0.0.0/8), loopback, linklocal or uniquelocal",
);

function isNetwork(text: string): boolean {
  if (["loopback", "linklocal", "uniquelocal"].includes(text)) return true;
  const [address = "", prefix, ...rest] = text.split("/");
  const version = isIP(address);
  const bits = prefix === undefined ? 0 : /^\d{1,3}$/.test(prefix) ? Number(prefix) : -1;
  return version !== 0 && rest.length === 0 && bits >= 0 && bits <= (version === 4 ? 32 : 128);
}

/** "credits.transactionsCsv=60,credits.batch=600": requests a window that one caller may make of a route. */
const routeLimits = commaList
  .refine(
    (entries) => entries.every((entry) => /^[\w.-]{1,100}=[1-9]\d{0,8}$/.test(entry)),
    "must be a list of route=requests",
  )
  .transform((entries) => new Map(entries.map((entry) => [entry.split("=")[0] ?? "", Number(entry.split("=")[1])])))
  .refine(
    (limits) => [...limits.keys()].every((id) => publicRoutes().some(({ contract }) => contract.id === id)),
    "names a route that is none: use an operationId of /api/openapi.json (a feature has its limit in its file)",
  );

/** What is expensive: an export, a walk over the whole audit log, a check of every account. */
const ROUTE_LIMITS = new Map([
  ["credits.transactionsCsv", 120],
  ["audit.csv", 120],
  ["audit.verify", 60],
  ["monitor.consistency.check", 60],
]);

/** The issuer whose private key lies on every developer's machine. */
const DEV_ISSUER = "https://stipend.local/dev";

const schema = z.object({
  ...commonConfig.runtime,
  ...commonConfig.http,
  ...commonConfig.kafka,
  ...commonConfig.redis,
  ...commonConfig.internalKey,
  ...commonConfig.clock,
  ...commonConfig.telemetry,
  STIPEND_CREDITS_URL: urlOf("http", "https"),
  STIPEND_MEMBERSHIP_URL: urlOf("http", "https"),
  STIPEND_AUDIT_URL: urlOf("http", "https"),
  STIPEND_MONITOR_URL: urlOf("http", "https"),
  STIPEND_FEATURES_FILE: z.string(),
  STIPEND_JWT_ISSUER: z.string().max(500),
  STIPEND_JWT_AUDIENCE: z.string().max(500),
  STIPEND_JWT_ALGORITHMS: algorithms.default(["RS256", "ES256", "EdDSA"]),
  STIPEND_JWKS_URL: urlOf("http", "https", "file"),
  STIPEND_JWT_SKEW_SECONDS: wholeNumber(0, 60).default(5),
  STIPEND_JWT_ROLES_CLAIM: z.string().min(1).max(200).default("roles"),
  STIPEND_JWT_EMAIL_CLAIM: z.string().min(1).max(200).default("email"),
  STIPEND_JWT_DEFAULT_ROLES: roles.default(["user"]),
  STIPEND_DEV_SIGN_IN: onOff.default(false),
  STIPEND_DEV_ISSUER_KEY_FILE: z.string().optional(),
  STIPEND_TRUSTED_PROXIES: proxies.optional(),
  STIPEND_LIMITS: onOff.default(true),
  STIPEND_LIMIT_WINDOW_SECONDS: wholeNumber(1, 3_600).default(60),
  STIPEND_LIMIT_PER_USER: wholeNumber(1, 100_000_000).default(30_000),
  STIPEND_LIMIT_PER_SERVICE: wholeNumber(1, 100_000_000).default(600_000),
  STIPEND_LIMIT_PER_IP: wholeNumber(1, 100_000_000).default(600_000),
  STIPEND_LIMIT_ROUTES: routeLimits.default(ROUTE_LIMITS),
  STIPEND_LIMIT_BAD_TOKENS_PER_IP: wholeNumber(1, 100_000_000).default(600),
  STIPEND_MAX_IN_FLIGHT: wholeNumber(1, 100_000).default(2_000),
  STIPEND_MAX_IN_FLIGHT_PER_USER: wholeNumber(1, 100_000).default(500),
  STIPEND_EVENTS_PER_USER: wholeNumber(1, 1_000).default(20),
  STIPEND_EVENTS_TOTAL: wholeNumber(1, 100_000).default(5_000),
  STIPEND_STAFF_EVENTS_TOTAL: wholeNumber(1, 100_000).default(500),
  STIPEND_WEB_DIR: z.string().min(1).optional(),
  STIPEND_WEB_OIDC_ISSUER: urlOf("http", "https").optional(),
  STIPEND_WEB_OIDC_CLIENT_ID: z.string().min(1).max(500).optional(),
  STIPEND_WEB_OIDC_SCOPE: z.string().min(1).max(500).default("openid profile offline_access"),
  STIPEND_WEB_CHECKOUT_URL: urlOf("http", "https").optional(),
});

export type GatewayConfig = z.output<typeof schema> & {
  /** Variables a features file may name as ${…}: all that start with STIPEND_UPSTREAM_. */
  readonly upstreamVariables: Readonly<Record<string, string>>;
};

/** Reads the environment once. @throws ConfigError listing every mistake. */
export function loadConfig(env: NodeJS.ProcessEnv = process.env): GatewayConfig {
  const upstreamVariables: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (name.startsWith("STIPEND_UPSTREAM_") && value !== undefined) upstreamVariables[name] = value;
  }
  const config = readConfig(schema, env);
  const mistakes = [...webMistakes(config), ...(config.NODE_ENV === "production" ? productionMistakes(config) : [])];
  if (config.STIPEND_DEV_SIGN_IN && config.STIPEND_DEV_ISSUER_KEY_FILE === undefined) {
    mistakes.push("STIPEND_DEV_ISSUER_KEY_FILE is required with STIPEND_DEV_SIGN_IN=on: the private key it signs with");
  }
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  return { ...config, upstreamVariables };
}

/** The pages can't send anybody to an identity provider that does not know them. */
function webMistakes(config: z.output<typeof schema>): string[] {
  const { STIPEND_WEB_OIDC_ISSUER: issuer, STIPEND_WEB_OIDC_CLIENT_ID: clientId } = config;
  if ((issuer === undefined) === (clientId === undefined)) return [];
  return ["STIPEND_WEB_OIDC_ISSUER and STIPEND_WEB_OIDC_CLIENT_ID: set both, or neither"];
}

/** What is right on a developer's machine only. */
function productionMistakes(config: z.output<typeof schema>): string[] {
  const mistakes: string[] = [];
  if (config.STIPEND_JWT_ISSUER === DEV_ISSUER) {
    mistakes.push("STIPEND_JWT_ISSUER: the development issuer is refused in production; name your identity provider");
  }
  if (config.STIPEND_DEV_SIGN_IN) {
    mistakes.push("STIPEND_DEV_SIGN_IN: on is refused in production (NODE_ENV=production); anyone could be anybody");
  }
  const jwks = new URL(config.STIPEND_JWKS_URL);
  if (jwks.protocol === "http:" && !["localhost", "127.0.0.1", "[::1]"].includes(jwks.hostname)) {
    mistakes.push("STIPEND_JWKS_URL: keys over plain http can be replaced on their way; use https");
  }
  return mistakes;
}
