import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Cruise, cruiseFolders } from "./boundaries.ts";

/** One planted breach each: what the file imports, and the rule that has to refuse it. */
const BREACHES: readonly (readonly [rule: string, from: string, imports: string])[] = [
  ["domain-imports-itself", "services/credits/src/domain/a.ts", "../usecases/ok.ts"],
  ["domain-imports-itself", "services/credits/src/domain/b.ts", "@stipend/platform/clock/clock"],
  ["domain-imports-itself", "services/credits/src/domain/c.ts", "node:fs"],
  ["domain-imports-itself", "services/credits/src/domain/d.ts", "zod"],
  ["domain-imports-itself", "services/monitor/src/rules/a.ts", "../store/ok.ts"],
  ["usecases-import-domain", "services/credits/src/usecases/a.ts", "../store/ok.ts"],
  ["usecases-import-domain", "services/credits/src/usecases/b.ts", "@stipend/platform/mysql/database"],
  ["usecases-import-domain", "services/credits/src/usecases/c.ts", "../http/ok.ts"],
  ["usecases-import-domain", "services/credits/src/usecases/d.ts", "@stipend/proto/http/credits"],
  ["store-imports-ports-and-mysql", "services/credits/src/store/a.ts", "../http/ok.ts"],
  ["store-imports-ports-and-mysql", "services/credits/src/store/b.ts", "@stipend/platform/http/server"],
  ["store-imports-ports-and-mysql", "services/credits/src/store/c.ts", "@stipend/proto/http/credits"],
  ["doors-do-not-reach-the-store", "services/credits/src/http/a.ts", "../store/ok.ts"],
  ["doors-do-not-reach-the-store", "services/credits/src/events/a.ts", "../store/ok.ts"],
  ["doors-do-not-reach-the-store", "services/credits/src/jobs/a.ts", "../store/ok.ts"],
  ["doors-use-domain-types-only", "services/credits/src/http/b.ts", "../domain/ok.ts"],
  ["doors-are-apart", "services/credits/src/jobs/b.ts", "../http/ok.ts"],
  ["only-the-root-sees-config", "services/credits/src/store/d.ts", "../config.ts"],
  ["no-service-imports-another", "services/credits/src/store/e.ts", "@stipend/membership/domain/ok"],
  ["no-service-imports-another", "services/credits/src/app.ts", "../../membership/src/domain/ok.ts"],
  ["services-import-no-tooling", "services/credits/src/http/c.ts", "@stipend/testing/eventually"],
  ["platform-knows-no-domain", "packages/platform/src/outbox/a.ts", "@stipend/proto/http/credits"],
  ["platform-knows-no-domain", "packages/platform/src/outbox/b.ts", "@stipend/credits/domain/ok"],
  ["drivers-behind-one-module", "services/credits/src/events/b.ts", "kafkajs"],
  ["drivers-behind-one-module", "packages/platform/src/outbox/c.ts", "mysql2"],
  ["proto-imports-the-contract-only", "proto/http/a.ts", "@stipend/platform/mysql/database"],
  ["client-stands-alone", "packages/client/src/a.ts", "@stipend/proto/http/credits"],
  ["client-stands-alone", "packages/client/src/b.ts", "node:crypto"],
  ["testing-imports-platform-and-local", "packages/testing/src/a.ts", "@stipend/credits/domain/ok"],
  ["local-imports-platform", "deploy/local/src/a.ts", "@stipend/proto/http/credits"],
  ["cli-uses-the-front-door", "packages/cli/src/a.ts", "@stipend/credits/domain/ok"],
  ["black-box-tests-use-the-front-door", "tests/e2e/a.ts", "@stipend/credits/domain/ok"],
  ["nobody-imports-tests", "packages/platform/src/log/a.ts", "../../../../tests/e2e/ok.ts"],
  ["main-is-started-not-imported", "tests/e2e/b.ts", "../../services/credits/src/main.ts"],
  ["no-cycles", "services/credits/src/usecases/cycle-a.ts", "./cycle-b.ts"],
  ["imports-resolve", "services/credits/src/usecases/e.ts", "./nowhere.ts"],
];

