import { hash } from "node:crypto";
import { errors, type JWTPayload, jwtVerify } from "jose";
import { Refusal, type RefusalCode } from "../http/refusal.ts";
import { type ClaimMapping, type Principal, principalOf } from "./claims.ts";
import { type KeyStore, KeysUnavailable } from "./key-store.ts";
import { refuseToken } from "./refuse-token.ts";

export interface TokenVerifierOptions {
  readonly keys: Pick<KeyStore, "keyFor" | "generation">;
  readonly issuer: string;
  readonly audience: string;
  readonly algorithms: readonly string[];
  /** 0–60 seconds. */
  readonly skewSeconds: number;
  readonly claims: ClaimMapping;
  /** Verified tokens kept; the oldest goes first. Default 10,000. */
  readonly cacheSize?: number;
}

interface CacheEntry {
  readonly principal: Principal;
  readonly generation: number;
}

/** Longer than any sane token, and what one header line may hold beside the others. */
const MAX_TOKEN_CHARS = 8_192;

/**
 * Turns the Authorization header into a principal. Always judged by the real clock, never by the development
 * clock. A token is verified once and remembered, by its hash, until it expires or the keys change.
 */
export class TokenVerifier {
  readonly #options: TokenVerifierOptions;
  readonly #cacheSize: number;
  readonly #cache = new Map<string, CacheEntry>();
  readonly #running = new Map<string, Promise<Principal>>();

  constructor(options: TokenVerifierOptions) {
    this.#options = options;
    this.#cacheSize = options.cacheSize ?? 10_000;
  }

  /**
   * @param authorization the header as it came, or undefined.
   * @throws Refusal token_missing, token_malformed, token_algorithm_refused, token_key_unknown,
   *   token_signature_invalid, token_expired, token_not_yet_valid, token_issuer_wrong, token_audience_wrong,
   *   token_claim_missing, token_subject_invalid; identity_provider_unavailable when no key was ever read.
   */
  async verify(authorization: string | undefined): Promise<Principal> {
    const token = bearerToken(authorization);
    const id = hash("sha256", token, "base64");
    const known = this.#cached(id);
    if (known !== undefined) return known;
    let running = this.#running.get(id);
    if (running === undefined) {
      running = this.#verifyNew(token, id).finally(() => this.#running.delete(id));
      this.#running.set(id, running);
    }
    return await running;
  }

  #cached(id: string): Principal | undefined {
    const entry = this.#cache.get(id);
    if (entry === undefined) return undefined;
    const expired = Date.now() / 1_000 >= entry.principal.expiresAt + this.#options.skewSeconds;
    if (!expired && entry.generation === this.#options.keys.generation) return entry.principal;
    this.#cache.delete(id);
    return undefined;
  }

  async #verifyNew(token: string, id: string): Promise<Principal> {
    const generation = this.#options.keys.generation;
    const principal = principalOf(await this.#payload(token), this.#options.claims);
    if (this.#cache.size >= this.#cacheSize) {
      const oldest = this.#cache.keys().next();
      if (!oldest.done) this.#cache.delete(oldest.value);
    }
    this.#cache.set(id, { principal, generation });
    return principal;
  }

  async #payload(token: string): Promise<JWTPayload> {
    const { issuer, audience, algorithms, skewSeconds, keys } = this.#options;
    try {
      const { payload } = await jwtVerify(token, (header) => keys.keyFor(header), {
        algorithms: [...algorithms],
        issuer,
        audience,
        clockTolerance: skewSeconds,
        requiredClaims: ["iss", "aud", "exp", "sub"],
      });
      return payload;
    } catch (error) {
      throw refusalOf(error);
    }
  }
}

function bearerToken(authorization: string | undefined): string {
  if (authorization === undefined || authorization.trim() === "")
    throw refuseToken("token_missing", "No token was sent");
  const [scheme, token, ...rest] = authorization.trim().split(/ +/);
  if (scheme?.toLowerCase() !== "bearer" || token === undefined || rest.length > 0) {
    throw refuseToken("token_malformed", "The Authorization header must be: Bearer <token>");
  }
  if (token.length > MAX_TOKEN_CHARS || !/^[\w-]+\.[\w-]+\.[\w-]*$/.test(token)) {
    throw refuseToken("token_malformed", "The token is not a signed JWT");
  }
  return token;
}

const CLAIM_CODES: Readonly<Record<string, RefusalCode>> = {
  iss: "token_issuer_wrong",
  aud: "token_audience_wrong",
  nbf: "token_not_yet_valid",
};

function refusalOf(error: unknown): unknown {
  if (error instanceof errors.JWTExpired) return refuseToken("token_expired", "The token has expired");
  if (error instanceof errors.JWTClaimValidationFailed) return claimRefusal(error);
  if (error instanceof errors.JOSEAlgNotAllowed) {
    return refuseToken("token_algorithm_refused", "The token is signed with an algorithm that is not accepted here");
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) {
    return refuseToken("token_signature_invalid", "The token's signature does not fit");
  }
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys) {
    return refuseToken("token_key_unknown", "The token's kid names no key of the issuer");
  }
  if (error instanceof KeysUnavailable) {
    return new Refusal("identity_provider_unavailable", { message: error.message, retryAfterSeconds: 5 });
  }
  if (error instanceof errors.JOSEError) return refuseToken("token_malformed", "The token is not a valid JWT");
  // A key that can't be imported or used with this algorithm: the token names a key that does not fit it.
  if (error instanceof TypeError || error instanceof DOMException) {
    return refuseToken("token_key_unknown", "The token's key does not fit its algorithm");
  }
  return error;
}

function claimRefusal(error: errors.JWTClaimValidationFailed): Refusal {
  if (error.reason === "missing") {
    return refuseToken("token_claim_missing", `The token has no ${error.claim}`, { claim: error.claim });
  }
  const code = CLAIM_CODES[error.claim] ?? "token_malformed";
  return refuseToken(code, `The token's ${error.claim} is not accepted here`, { claim: error.claim });
}
