import { mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from "jose";
import { expect, test } from "vitest";
import { DEV_AUDIENCE, DEV_ISSUER, ensureKeys } from "../src/keys/dev-keys.ts";
import { passwordOf } from "../src/keys/secrets.ts";
import { parseTtl, signToken } from "../src/keys/token.ts";
import { tempDir } from "./temp-dir.ts";

function jwks(file: string): JSONWebKeySet {
  return JSON.parse(readFileSync(file, "utf8")) as JSONWebKeySet;
}

test("a token verifies against the public set and carries what was asked for", async () => {
  const dir = tempDir();
  const token = await signToken(dir, {
    user: "alice",
    roles: ["user", "admin"],
    ttlSeconds: 60,
    email: "a@example.com",
  });
  const keys = await ensureKeys(dir);
  const { payload, protectedHeader } = await jwtVerify(token, createLocalJWKSet(jwks(keys.issuerJwks)), {
    issuer: DEV_ISSUER,
    audience: DEV_AUDIENCE,
    algorithms: ["ES256"],
  });
  expect(payload).toMatchObject({ sub: "alice", roles: ["user", "admin"], email: "a@example.com" });
  expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(60);
  expect(protectedHeader.kid).toBe("dev-1");
});

test("public sets hold no private part, private files are the owner's only", async () => {
  const keys = await ensureKeys(tempDir());
  for (const file of [keys.issuerJwks, keys.internalJwks])
    for (const key of jwks(file).keys) expect(key).not.toHaveProperty("d");
  expect(jwks(keys.internalJwks).keys.map((key) => key.kid)).toEqual(["gateway", "monitor"]);
  expect(statSync(keys.issuerPrivate).mode & 0o077).toBe(0);
});

test("keys and passwords that several processes ask for at once are the same for all", async () => {
  const dir = tempDir();
  const [first, ...others] = await Promise.all(Array.from({ length: 8 }, () => ensureKeys(dir)));
  expect(others.every((keys) => keys.issuerPrivate === first?.issuerPrivate)).toBe(true);
  const token = await signToken(dir, { user: "a", roles: [] });
  await jwtVerify(token, createLocalJWKSet(jwks(join(dir, "issuer.jwks.json"))));
  mkdirSync(join(dir, "passwords"), { recursive: true });
  expect(passwordOf(dir, "x")).toBe(passwordOf(dir, "x"));
  expect(passwordOf(dir, "x")).not.toBe(passwordOf(dir, "y"));
});

test.each([
  ["1h", 3_600],
  ["15m", 900],
  ["30s", 30],
  ["45", 45],
  ["2d", 172_800],
  ["-1m", -60],
])("a time to live of %s is %i seconds", (text, seconds) => {
  expect(parseTtl(text)).toBe(seconds);
});

test.each(["", "1w", "h", "1.5h", "1h30m"])("a time to live of %j is refused", (text) => {
  expect(() => parseTtl(text)).toThrow(RangeError);
});
