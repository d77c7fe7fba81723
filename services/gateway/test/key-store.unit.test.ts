import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { silentLog } from "@stipend/platform/log/log";
import { eventually } from "@stipend/testing/eventually";
import { expect, onTestFinished, test } from "vitest";
import { KeyStore } from "../src/auth/key-store.ts";
import { createIssuer } from "./support/issuer.ts";
import { serveHttp } from "./support/servers.ts";

const log = silentLog();

test("a file of keys is read again when it changes, and kept when it becomes unreadable", async () => {
  const folder = await mkdtemp(join(tmpdir(), "keys-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, "jwks.json");
  const [first, second] = await Promise.all([createIssuer("ES256", "one"), createIssuer("ES256", "two")]);
  await writeFile(file, JSON.stringify({ keys: [first.publicJwk] }));

  const store = new KeyStore({ url: pathToFileURL(file).href, log, fileEveryMs: 20 });
  await store.start();
  onTestFinished(() => store.stop());
  await expect(store.keyFor({ alg: "ES256", kid: "one" })).resolves.toBeDefined();
  await expect(store.keyFor({ alg: "ES256", kid: "two" })).rejects.toMatchObject({ code: "ERR_JWKS_NO_MATCHING_KEY" });

  await writeFile(`${file}.new`, JSON.stringify({ keys: [first.publicJwk, second.publicJwk] }));
  await rename(`${file}.new`, file);
  await eventually(() => expect(store.generation).toBe(2));
  await expect(store.keyFor({ alg: "ES256", kid: "two" })).resolves.toBeDefined();

  await writeFile(file, "{ not json");
  await eventually(async () => expect(await store.keyFor({ alg: "ES256", kid: "one" })).toBeDefined());
  expect(store.generation).toBe(2);
});

test("remote keys: an unknown kid fetches once in a while, and an outage is survived on the keys at hand", async () => {
  const [first, second] = await Promise.all([createIssuer("ES256", "one"), createIssuer("ES256", "two")]);
  let fetches = 0;
  let answer: { status: number; body: string } = { status: 200, body: JSON.stringify({ keys: [first.publicJwk] }) };
  const { url } = await serveHttp((_req, res) => {
    fetches += 1;
    res.writeHead(answer.status).end(answer.body);
  });
  const store = new KeyStore({ url: `${url}/jwks`, log, unknownKidCooldownMs: 300 });
  await store.start();
  onTestFinished(() => store.stop());
  expect(fetches).toBe(1);

  const unknown = () => store.keyFor({ alg: "ES256", kid: "two" });
  await expect(unknown()).rejects.toThrow();
  for (let n = 0; n < 20; n++) await expect(unknown()).rejects.toThrow();
  expect(fetches).toBe(2);

  answer = { status: 500, body: "" };
  await eventually(async () => {
    await expect(unknown()).rejects.toThrow();
    expect(fetches).toBe(3);
  });
  await expect(store.keyFor({ alg: "ES256", kid: "one" })).resolves.toBeDefined();

  answer = { status: 200, body: JSON.stringify({ keys: [second.publicJwk] }) };
  await eventually(async () => expect(await unknown()).toBeDefined());
  await expect(store.keyFor({ alg: "ES256", kid: "one" })).rejects.toThrow();
});

test("rotation: both keys are good while both are published; the old one ends with the set that leaves it out", async () => {
  const [first, second] = await Promise.all([createIssuer("RS256", "old"), createIssuer("EdDSA", "new")]);
  let keys = [first.publicJwk];
  const { url } = await serveHttp((_req, res) => void res.end(JSON.stringify({ keys })));
  const store = new KeyStore({ url, log, refreshMs: 20 });
  await store.start();
  onTestFinished(() => store.stop());
  const old = () => store.keyFor({ alg: "RS256", kid: "old" });
  const fresh = () => store.keyFor({ alg: "EdDSA", kid: "new" });
  keys = [first.publicJwk, second.publicJwk];
  await eventually(() => expect(store.generation).toBe(2));
  expect([await old(), await fresh()]).toHaveLength(2);
  keys = [second.publicJwk];
  await eventually(() => expect(store.generation).toBe(3));
  await expect(old()).rejects.toThrow();
  expect(await fresh()).toBeDefined();
});

test("an identity provider that is away at the start is asked again when a token comes", async () => {
  const issuer = await createIssuer("ES256", "one");
  let up = false;
  const { url } = await serveHttp((_req, res) => {
    if (up) res.end(JSON.stringify({ keys: [issuer.publicJwk] }));
    else res.destroy();
  });
  const store = new KeyStore({ url, log });
  await store.start();
  onTestFinished(() => store.stop());
  expect(store.ready()).toBe(false);
  await expect(store.keyFor({ alg: "ES256", kid: "one" })).rejects.toThrow("could not be read");
  up = true;
  await eventually(async () => expect(await store.keyFor({ alg: "ES256", kid: "one" })).toBeDefined());
  expect(store.ready()).toBe(true);
});
