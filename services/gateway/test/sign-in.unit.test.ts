import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DevSession, SIGN_IN_HANDOVER } from "@stipend/proto/http/sign-in";
import { createRemoteJWKSet, exportJWK, jwtVerify } from "jose";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { DevIssuer } from "../src/sign-in/dev-issuer.ts";
import { signInRoutes } from "../src/sign-in/sign-in-routes.ts";
import { openDoor } from "./support/door.ts";
import { AUDIENCE, createIssuer, ISSUER, type Issuer } from "./support/issuer.ts";

let keys: Issuer;
beforeAll(async () => {
  keys = await createIssuer("ES256");
});

/** The real door with the sign-in's routes; it accepts what the sign-in's key signs. */
async function openSignIn(rolesClaim = "roles") {
  const folder = mkdtempSync(join(tmpdir(), "sign-in-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const keyFile = join(folder, "key.json");
  const jwk = { ...(await exportJWK(keys.privateKey)), kid: keys.kid, alg: "ES256", use: "sig" };
  writeFileSync(keyFile, JSON.stringify(jwk));
  const issuer = new DevIssuer({ keyFile, issuer: ISSUER, audience: AUDIENCE, rolesClaim, emailClaim: "email" });
  await issuer.start();
  return (await openDoor(keys, signInRoutes(issuer))).url;
}

/** fetch keeps Host, Origin and Sec-Fetch-Site to itself. */
function post(
  url: string,
  headers: Record<string, string>,
  body: string,
  search = "",
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const req = request(`${url}/api/dev/sign-in${search}`, { method: "POST", headers }, async (res) => {
      let text = "";
      for await (const chunk of res) text += String(chunk);
      resolve({ status: res.statusCode ?? 0, text });
    });
    req.on("error", reject).end(body);
  });
}

const JSON_TYPE = { "content-type": "application/json" };

test("every listed user gets a token that the published keys verify, with its roles, its own jti and a working day", async () => {
  const url = await openSignIn();
  const { data } = (await (await fetch(`${url}/api/dev/users`)).json()) as {
    data: { userId: string; roles: string[] }[];
  };
  expect(data.map(({ userId }) => userId)).toContain("alice");
  const published = createRemoteJWKSet(new URL(`${url}/api/dev/jwks.json`));
  const ids = new Set<unknown>();
  for (const { userId, roles } of data) {
    const answer = await post(url, JSON_TYPE, JSON.stringify({ userId }));
    const session = DevSession.parse(JSON.parse(answer.text));
    const { payload } = await jwtVerify(session.token, published, { issuer: ISSUER, audience: AUDIENCE });
    expect(payload).toMatchObject({ sub: userId, roles, email: session.user.email });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(8 * 3_600);
    expect(session.expiresAt).toBe(new Date((payload.exp ?? 0) * 1_000).toISOString());
    ids.add(payload.jti);
  }
  expect(ids.size).toBe(data.length);
});

test("the published keys hold nothing private", async () => {
  const url = await openSignIn();
  const { keys: published } = (await (await fetch(`${url}/api/dev/jwks.json`)).json()) as { keys: object[] };
  expect(Object.keys(published[0] ?? {}).sort()).toEqual(["alg", "crv", "kid", "kty", "use", "x", "y"]);
});

test("roles go into the claim that the gateway reads them from", async () => {
  const url = await openSignIn("realm_access.roles");
  const answer = await post(url, JSON_TYPE, JSON.stringify({ userId: "root" }));
  const [, payload = ""] = DevSession.parse(JSON.parse(answer.text)).token.split(".");
  expect(JSON.parse(Buffer.from(payload, "base64url").toString())).toMatchObject({ "realm_access.roles": ["admin"] });
});

describe("is refused", () => {
  test.each([
    ["a page of another origin", { ...JSON_TYPE, origin: "https://evil.example" }, 403, "sign_in_from_elsewhere"],
    ["a page without an origin", { ...JSON_TYPE, origin: "null" }, 403, "sign_in_from_elsewhere"],
    [
      "what a browser calls cross-site",
      { ...JSON_TYPE, "sec-fetch-site": "cross-site" },
      403,
      "sign_in_from_elsewhere",
    ],
    ["a page of a neighbouring name", { ...JSON_TYPE, "sec-fetch-site": "same-site" }, 403, "sign_in_from_elsewhere"],
    [
      "a public name pointed at this address",
      {
        ...JSON_TYPE,
        host: "rebound.example:8080",
        origin: "http://rebound.example:8080",
        "sec-fetch-site": "same-origin",
      },
      403,
      "sign_in_from_elsewhere",
    ],
    ["what a form can send without being asked", { "content-type": "text/plain" }, 415, "unsupported_media_type"],
  ])("%s", async (_what, headers, status, code) => {
    const answer = await post(await openSignIn(), headers, JSON.stringify({ userId: "root" }));
    expect([answer.status, JSON.parse(answer.text).code]).toEqual([status, code]);
  });

  test("a parameter that nobody knows", async () => {
    const answer = await post(await openSignIn(), JSON_TYPE, JSON.stringify({ userId: "alice" }), "?role=admin");
    expect([answer.status, JSON.parse(answer.text).code]).toEqual([400, "validation_failed"]);
  });

  test.each([
    [{ userId: "nobody" }, 404, "demo_user_unknown"],
    [{ userId: "alice", roles: ["admin"] }, 400, "validation_failed"],
    [{}, 400, "validation_failed"],
  ])("the body %j", async (body, status, code) => {
    const answer = await post(await openSignIn(), JSON_TYPE, JSON.stringify(body));
    expect([answer.status, JSON.parse(answer.text).code]).toEqual([status, code]);
  });
});

test("its own page, by address, by localhost and by a bare name, is served", async () => {
  const url = await openSignIn();
  const { port } = new URL(url);
  for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `gateway:${port}`, "[::1]:8080", "app.localhost"]) {
    const answer = await post(
      url,
      { ...JSON_TYPE, host, origin: `http://${host}` },
      JSON.stringify({ userId: "alice" }),
    );
    expect([host, answer.status]).toEqual([host, 200]);
  }
});

test("the page takes a path to return to, and nothing that leads elsewhere", async () => {
  const url = await openSignIn();
  const status = async (returnTo: string) =>
    (await fetch(`${url}/api/dev/sign-in?returnTo=${encodeURIComponent(returnTo)}`)).status;
  expect([await status("/"), await status("/admin?tab=users#top")]).toEqual([200, 200]);
  for (const bad of ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "admin", ""]) {
    expect([bad, await status(bad)]).toEqual([bad, 400]);
  }
  const page = await fetch(`${url}/api/dev/sign-in`);
  expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
  for (const file of ["sign-in.js", "sign-in.css"]) {
    expect((await fetch(`${url}/api/dev/sign-in/${file}`)).status).toBe(200);
  }
  expect((await fetch(`${url}/api/dev/sign-in/sign-in.html`)).status).toBe(404);
});

test("page and contract hand the session over under one name", () => {
  const script = readFileSync(new URL("../assets/sign-in.js", import.meta.url), "utf8");
  expect(script).toContain(`const HANDOVER = ${JSON.stringify(SIGN_IN_HANDOVER)};`);
});
