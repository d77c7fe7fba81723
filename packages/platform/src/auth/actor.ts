import type { Role } from "../http/contract.ts";

/** Who asks, as the gateway verified it and an internal token vouches for. */
export interface Actor {
  /** The caller's subject: a user id, or the name of a service. */
  readonly sub: string;
  readonly roles: readonly Role[];
  readonly email?: string;
  /** The client's address as the gateway saw it. */
  readonly ip?: string;
  readonly userAgent?: string;
  /** Which service made the internal call: gateway or monitor. */
  readonly caller: string;
  readonly requestId: string;
}

export const ROLES: readonly Role[] = ["user", "support", "admin", "auditor", "service"];

export function isRole(text: string): text is Role {
  return (ROLES as readonly string[]).includes(text);
}

export function hasAnyRole(actor: Pick<Actor, "roles">, roles: readonly Role[]): boolean {
  return actor.roles.some((role) => roles.includes(role));
}

/** 1–128 characters of A–Z a–z 0–9 . _ @ | : - ; compared byte for byte. */
export const USER_ID_PATTERN = /^[A-Za-z0-9._@|:-]{1,128}$/;
