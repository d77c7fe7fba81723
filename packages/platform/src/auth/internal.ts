import { readFileSync, statSync } from "node:fs";
import type { Request, RequestHandler } from "express";
import { createLocalJWKSet, errors, importJWK, type JSONWebKeySet, type JWK, jwtVerify, SignJWT } from "jose";
import { Problem } from "../http/problem.ts";
import { pathOf } from "../http/request.ts";
import { type Actor, isRole, USER_ID_PATTERN } from "./actor.ts";

/** Seconds an internal token is valid; it is reused for half of that, so that it never expires on its way. */
const TOKEN_SECONDS = 60;
const REUSE_MS = 30_000;
const ALGORITHMS = ["EdDSA", "Ed25519"];
/** Verified tokens remembered; a caller uses one per audience and half minute. */
const MAX_REMEMBERED = 1_000;
const RELOAD_EVERY_MS = 5_000;
/** An unknown kid may ask for the file sooner, but not for each forged token. */
const MIN_RELOAD_MS = 500;

/** Signs the tokens by which this service proves itself to others. The key's `kid` is this caller's name. */
export class InternalTokenSigner {
  readonly caller: string;
  readonly #jwk: JWK;
  readonly #cache = new Map<string, { token: string; until: number }>();
  readonly #pending = new Map<string, Promise<string>>();

  /** @throws Error when the file is no private Ed25519 JWK with a kid. */
  constructor(options: { keyFile: string }) {
    const jwk = JSON.parse(readFileSync(options.keyFile, "utf8")) as JWK;
    if (jwk.kty !== "OKP" || jwk.crv !== "Ed25519" || typeof jwk.d !== "string" || typeof jwk.kid !== "string") {
      throw new Error(`${options.keyFile} is not a private Ed25519 JWK with a kid`);
    }
    this.#jwk = jwk;
    this.caller = jwk.kid;
  }

  /** A token for one service, signed at most every 30 s. */
  async tokenFor(audience: string): Promise<string> {
    const cached = this.cachedToken(audience);
    if (cached !== undefined) return cached;
    let pending = this.#pending.get(audience);
    if (pending === undefined) {
      pending = this.#sign(audience).finally(() => this.#pending.delete(audience));
      this.#pending.set(audience, pending);
    }
    return pending;
  }

  /** The token of tokenFor when one is at hand, without waiting. */
  cachedToken(audience: string): string | undefined {
    const entry = this.#cache.get(audience);
    return entry !== undefined && entry.until > Date.now() ? entry.token : undefined;
  }

  async #sign(audience: string): Promise<string> {
    const alg = this.#jwk.alg ?? "EdDSA";
    const token = await new SignJWT({})
      .setProtectedHeader({ alg, kid: this.caller, typ: "JWT" })
      .setIssuer(this.caller)
      .setAudience(audience)
      .setIssuedAt()
      .setExpirationTime(`${TOKEN_SECONDS}s`)
      .sign(await importJWK(this.#jwk, alg));
    this.#cache.set(audience, { token, until: Date.now() + REUSE_MS });
    return token;
  }
}

export interface InternalAuthOptions {
  /** JWKS of the callers' public keys; read anew within 5 s of a change. */
  readonly jwksFile: string;
  /** This service's name. */
  readonly audience: string;
  /** Told of a call whose token is not one of ours, before it is answered. */
  readonly onForged?: (attempt: ForgedToken) => Promise<void>;
}

/** A call with something in the place of an internal token that no caller of ours has signed. */
export interface ForgedToken {
  readonly method: string;
  readonly path: string;
  /** Of the socket: what such a caller says about itself counts for nothing. */
  readonly ip: string;
  readonly userAgent: string;
  readonly requestId: string;
}

/** Verifies internal tokens; remembers what it has verified until it expires. */
export class InternalTokenVerifier {
  readonly #options: InternalAuthOptions;
  readonly #remembered = new Map<string, { caller: string; until: number }>();
  #keys: ReturnType<typeof createLocalJWKSet>;
  #loadedMtime: number;
  #lastReload = 0;

  constructor(options: InternalAuthOptions) {
    this.#options = options;
    this.#loadedMtime = statSync(options.jwksFile).mtimeMs;
    this.#keys = loadKeys(options.jwksFile);
  }

  /** The caller's name, when the token has been verified before and is still valid. */
  remembered(token: string): string | undefined {
    const entry = this.#remembered.get(token);
    if (entry === undefined) return undefined;
    if (entry.until > Date.now()) return entry.caller;
    this.#remembered.delete(token);
    return undefined;
  }

