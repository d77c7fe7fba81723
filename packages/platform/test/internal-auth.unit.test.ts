import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from "jose";
import { request } from "undici";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { InternalTokenSigner, internalAuth } from "../src/auth/internal.ts";
import { defineRoute } from "../src/http/contract.ts";
import { serve } from "../src/http/serve.ts";
import { HttpServer } from "../src/http/server.ts";
import { silentLog } from "../src/log/log.ts";

let dir: string;
let server: HttpServer;
let gateway: JWK;
let stranger: JWK;

async function key(kid: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
  return { ...(await exportJWK(privateKey)), kid, alg: "EdDSA" };
}

function publicPart({ d: _d, ...jwk }: JWK): JWK {
  return jwk;
}

async function writeJwks(keys: JWK[]): Promise<void> {
  await writeFile(join(dir, "internal.jwks.json"), JSON.stringify({ keys: keys.map(publicPart) }));
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "stipend-auth-"));
  gateway = await key("gateway");
  stranger = await key("gateway");
  await writeJwks([gateway, await key("monitor")]);
  server = new HttpServer({ host: "127.0.0.1", port: 0, log: silentLog() });
  server.app.use(internalAuth({ jwksFile: join(dir, "internal.jwks.json"), audience: "credits" }));
  const whoami = defineRoute({
    id: "test.whoami",
    method: "GET",
    path: "/whoami",
    roles: ["user", "service"],
    summary: "who",
    responses: { 200: { description: "who" } },
    errors: [],
  });
  serve(server.app, whoami, async ({ actor }) => ({ body: actor }));
  await server.start();
});

afterAll(async () => {
  await server.stop();
  await rm(dir, { recursive: true });
});

interface TokenOptions {
  readonly jwk?: JWK;
  readonly alg?: string;
  readonly kid?: string;
  readonly iss?: string;
  readonly aud?: string;
  readonly exp?: string | number;
}

async function token(options: TokenOptions = {}): Promise<string> {
  const alg = options.alg ?? "EdDSA";
  return new SignJWT({})
    .setProtectedHeader({ alg, kid: options.kid ?? "gateway" })
    .setIssuer(options.iss ?? "gateway")
    .setAudience(options.aud ?? "credits")
    .setIssuedAt()
    .setExpirationTime(options.exp ?? "60s")
    .sign(await importJWK(options.jwk ?? gateway, alg));
}

async function ask(headers: Record<string, string>): Promise<{ status: number; body: Record<string, unknown> }> {
  const answer = await request(`${server.url}/whoami`, { headers });
  return { status: answer.statusCode, body: (await answer.body.json()) as Record<string, unknown> };
}

describe("internal tokens", () => {
  it("makes the actor of what the caller vouches for", async () => {
    const { status, body } = await ask({
      authorization: `Bearer ${await token()}`,
      "stipend-actor": "alice@example.org",
      "stipend-actor-roles": "user, support,emperor",
      "stipend-actor-email": "alice@example.org",
      "stipend-client-ip": "203.0.113.7",
      "stipend-user-agent": encodeURIComponent("Mozilla/5.0 (ünïcode)"),
      "x-request-id": "request-1",
    });
    expect(status).toBe(200);
    expect(body).toEqual({
      sub: "alice@example.org",
      roles: ["user", "support"],
      email: "alice@example.org",
      ip: "203.0.113.7",
      userAgent: "Mozilla/5.0 (ünïcode)",
      caller: "gateway",
      requestId: "request-1",
    });
  });

  it("takes a caller that names nobody for itself", async () => {
    const { body } = await ask({ authorization: `Bearer ${await token()}` });
    expect(body).toMatchObject({ sub: "gateway", roles: ["service"], caller: "gateway" });
  });

  it("accepts what the signer signs, and signs once for a while", async () => {
    await writeFile(join(dir, "gateway.private.jwk.json"), JSON.stringify(gateway));
    const signer = new InternalTokenSigner({ keyFile: join(dir, "gateway.private.jwk.json") });
    expect(signer.cachedToken("credits")).toBeUndefined();
    const [first, second] = await Promise.all([signer.tokenFor("credits"), signer.tokenFor("credits")]);
    expect(first).toBe(second);
    expect(signer.cachedToken("credits")).toBe(first);
    expect(await signer.tokenFor("membership")).not.toBe(first);
    expect((await ask({ authorization: `Bearer ${first}` })).status).toBe(200);
  });

  const refused: { name: string; header: () => Promise<string | undefined> }[] = [
    { name: "no token", header: async () => undefined },
    { name: "no Bearer", header: async () => token() },
    { name: "rubbish", header: async () => "Bearer a.b.c" },
    { name: "another audience", header: async () => `Bearer ${await token({ aud: "membership" })}` },
    { name: "another issuer than kid", header: async () => `Bearer ${await token({ iss: "monitor" })}` },
    { name: "an unknown kid", header: async () => `Bearer ${await token({ kid: "intruder", iss: "intruder" })}` },
    { name: "a stranger's key under a known kid", header: async () => `Bearer ${await token({ jwk: stranger })}` },
    {
      name: "an expired token",
      header: async () => `Bearer ${await token({ exp: Math.floor(Date.now() / 1_000) - 60 })}`,
    },
    { name: "a token for a year", header: async () => `Bearer ${await token({ exp: "365d" })}` },
    {
      name: "alg none",
      header: async () => {
        const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
        const exp = Math.floor(Date.now() / 1_000) + 60;
        const claims = part({ iss: "gateway", aud: "credits", exp, iat: exp - 60 });
        return `Bearer ${part({ alg: "none", kid: "gateway" })}.${claims}.AA`;
      },
    },
    {
      name: "HS256 with the public key as the secret",
      header: async () => {
        const secret = new TextEncoder().encode(JSON.stringify(publicPart(gateway)));
        const signed = await new SignJWT({})
          .setProtectedHeader({ alg: "HS256", kid: "gateway" })
          .setIssuer("gateway")
          .setAudience("credits")
          .setIssuedAt()
          .setExpirationTime("60s")
          .sign(secret);
        return `Bearer ${signed}`;
      },
    },
  ];

  it.each(refused)("refuses $name", async ({ header }) => {
    const authorization = await header();
    const { status, body } = await ask({
      ...(authorization === undefined ? {} : { authorization }),
      "stipend-actor": "alice",
      "stipend-actor-roles": "user",
    });
    expect(status).toBe(401);
    expect(body["code"]).toBe("internal_token_required");
  });

  it("refuses an actor that is no id", async () => {
    const { status } = await ask({ authorization: `Bearer ${await token()}`, "stipend-actor": "alice bob" });
    expect(status).toBe(401);
  });

  it("reads the keys anew when one appears that it does not know", async () => {
    const rotated = await key("bench");
    const signed = await token({ jwk: rotated, kid: "bench", iss: "bench" });
    const fresh = new HttpServer({ host: "127.0.0.1", port: 0, log: silentLog() });
    fresh.app.use(internalAuth({ jwksFile: join(dir, "internal.jwks.json"), audience: "credits" }));
    await fresh.start();
    await writeJwks([gateway, rotated]);
    const answer = await request(`${fresh.url}/nothing`, { headers: { authorization: `Bearer ${signed}` } });
    expect(answer.statusCode).toBe(404);
    await answer.body.dump();
    await fresh.stop();
  });
});
