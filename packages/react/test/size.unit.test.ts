import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "vite";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "..");
const LIMIT_BYTES = 12_000;

/** What an app ships when it uses everything: minified, without React. */
async function gzippedBytes(entry: string): Promise<number> {
  const result = await build({
    root: ROOT,
    configFile: false,
    logLevel: "silent",
    build: {
      write: false,
      minify: true,
      rolldownOptions: { input: join(ROOT, entry), external: [/^react/], preserveEntrySignatures: "strict" },
    },
  });
  if (!("output" in result)) throw new Error("vite built nothing");
  const code = result.output.map((file) => (file.type === "chunk" ? file.code : "")).join("");
  expect(code).toContain("stipend/");
  return gzipSync(code, { level: 9 }).length;
}

test("the whole package stays below 12 kB gzipped, its core below 9 kB", async () => {
  expect(await gzippedBytes("src/index.ts")).toBeLessThanOrEqual(LIMIT_BYTES);
  expect(await gzippedBytes("src/core.ts")).toBeLessThanOrEqual(9_000);
}, 60_000);
