import { readFileSync } from "node:fs";
import { importJWK, type JWK, SignJWT } from "jose";
import { DEV_AUDIENCE, DEV_ISSUER, ensureKeys } from "./dev-keys.ts";

export interface TokenRequest {
  user: string;
  roles: readonly string[];
  /** seconds until it expires; negative makes a token that has expired already */
  ttlSeconds?: number;
  audience?: string;
  issuer?: string;
  email?: string;
}

export const DEFAULT_TTL_SECONDS = 3_600;

/** Signs a development token with the issuer key of this keys folder (made on first use). */
export async function signToken(keysDir: string, request: TokenRequest): Promise<string> {
  const files = await ensureKeys(keysDir);
  const jwk = JSON.parse(readFileSync(files.issuerPrivate, "utf8")) as JWK;
  const now = Math.floor(Date.now() / 1_000);
  return await new SignJWT({ roles: [...request.roles], ...(request.email ? { email: request.email } : {}) })
    .setProtectedHeader({ alg: jwk.alg ?? "ES256", kid: jwk.kid ?? "dev-1", typ: "JWT" })
    .setSubject(request.user)
    .setIssuer(request.issuer ?? DEV_ISSUER)
    .setAudience(request.audience ?? DEV_AUDIENCE)
    .setIssuedAt(now)
    .setExpirationTime(now + (request.ttlSeconds ?? DEFAULT_TTL_SECONDS))
    .sign(await importJWK(jwk, jwk.alg ?? "ES256"));
}

const UNITS: Record<string, number> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/**
 * "1h", "15m", "30s", "2d" or bare seconds → seconds; a leading minus is allowed.
 *
 * @throws RangeError on anything else.
 */
export function parseTtl(text: string): number {
  const match = /^(-?\d{1,9})([smhd]?)$/.exec(text.trim());
  if (!match) throw new RangeError(`a time to live is a number with s, m, h or d, such as 30m; this was "${text}"`);
  return Number(match[1]) * (UNITS[match[2] || "s"] ?? 1);
}
