import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Part } from "@stipend/platform/lifecycle/lifecycle";
import type { DemoUser } from "@stipend/proto/http/sign-in";
import { type CryptoKey, importJWK, type JWK, SignJWT } from "jose";
import type { z } from "zod";

export interface DevIssuerOptions {
  /** A private JWK with kid and alg. */
  readonly keyFile: string;
  readonly issuer: string;
  readonly audience: string;
  readonly rolesClaim: string;
  readonly emailClaim: string;
}

/** Seconds that a development token lasts: a working day. */
const LIFETIME_SECONDS = 8 * 3_600;

const PUBLIC_FIELDS = ["kty", "crv", "x", "y", "n", "e", "kid", "alg", "use"] as const;

/** Signs tokens for demo users, as an identity provider would. Judged by the real clock, as every token is. */
export class DevIssuer implements Part {
  readonly name = "development issuer";
  readonly #options: DevIssuerOptions;
  #key: { readonly privateKey: CryptoKey; readonly alg: string; readonly publicJwk: JWK & { kid: string } } | undefined;

  constructor(options: DevIssuerOptions) {
    this.#options = options;
  }

  /** @throws Error for a file that holds no private key with kid and alg. */
  async start(): Promise<void> {
    const jwk = JSON.parse(await readFile(this.#options.keyFile, "utf8")) as JWK;
    const { alg, kid, d } = jwk;
    if (typeof alg !== "string" || typeof kid !== "string" || typeof d !== "string") {
      throw new Error("STIPEND_DEV_ISSUER_KEY_FILE: not a private JWK of a key pair with kid and alg");
    }
    const fields = PUBLIC_FIELDS.flatMap((name) => (jwk[name] === undefined ? [] : [[name, jwk[name]]]));
    const publicJwk = { ...(Object.fromEntries(fields) as JWK), kid };
    this.#key = { privateKey: (await importJWK(jwk, alg)) as CryptoKey, alg, publicJwk };
  }

  /** The public keys, for whoever shall accept these tokens. */
  jwks(): { readonly keys: readonly (JWK & { kid: string })[] } {
    return { keys: [this.#ready().publicJwk] };
  }

  async token(user: z.output<typeof DemoUser>): Promise<{ token: string; expiresAt: Date }> {
    const { issuer, audience, rolesClaim, emailClaim } = this.#options;
    const { privateKey, alg, publicJwk } = this.#ready();
    const issuedAt = Math.floor(Date.now() / 1_000);
    const expires = issuedAt + LIFETIME_SECONDS;
    const token = await new SignJWT({ name: user.name, [rolesClaim]: user.roles, [emailClaim]: user.email })
      .setProtectedHeader({ alg, kid: publicJwk.kid, typ: "JWT" })
      .setSubject(user.userId)
      .setJti(randomUUID())
      .setIssuer(issuer)
      .setAudience(audience)
      .setIssuedAt(issuedAt)
      .setExpirationTime(expires)
      .sign(privateKey);
    return { token, expiresAt: new Date(expires * 1_000) };
  }

  #ready() {
    if (this.#key === undefined) throw new Error("the development issuer has not started");
    return this.#key;
  }
}
