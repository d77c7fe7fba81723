import { isRole, USER_ID_PATTERN } from "@stipend/platform/auth/actor";
import type { Role } from "@stipend/platform/http/contract";
import type { JWTPayload } from "jose";
import { refuseToken } from "./refuse-token.ts";

/** Who the token speaks for. */
export interface Principal {
  readonly sub: string;
  readonly roles: readonly Role[];
  readonly email?: string;
  /** Token id, when the issuer gives one. */
  readonly jti?: string;
  /** Seconds since 1970 by the real clock, when the issuer says it. */
  readonly issuedAt?: number;
  /** Seconds since 1970 by the real clock. */
  readonly expiresAt: number;
}

export interface ClaimMapping {
  /** Name of the claim with the roles; dots lead into objects (realm_access.roles) unless a claim has the whole name. */
  readonly rolesClaim: string;
  readonly emailClaim: string;
  /** What a token without the roles claim may do. */
  readonly defaultRoles: readonly Role[];
}

const MAX_ROLES = 200;
const MAX_EMAIL = 254;

/**
 * @throws Refusal token_subject_invalid: not 1–128 characters of the allowed set; token_malformed: roles or e-mail
 *   of the wrong type.
 */
export function principalOf(payload: JWTPayload, mapping: ClaimMapping): Principal {
  const { sub, exp, iat, jti } = payload;
  // jose checks that sub is there, not that it is text.
  if (typeof sub !== "string" || !USER_ID_PATTERN.test(sub)) {
    throw refuseToken("token_subject_invalid", "The token's sub must be 1-128 characters of A-Z a-z 0-9 . _ @ | : -");
  }
  const email = emailOf(claim(payload, mapping.emailClaim));
  return {
    sub,
    roles: rolesOf(claim(payload, mapping.rolesClaim), mapping.defaultRoles),
    ...(email === undefined ? {} : { email }),
    ...(typeof jti === "string" ? { jti } : {}),
    ...(typeof iat === "number" ? { issuedAt: iat } : {}),
    expiresAt: exp ?? 0,
  };
}

/** Unknown role names are left out: an identity provider may use the claim for other applications as well. */
function rolesOf(value: unknown, defaults: readonly Role[]): readonly Role[] {
  if (value === undefined || value === null) return defaults;
  const names: unknown = typeof value === "string" ? value.split(/[\s,]+/) : value;
  if (!Array.isArray(names) || names.length > MAX_ROLES || !names.every((name) => typeof name === "string")) {
    throw refuseToken("token_malformed", "The token's roles must be a list of names");
  }
  return [...new Set(names.filter(isRole))];
}

function emailOf(value: unknown): string | undefined {
  if (typeof value !== "string" || value.length > MAX_EMAIL) return undefined;
  // It travels in a header to the services: anything but a plain address is left out.
  return /^[\x21-\x7e]+@[\x21-\x7e]+$/.test(value) ? value : undefined;
}

function claim(payload: JWTPayload, name: string): unknown {
  if (Object.hasOwn(payload, name)) return payload[name];
  let value: unknown = payload;
  for (const part of name.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}
