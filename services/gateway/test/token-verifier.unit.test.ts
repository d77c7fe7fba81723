import { createHmac, generateKeyPairSync, sign, type webcrypto } from "node:crypto";
import { silentLog } from "@stipend/platform/log/log";
import { createLocalJWKSet, exportSPKI, importJWK, type JWK } from "jose";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { KeyStore } from "../src/auth/key-store.ts";
import { TokenVerifier } from "../src/auth/token-verifier.ts";
import { Refusal } from "../src/http/refusal.ts";
import { AUDIENCE, base64url, createIssuer, ISSUER, type Issuer } from "./support/issuer.ts";

let rs: Issuer;
let es: Issuer;
let ed: Issuer;
let stranger: Issuer;

beforeAll(async () => {
  [rs, es, ed, stranger] = await Promise.all([
    createIssuer("RS256"),
    createIssuer("ES256"),
    createIssuer("EdDSA"),
    createIssuer("ES256"),
  ]);
});

const CLAIMS = { rolesClaim: "roles", emailClaim: "email", defaultRoles: ["user"] as const };

function verifier(
  options: { algorithms?: string[]; keys?: JWK[]; claims?: Partial<typeof CLAIMS>; skewSeconds?: number } = {},
) {
  const jwks = { keys: options.keys ?? [rs.publicJwk, es.publicJwk, ed.publicJwk] };
  const lookup = createLocalJWKSet(jwks);
  const keys = {
    generation: 1,
    keyFor: vi.fn(({ alg, kid }) => lookup({ alg: alg ?? "", ...(kid === undefined ? {} : { kid }) })),
  };
  const made = new TokenVerifier({
    keys,
    issuer: ISSUER,
    audience: AUDIENCE,
    algorithms: options.algorithms ?? ["RS256", "ES256", "EdDSA"],
    skewSeconds: options.skewSeconds ?? 5,
    claims: { ...CLAIMS, ...options.claims },
    cacheSize: 3,
  });
  return { verify: (token: string) => made.verify(`Bearer ${token}`), made, keys };
}

async function codeOfRefusal(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    (value) => expect.fail(`was accepted: ${JSON.stringify(value)}`),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Refusal)) throw error;
  expect(error.headers["www-authenticate"]).toMatch(/^Bearer realm="stipend"/);
  return error.code;
}

const now = () => Math.floor(Date.now() / 1_000);

