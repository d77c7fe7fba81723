import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { ROOT, runTool } from "./part.ts";

/** What the lint must refuse; biome's own tests do not know whether our configuration turns a rule on. */
const BREACHES: Readonly<Record<string, string>> = {
  noFloatingPromises:
    "async function later(): Promise<number> {\n  return 1;\n}\nexport function f(): void {\n  later();\n}\n",
  noExplicitAny: "export function f(x: any): string {\n  return String(x);\n}\n",
  noNonNullAssertion: "export function f(x: string[]): number {\n  return x[0]!.length;\n}\n",
  noDefaultExport: "export default 1;\n",
  noBarrelFile: 'export * from "./other.ts";\n',
  useImportType: 'import { A } from "./other.ts";\nexport const f = (a: A): A => a;\n',
  noUnusedVariables: "function unused(): void {}\nexport const x = 1;\n",
  useNodejsImportProtocol: 'import { join } from "path";\nexport const x = join("a", "b");\n',
};

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "stipend-lint-"));
  const config = z.record(z.string(), z.unknown()).parse(JSON.parse(await readFile(join(ROOT, "biome.json"), "utf8")));
  // Outside of the repository there is neither git nor node_modules.
  await writeFile(join(folder, "biome.json"), JSON.stringify({ ...config, vcs: undefined, $schema: undefined }));
  await writeFile(join(folder, "other.ts"), "export type A = 1;\n");
  for (const [rule, text] of Object.entries(BREACHES)) await writeFile(join(folder, `${rule}.ts`), text);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe("the lint", () => {
  test.each(Object.keys(BREACHES))("%s is refused", { timeout: 20_000 }, async (rule) => {
    const { ok, output } = await runTool("biome", ["lint", `${rule}.ts`], folder);
    expect(ok).toBe(false);
    expect(output).toContain(`/${rule} `);
  });

  test("a clean file passes", { timeout: 20_000 }, async () => {
    expect(await runTool("biome", ["lint", "other.ts"], folder)).toMatchObject({ ok: true });
  });
});
