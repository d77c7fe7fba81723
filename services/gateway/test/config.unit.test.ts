import { ConfigError } from "@stipend/platform/config/config";
import { expect, test } from "vitest";
import { loadConfig } from "../src/config.ts";

const GOOD = {
  NODE_ENV: "production",
  STIPEND_HTTP_PORT: "8080",
  STIPEND_METRICS_PORT: "8090",
  STIPEND_KAFKA_BROKERS: "kafka:9092",
  STIPEND_REDIS_URL: "redis://redis:6379",
  STIPEND_INTERNAL_KEY_FILE: "/keys/gateway.json",
  STIPEND_CREDITS_URL: "http://credits:8081",
  STIPEND_MEMBERSHIP_URL: "http://membership:8082",
  STIPEND_AUDIT_URL: "http://audit:8083",
  STIPEND_MONITOR_URL: "http://monitor:8084",
  STIPEND_FEATURES_FILE: "/etc/stipend/features.yaml",
  STIPEND_JWT_ISSUER: "https://id.example.org/",
  STIPEND_JWT_AUDIENCE: "stipend",
  STIPEND_JWKS_URL: "https://id.example.org/jwks",
};

function mistakes(changes: Record<string, string | undefined>): readonly string[] {
  try {
    loadConfig({ ...GOOD, ...changes });
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes.map((mistake) => mistake.split(/:| is /)[0] ?? "");
    throw error;
  }
}

test("has defaults that let one user send 200 requests at once, and passes upstream variables on", () => {
  const config = loadConfig({ ...GOOD, STIPEND_UPSTREAM_REWRITE_URL: "http://rewrite", HOME: "/root" });
  expect(config.STIPEND_LIMIT_PER_USER).toBeGreaterThan(200);
  expect(config.STIPEND_JWT_ALGORITHMS).toEqual(["RS256", "ES256", "EdDSA"]);
  expect([...config.STIPEND_LIMIT_ROUTES.keys()]).toContain("credits.transactionsCsv");
  expect(config.upstreamVariables).toEqual({ STIPEND_UPSTREAM_REWRITE_URL: "http://rewrite" });
});

test("names every mistake at once", () => {
  expect(
    mistakes({ STIPEND_CREDITS_URL: undefined, STIPEND_HTTP_PORT: "x", STIPEND_LIMITS: "maybe" }).toSorted(),
  ).toEqual(["STIPEND_CREDITS_URL", "STIPEND_HTTP_PORT", "STIPEND_LIMITS"]);
});

test.each([
  ["STIPEND_JWT_ALGORITHMS", "none"],
  ["STIPEND_JWT_ALGORITHMS", "RS256,HS256"],
  ["STIPEND_JWT_DEFAULT_ROLES", "admin"],
  ["STIPEND_JWT_SKEW_SECONDS", "61"],
  ["STIPEND_JWKS_URL", "ftp://x/keys"],
  ["STIPEND_LIMIT_ROUTES", "credits.consume"],
  ["STIPEND_LIMIT_ROUTES", "credits.consume=0"],
  ["STIPEND_LIMIT_ROUTES", "credits.nothing=5"],
  ["STIPEND_TRUSTED_PROXIES", "everyone"],
  ["STIPEND_TRUSTED_PROXIES", "10.0.0.0/33"],
  ["STIPEND_TRUSTED_PROXIES", "10.0.0.0/8/8"],
])("refuses %s=%s", (name, value) => {
  expect(mistakes({ [name]: value })).toEqual([name]);
});

test.each(["loopback", "10.0.0.0/8, 192.168.1.1", "fd00::/8"])("trusts the proxies %s", (value) => {
  expect(mistakes({ STIPEND_TRUSTED_PROXIES: value })).toEqual([]);
});

test("takes limits of routes", () => {
  const config = loadConfig({ ...GOOD, STIPEND_LIMIT_ROUTES: "credits.consume=100, audit.list=7" });
  expect([...config.STIPEND_LIMIT_ROUTES]).toEqual([
    ["credits.consume", 100],
    ["audit.list", 7],
  ]);
});

test("production refuses what is a developer's", () => {
  expect(mistakes({ STIPEND_JWT_ISSUER: "https://stipend.local/dev" })).toEqual(["STIPEND_JWT_ISSUER"]);
  expect(mistakes({ STIPEND_JWKS_URL: "http://id.example.org/jwks" })).toEqual(["STIPEND_JWKS_URL"]);
  expect(mistakes({ STIPEND_DEV_CLOCK: "on" })).toEqual(["STIPEND_DEV_CLOCK"]);
  const signIn = { STIPEND_DEV_SIGN_IN: "on", STIPEND_DEV_ISSUER_KEY_FILE: "/keys/issuer.json" };
  expect(mistakes(signIn)).toEqual(["STIPEND_DEV_SIGN_IN"]);
  expect(mistakes({ ...signIn, NODE_ENV: undefined })).toEqual(["STIPEND_DEV_SIGN_IN"]);
  expect(mistakes({ ...signIn, NODE_ENV: "development" })).toEqual([]);
  expect(mistakes({ NODE_ENV: "development", STIPEND_DEV_SIGN_IN: "on" })).toEqual(["STIPEND_DEV_ISSUER_KEY_FILE"]);
  const development = {
    NODE_ENV: "development",
    STIPEND_JWT_ISSUER: "https://stipend.local/dev",
    STIPEND_DEV_CLOCK: "on",
  };
  expect(mistakes(development)).toEqual([]);
});