describe("a good token", () => {
  test("of each allowed algorithm is accepted", async () => {
    const { verify } = verifier();
    for (const issuer of [rs, es, ed]) {
      const principal = await verify(
        await issuer.token({ roles: ["admin", "user"], email: "a@example.org", jti: "t1" }),
      );
      expect(principal).toMatchObject({ sub: "alice", roles: ["admin", "user"], email: "a@example.org", jti: "t1" });
    }
  });

  test("may name several audiences", async () => {
    await expect(verifier().verify(await es.token({ aud: ["other", AUDIENCE] }))).resolves.toMatchObject({
      sub: "alice",
    });
  });

  test("without roles has the default; an empty list has none; unknown names are left out", async () => {
    const { verify } = verifier();
    expect((await verify(await es.token({ roles: undefined }))).roles).toEqual(["user"]);
    expect((await verify(await es.token({ roles: [] }))).roles).toEqual([]);
    expect((await verify(await es.token({ roles: ["root", "support", "support"] }))).roles).toEqual(["support"]);
  });

  test("of Keycloak or Auth0 has its roles found by the claim's name", async () => {
    const keycloak = verifier({ claims: { rolesClaim: "realm_access.roles" } });
    expect((await keycloak.verify(await es.token({ realm_access: { roles: ["admin"] } }))).roles).toEqual(["admin"]);
    const auth0 = verifier({ claims: { rolesClaim: "https://stipend.example/roles" } });
    expect((await auth0.verify(await es.token({ "https://stipend.example/roles": ["auditor"] }))).roles).toEqual([
      "auditor",
    ]);
  });

  // The shapes that the providers document; Keycloak's was taken from a running one (26.7).
  describe("of a provider, with the settings of docs/identity-providers.md,", () => {
    const claims = { rolesClaim: "https://stipend.example/roles", emailClaim: "https://stipend.example/email" };
    /** Auth0, profile "Auth0": a person's token for an API, asked for with the scope openid. */
    const person = {
      "https://stipend.example/roles": ["user", "admin", "editor"],
      "https://stipend.example/email": "ada@example.org",
      sub: "auth0|64f0c0ffee64f0c0ffee64f0",
      aud: [AUDIENCE, `${ISSUER}userinfo`],
      azp: "my0clientid0of0the0application0",
      scope: "openid profile email offline_access",
      permissions: ["read:reports", "admin"],
      gty: "password",
    };
    /** Auth0: a machine's token, by client credentials. */
    const machine = {
      "https://stipend.example/roles": ["service"],
      sub: "my0clientid0of0the0backend@clients",
      aud: AUDIENCE,
      azp: "my0clientid0of0the0backend",
      scope: "read:reports",
      permissions: ["read:reports"],
      gty: "client-credentials",
    };

    test("Auth0: roles and e-mail by their namespaced names, and nothing by scope or permissions", async () => {
      const { verify } = verifier({ claims });
      expect(await verify(await rs.token(person))).toMatchObject({
        sub: "auth0|64f0c0ffee64f0c0ffee64f0",
        roles: ["user", "admin"],
        email: "ada@example.org",
      });
      const { roles, sub, email } = await verify(await rs.token(machine));
      expect([sub, roles, email]).toEqual(["my0clientid0of0the0backend@clients", ["service"], undefined]);
      const { "https://stipend.example/roles": _roles, ...withoutAction } = person;
      expect((await verify(await rs.token({ ...withoutAction, roles: undefined }))).roles).toEqual(["user"]);
    });

    test("Auth0, profile RFC 9068: another typ, and a jti to revoke it by", async () => {
      const { verify } = verifier({ claims });
      const token = await rs.token({ ...person, jti: "a1b2", client_id: person.azp }, { typ: "at+jwt" });
      expect(await verify(token)).toMatchObject({ roles: ["user", "admin"], jti: "a1b2" });
    });

    test("Keycloak: realm roles among those of its own", async () => {
      const { verify } = verifier({ claims: { rolesClaim: "realm_access.roles" } });
      const token = await rs.token({
        jti: "onrtro:eea99c43-18b9-6ece-a683-580074ddc21c",
        aud: [AUDIENCE, "account"],
        sub: "56804280-f643-4b24-9448-8b65e0ea3637",
        typ: "Bearer",
        azp: "shop-web",
        realm_access: { roles: ["offline_access", "default-roles-shop", "uma_authorization", "user"] },
        resource_access: { account: { roles: ["manage-account", "admin"] } },
        email: "alice@shop.example",
      });
      expect(await verify(token)).toMatchObject({
        roles: ["user"],
        email: "alice@shop.example",
        jti: "onrtro:eea99c43-18b9-6ece-a683-580074ddc21c",
      });
    });
  });

  test.each(["alice", "A.b_c@d|e:f-9", "x".repeat(128)])("with the subject %s is accepted", async (sub) => {
    expect((await verifier().verify(await es.token({ sub }))).sub).toBe(sub);
  });

  test("is verified once, also when it comes a hundred times at once", async () => {
    const { verify, keys } = verifier();
    const token = await es.token();
    await Promise.all(Array.from({ length: 100 }, () => verify(token)));
    await verify(token);
    expect(keys.keyFor).toHaveBeenCalledTimes(1);
  });

  test("is verified again when the keys have changed", async () => {
    const { verify, keys } = verifier();
    const token = await es.token();
    await verify(token);
    keys.generation = 2;
    await verify(token);
    expect(keys.keyFor).toHaveBeenCalledTimes(2);
  });

  test("remembered or not is refused once it has expired", async () => {
    const { verify } = verifier({ skewSeconds: 0 });
    const token = await es.token({ exp: now() + 2 });
    await verify(token);
    vi.useFakeTimers({ now: Date.now() + 3_000, toFake: ["Date"] });
    try {
      expect(await codeOfRefusal(verify(token))).toBe("token_expired");
    } finally {
      vi.useRealTimers();
    }
  });

  test("the cache stays within its bound", async () => {
    const { verify, keys } = verifier();
    const tokens = await Promise.all(Array.from({ length: 4 }, (_, n) => es.token({ sub: `user-${n}` })));
    for (const token of tokens) await verify(token);
    await verify(tokens[3] ?? "");
    expect(keys.keyFor).toHaveBeenCalledTimes(4);
    await verify(tokens[0] ?? "");
    expect(keys.keyFor).toHaveBeenCalledTimes(5);
  });
});

