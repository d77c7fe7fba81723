import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLog } from "@stipend/platform/log/log";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadWeb } from "../src/web/load-web.ts";
import type { WebApp } from "../src/web/web-app.ts";

const HTML =
  '<meta content="__STIPEND_NONCE__"><script type="application/json">"__STIPEND_SETTINGS__"</script><script src="/assets/a.js">';
const SCRIPT = "export const a = 1;\n";

let dir: string;
let server: Server;
let url: string;

const log = createLog({ service: "test", level: "silent" });
const oidc = { kind: "oidc", issuer: "https://id.example/realms/x", clientId: "</script>", scope: "openid" } as const;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "stipend-web-"));
  mkdirSync(join(dir, "assets"));
  writeFileSync(join(dir, "index.html"), HTML);
  writeFileSync(join(dir, "pages.json"), JSON.stringify({ "index.html": ["/", "/history", "/admin/users/:userId"] }));
  writeFileSync(join(dir, "assets", "a.js"), SCRIPT);
  writeFileSync(join(dir, "assets", "a.js.br"), "brotli");
  writeFileSync(join(dir, "assets", "a.js.gz"), "gzip");
  writeFileSync(join(dir, "assets", "secret.pem"), "key");
  const web = loadWeb(dir, () => ({ signIn: oidc, checkoutUrl: "https://shop.example/?buy={code}" }), log) as WebApp;
  server = createServer((req, res) => {
    if (!web.handle(req, res)) {
      res.statusCode = 404;
      res.end("the door");
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
  rmSync(dir, { recursive: true, force: true });
});

const get = (path: string, init: RequestInit = {}) => fetch(`${url}${path}`, init);

describe("pages", () => {
  it("stand at the addresses the build names, with a nonce of their own each time", async () => {
    const [first, second] = await Promise.all([get("/history"), get("/admin/users/liam%7Coidc%3A42/?tab=1")]);
    const texts = await Promise.all([first.text(), second.text()]);
    const nonces = texts.map((text) => /content="([\w-]{22})"/.exec(text)?.[1]);
    expect(new Set(nonces).size).toBe(2);
    expect(first.headers.get("content-security-policy")).toBe(
      `default-src 'none'; script-src 'self'; style-src 'self' 'nonce-${nonces[0]}'; img-src 'self' data:; font-src 'self'; connect-src 'self' https://id.example; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`,
    );
    expect(first.headers.get("cache-control")).toBe("no-store");
  });

  it("carry the settings, which can't end the script they stand in", async () => {
    const text = await (await get("/")).text();
    expect(text.match(/<\/script>/g)).toHaveLength(1);
    const settings: unknown = JSON.parse(/json">(.*?)<\/script>/.exec(text)?.[1] ?? "");
    expect(settings).toEqual({ signIn: oidc, checkoutUrl: "https://shop.example/?buy={code}" });
  });

  it.each([
    "/api",
    "/api/",
    "/api/credits",
    "/api/history",
    "/nothing",
    "/history/more",
    "/admin/users/a/b",
    "/index.html",
  ])("are not at %s", async (path) => {
    expect((await get(path)).status).toBe(404);
  });

  it("are read, never written to", async () => {
    expect((await get("/", { method: "POST" })).status).toBe(404);
    expect(await (await get("/", { method: "HEAD" })).text()).toBe("");
  });
});

describe("assets", () => {
  it("may be kept for ever, in the smallest form the client takes", async () => {
    const forms = await Promise.all(
      ["br, gzip", "gzip", "identity", "br;q=0, gzip;q=0.5"].map(async (accepted) => {
        const answer = await get("/assets/a.js", { headers: { "accept-encoding": accepted } }).catch(() => undefined);
        return answer?.headers.get("content-encoding") ?? null;
      }),
    );
    expect(forms).toEqual(["br", "gzip", null, "gzip"]);
    const plain = await get("/assets/a.js", { headers: { "accept-encoding": "identity" } });
    expect(await plain.text()).toBe(SCRIPT);
    expect(plain.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect(plain.headers.get("vary")).toBe("accept-encoding");
  });

  it.each([
    "/assets/",
    "/assets/b.js",
    "/assets/secret.pem",
    "/assets/../pages.json",
    "/assets/%2e%2e/pages.json",
    "/pages.json",
  ])("are those of the build alone: %s", async (path) => {
    expect((await get(path)).status).toBe(404);
  });
});

describe("a gateway without a build", () => {
  it("has no pages, and says so", () => {
    expect(loadWeb(undefined, () => ({ signIn: oidc }), log)).toBeUndefined();
    expect(loadWeb(join(dir, "nowhere"), () => ({ signIn: oidc }), log)).toBeUndefined();
  });
});
