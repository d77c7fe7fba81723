/** The keys of a local system: a token issuer for people, and one key each for the internal callers. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { exportJWK, generateKeyPair, type JWK } from "jose";
import { writeOnce } from "./secrets.ts";

export const DEV_ISSUER = "https://stipend.local/dev";
export const DEV_AUDIENCE = "stipend";
/** Internal callers; the key's `kid` is the caller's name. */
export const INTERNAL_CALLERS = ["gateway", "monitor"] as const;
export type InternalCaller = (typeof INTERNAL_CALLERS)[number];

export interface KeyFiles {
  issuerPrivate: string;
  issuerJwks: string;
  internalPrivate: Record<InternalCaller, string>;
  internalJwks: string;
}

export function keyFiles(keysDir: string): KeyFiles {
  return {
    issuerPrivate: join(keysDir, "issuer.private.jwk.json"),
    issuerJwks: join(keysDir, "issuer.jwks.json"),
    internalPrivate: {
      gateway: join(keysDir, "gateway.private.jwk.json"),
      monitor: join(keysDir, "monitor.private.jwk.json"),
    },
    internalJwks: join(keysDir, "internal.jwks.json"),
  };
}

function parseJwk(text: string): JWK {
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null || !("kty" in value)) throw new Error("not a JWK");
  return value as JWK;
}

/** Keeps the fields of a public key only. */
function publicPart(jwk: JWK): JWK {
  const { d: _private, ...rest } = jwk;
  return rest;
}

/** The private key in this file, made on first use. */
async function privateJwk(file: string, algorithm: "ES256" | "EdDSA", kid: string): Promise<JWK> {
  try {
    return parseJwk(readFileSync(file, "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  const options = algorithm === "EdDSA" ? { crv: "Ed25519", extractable: true } : { extractable: true };
  const { privateKey } = await generateKeyPair(algorithm, options);
  const jwk = { ...(await exportJWK(privateKey)), kid, alg: algorithm, use: "sig" };
  writeOnce(file, JSON.stringify(jwk, null, 2));
  return parseJwk(readFileSync(file, "utf8"));
}

/** Makes every key that is missing; the public sets follow from the private keys. */
export async function ensureKeys(keysDir: string): Promise<KeyFiles> {
  const files = keyFiles(keysDir);
  const issuer = await privateJwk(files.issuerPrivate, "ES256", "dev-1");
  writeOnce(files.issuerJwks, JSON.stringify({ keys: [publicPart(issuer)] }, null, 2));
  const callers: JWK[] = [];
  for (const caller of INTERNAL_CALLERS) callers.push(await privateJwk(files.internalPrivate[caller], "EdDSA", caller));
  writeOnce(files.internalJwks, JSON.stringify({ keys: callers.map(publicPart) }, null, 2));
  return files;
}