describe("refused with its own code", () => {
  const header = (value: string | undefined) => codeOfRefusal(verifier().made.verify(value));

  test("no token", async () => {
    expect(await header(undefined)).toBe("token_missing");
    expect(await header("")).toBe("token_missing");
  });

  test.each(["Basic YTpi", "Bearer", "Bearer a b", "Bearer abc", "Bearer a.b", "Bearer ..", "Bearer a.b.c.d"])(
    "%s",
    async (value) => {
      expect(await header(value)).toBe("token_malformed");
    },
  );

  test("an endless token, without looking into it", async () => {
    expect(await header(`Bearer ${"a".repeat(9_000)}.b.c`)).toBe("token_malformed");
  });

  test.each([
    ["token_expired", { exp: now() - 60 }],
    ["token_not_yet_valid", { nbf: now() + 300 }],
    ["token_issuer_wrong", { iss: "https://evil.test/" }],
    ["token_audience_wrong", { aud: "another" }],
    ["token_claim_missing", { exp: undefined }],
    ["token_claim_missing", { sub: undefined }],
    ["token_claim_missing", { iss: undefined }],
    ["token_claim_missing", { aud: undefined }],
    ["token_subject_invalid", { sub: "" }],
    ["token_subject_invalid", { sub: "al ice" }],
    ["token_subject_invalid", { sub: "älice" }],
    ["token_subject_invalid", { sub: "x".repeat(129) }],
    ["token_subject_invalid", { sub: "alice\n" }],
    ["token_malformed", { exp: "tomorrow" }],
    ["token_subject_invalid", { sub: 7 }],
    ["token_subject_invalid", { sub: ["alice"] }],
    ["token_malformed", { roles: { admin: true } }],
    ["token_malformed", { roles: [1] }],
  ])("%s: %j", async (code, claims) => {
    expect(await codeOfRefusal(verifier().verify(await es.token(claims)))).toBe(code);
  });

  test("a signature by another key under a known kid", async () => {
    expect(await codeOfRefusal(verifier().verify(await stranger.token()))).toBe("token_signature_invalid");
  });

  test("a payload changed after signing", async () => {
    const [head, , signature] = (await es.token()).split(".");
    const payload = base64url({ iss: ISSUER, aud: AUDIENCE, sub: "mallory", exp: now() + 600, roles: ["admin"] });
    expect(await codeOfRefusal(verifier().verify(`${head}.${payload}.${signature}`))).toBe("token_signature_invalid");
  });

  test("an unknown kid, and none at all", async () => {
    expect(await codeOfRefusal(verifier().verify(await es.token({}, { kid: "other" })))).toBe("token_key_unknown");
  });

  test("alg none, with or without a signature", async () => {
    const payload = base64url({ iss: ISSUER, aud: AUDIENCE, sub: "alice", exp: now() + 600, roles: ["admin"] });
    for (const alg of ["none", "None", "NONE"]) {
      const token = `${base64url({ alg, kid: "ES256" })}.${payload}.`;
      expect(["token_algorithm_refused", "token_malformed"]).toContain(await codeOfRefusal(verifier().verify(token)));
    }
  });

  test("HS256 signed with the public key as the secret", async () => {
    const pem = await exportSPKI(
      (await importJWK(rs.publicJwk, "RS256", { extractable: true })) as webcrypto.CryptoKey,
    );
    const head = base64url({ alg: "HS256", kid: "RS256" });
    const payload = base64url({ iss: ISSUER, aud: AUDIENCE, sub: "alice", exp: now() + 600, roles: ["admin"] });
    const mac = createHmac("sha256", pem).update(`${head}.${payload}`).digest("base64url");
    expect(await codeOfRefusal(verifier().verify(`${head}.${payload}.${mac}`))).toBe("token_algorithm_refused");
  });

  test("an algorithm that is not on the list, though its key is", async () => {
    expect(await codeOfRefusal(verifier({ algorithms: ["ES256"] }).verify(await rs.token()))).toBe(
      "token_algorithm_refused",
    );
  });

  test("a key that the token brings along (jwk, jku, x5u)", async () => {
    const evil = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const jwk = evil.publicKey.export({ format: "jwk" });
    for (const extra of [{ jwk }, { jku: "http://127.0.0.1:1/keys" }, { x5u: "http://127.0.0.1:1/cert" }]) {
      const head = base64url({ alg: "ES256", kid: "ES256", ...extra });
      const payload = base64url({ iss: ISSUER, aud: AUDIENCE, sub: "alice", exp: now() + 600, roles: ["admin"] });
      const signature = sign("sha256", Buffer.from(`${head}.${payload}`), {
        key: evil.privateKey,
        dsaEncoding: "ieee-p1363",
      });
      const token = `${head}.${payload}.${signature.toString("base64url")}`;
      expect(await codeOfRefusal(verifier().verify(token))).toBe("token_signature_invalid");
    }
  });

  test("crit that nobody here understands", async () => {
    const head = base64url({ alg: "ES256", kid: "ES256", crit: ["exotic"], exotic: true });
    const token = await es.token();
    expect(await codeOfRefusal(verifier().verify(`${head}.${token.split(".").slice(1).join(".")}`))).toBe(
      "token_malformed",
    );
  });

  test("nothing can be judged while no key was ever read", async () => {
    const keys = new KeyStore({ url: "file:///nonexistent/jwks.json", log: silentLog() });
    const made = new TokenVerifier({
      keys,
      issuer: ISSUER,
      audience: AUDIENCE,
      algorithms: ["ES256"],
      skewSeconds: 5,
      claims: CLAIMS,
    });
    const refused = await made.verify(`Bearer ${await es.token()}`).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: "identity_provider_unavailable", retryAfterSeconds: 5 });
  });
});