/** Imports the rules allow, written in every form TypeScript has. */
const LEGAL: Readonly<Record<string, string>> = {
  "services/credits/src/domain/ok.ts":
    'import { Temporal } from "temporal-polyfill";\nexport type Ok = 1;\nexport const ok = Temporal;\nabstract class A<T extends string = "x"> { abstract f(x: T): asserts x is T; declare y: number; }\nexport const z = <const T,>(x: T) => x satisfies unknown as T;\nexport type M = { readonly [K in keyof Ok as `p${K & string}`]?: Ok[K] };\nexport { A };',
  "services/credits/src/domain/also.ts": 'import { ok } from "./ok.ts";\nexport const also = ok;',
  "services/credits/src/usecases/ok.ts": 'import { ok } from "../domain/ok.ts";\nexport type Port = typeof ok;',
  "services/credits/src/usecases/cycle-b.ts": 'import "./cycle-a.ts";',
  "services/credits/src/store/ok.ts":
    'import type { Port } from "../usecases/ok.ts";\nimport { db } from "@stipend/platform/mysql/database";\nexport const f = (p: Port) => [p, db];',
  "services/credits/src/http/ok.ts":
    'import type { Ok } from "../domain/ok.ts";\nimport { credits } from "@stipend/proto/http/credits";\nimport { server } from "@stipend/platform/http/server";\nexport const g = (o: Ok) => [o, credits, server];',
  "services/credits/src/config.ts": "export const config = 1;",
  "services/credits/src/main.ts":
    'import { config } from "./config.ts";\nimport "./store/ok.ts";\nimport "./http/ok.ts";\nconsole.log(config);',
  "services/monitor/src/store/ok.ts": "export const ok = 1;",
  "services/membership/src/domain/ok.ts": "export const ok = 1;",
  "packages/platform/src/mysql/database.ts": 'import { Temporal as driver } from "mysql2";\nexport const db = driver;',
  "packages/platform/src/clock/clock.ts": "export type Clock = 1;",
  "packages/platform/src/http/contract.ts": "export const contract = 1;",
  "packages/platform/src/http/server.ts": 'import "./contract.ts";\nexport const server = 1;',
  "packages/testing/src/eventually.ts": 'import "@stipend/platform/clock/clock";\nexport const eventually = 1;',
  "proto/http/credits.ts":
    'import { contract } from "@stipend/platform/http/contract";\nexport const credits = contract;',
  "tests/e2e/ok.ts": 'import "@stipend/testing/eventually";\nimport "@stipend/proto/http/credits";',
};

const WORKSPACES: Readonly<Record<string, readonly [folder: string, exports: string]>> = {
  "@stipend/platform": ["packages/platform", "./src/*.ts"],
  "@stipend/testing": ["packages/testing", "./src/*.ts"],
  "@stipend/proto": ["proto", "./*.ts"],
  "@stipend/credits": ["services/credits", "./src/*.ts"],
  "@stipend/membership": ["services/membership", "./src/*.ts"],
};

let root: string;
let cruised: Cruise;

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), `${text}\n`);
}

beforeAll(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), "stipend-boundaries-")));
  await mkdir(join(root, "node_modules", "@stipend"), { recursive: true });
  for (const [name, [folder, exported]] of Object.entries(WORKSPACES)) {
    await write(`${folder}/package.json`, JSON.stringify({ name, type: "module", exports: { "./*": exported } }));
    await symlink(join(root, folder), join(root, "node_modules", name));
  }
  for (const name of ["zod", "temporal-polyfill", "kafkajs", "mysql2"]) {
    await write(`node_modules/${name}/package.json`, JSON.stringify({ name, type: "module", exports: "./index.js" }));
    await write(`node_modules/${name}/index.js`, "export const Temporal = 1;");
  }
  for (const [path, text] of Object.entries(LEGAL)) await write(path, text);
  for (const [, from, imports] of BREACHES) await write(from, `import * as x from "${imports}";\nexport { x };`);
  cruised = await cruiseFolders(["proto", "packages", "services", "deploy", "tests"], root);
});

afterAll(() => rm(root, { recursive: true, force: true }));

describe("the boundaries", () => {
  test.each(BREACHES)("%s refuses %s importing %s", (rule, from) => {
    expect(cruised.breaches.filter((breach) => breach.from === from).map((breach) => breach.rule)).toContain(rule);
  });

  test("a type import is an import, except where the rule says otherwise", async () => {
    await write(
      "services/credits/src/domain/typed.ts",
      'import type { Port } from "../usecases/ok.ts";\nexport type P = Port;',
    );
    const { breaches } = await cruiseFolders(["services/credits/src/domain/typed.ts"], root);
    expect(breaches.map((breach) => breach.rule)).toContain("domain-imports-itself");
  });

  test("what is allowed passes, in every form of import", () => {
    const legal = Object.keys(LEGAL).filter((path) => !path.includes("cycle"));
    expect(cruised.breaches.filter((breach) => legal.includes(breach.from))).toEqual([]);
    expect(cruised.imports.get("services/credits/src/http/ok.ts")).toBe(3);
    expect(cruised.imports.get("services/credits/src/domain/ok.ts")).toBe(1);
  });
});