  /** @throws Problem internal_token_required. */
  async verify(token: string): Promise<string> {
    const known = this.remembered(token);
    if (known !== undefined) return known;
    try {
      const { payload, protectedHeader } = await this.#check(token);
      if (payload.iss === undefined || payload.iss !== protectedHeader.kid) throw new Error("iss is not kid");
      const exp = payload.exp ?? 0;
      if (exp * 1_000 > Date.now() + (TOKEN_SECONDS + 30) * 1_000) throw new Error("valid for too long");
      this.#remember(token, payload.iss, exp * 1_000);
      return payload.iss;
    } catch (cause) {
      throw new Problem("internal_token_required", { cause });
    }
  }

  async #check(token: string) {
    const options = {
      audience: this.#options.audience,
      algorithms: ALGORITHMS,
      requiredClaims: ["iss", "exp", "iat"],
      clockTolerance: 5,
    };
    this.#reload(RELOAD_EVERY_MS);
    try {
      return await jwtVerify(token, this.#keys, options);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || !this.#reload(MIN_RELOAD_MS)) throw error;
      return await jwtVerify(token, this.#keys, options);
    }
  }

  /** Reads the file again when it has changed: keys are added and taken away. A file that is broken now changes nothing. */
  #reload(everyMs: number): boolean {
    if (Date.now() - this.#lastReload < everyMs) return false;
    this.#lastReload = Date.now();
    try {
      const { mtimeMs } = statSync(this.#options.jwksFile);
      if (mtimeMs === this.#loadedMtime) return false;
      this.#keys = loadKeys(this.#options.jwksFile);
      this.#loadedMtime = mtimeMs;
      return true;
    } catch {
      return false;
    }
  }

  #remember(token: string, caller: string, until: number): void {
    if (this.#remembered.size >= MAX_REMEMBERED) {
      const oldest = this.#remembered.keys().next().value;
      if (oldest !== undefined) this.#remembered.delete(oldest);
    }
    this.#remembered.set(token, { caller, until });
  }
}

function loadKeys(file: string): ReturnType<typeof createLocalJWKSet> {
  const jwks = JSON.parse(readFileSync(file, "utf8")) as JSONWebKeySet;
  // Only Ed25519 public keys count, whatever else somebody put into the file.
  const keys = jwks.keys.filter((key) => key.kty === "OKP" && key["crv"] === "Ed25519" && typeof key.kid === "string");
  if (keys.length === 0) throw new Error(`${file} has no Ed25519 key with a kid`);
  return createLocalJWKSet({ keys });
}

/**
 * Middleware: refuses every call without a valid internal token (401 `internal_token_required`) and sets req.actor from
 * the headers that the caller vouches for. A caller that names nobody acts as itself, with the role `service`.
 */
export function internalAuth(options: InternalAuthOptions): RequestHandler {
  const verifier = new InternalTokenVerifier(options);
  return (req, _res, next) => {
    const token = bearer(req.headers.authorization);
    if (token === undefined) {
      next(new Problem("internal_token_required"));
      return;
    }
    const accept = (caller: string) => {
      req.actor = actorOf(req.headers, caller, req.requestId);
      next();
    };
    const remembered = verifier.remembered(token);
    if (remembered !== undefined) accept(remembered);
    else {
      verifier
        .verify(token)
        .then(accept)
        .catch(async (error: unknown) => {
          if (error instanceof Problem) await options.onForged?.(forgedToken(req)).catch(() => undefined);
          next(error);
        });
    }
  };
}

function forgedToken(req: Request): ForgedToken {
  const userAgent = (req.headers["user-agent"] ?? "").slice(0, 512);
  const ip = (req.socket.remoteAddress ?? "").replace(/^::ffff:(?=\d+\.)/, "");
  return { method: req.method, path: pathOf(req).slice(0, 255), ip, userAgent, requestId: req.requestId };
}

/** The token of an Authorization header; undefined unless it is exactly one Bearer token. */
export function bearer(header: string | undefined): string | undefined {
  return /^Bearer ([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)$/i.exec(header ?? "")?.[1];
}

function actorOf(headers: NodeJS.Dict<string | string[]>, caller: string, requestId: string): Actor {
  const one = (name: string) => {
    const value = headers[name];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const sub = one("stipend-actor");
  if (sub === undefined) return { sub: caller, roles: ["service"], caller, requestId };
  if (!USER_ID_PATTERN.test(sub))
    throw new Problem("internal_token_required", { message: "stipend-actor is not an id" });
  const email = one("stipend-actor-email");
  const ip = one("stipend-client-ip");
  const userAgent = decode(one("stipend-user-agent"));
  return {
    sub,
    roles: (one("stipend-actor-roles") ?? "")
      .split(",")
      .map((role) => role.trim())
      .filter(isRole),
    ...(email === undefined ? {} : { email }),
    ...(ip === undefined ? {} : { ip }),
    ...(userAgent === undefined ? {} : { userAgent }),
    caller,
    requestId,
  };
}

function decode(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
