import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { rolldown } from "rolldown";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "..");

/** What an app ships when it uses everything: bundled and minified, without React and without what is loaded later. */
async function gzippedBytes(entry: string): Promise<number> {
  const bundle = await rolldown({ input: join(ROOT, entry), external: [/^react/], logLevel: "silent" });
  const { output } = await bundle.generate({ format: "es", minify: true });
  await bundle.close();
  const first = output.filter((file) => file.type === "chunk" && file.isEntry);
  // Notes to bundlers, which the last of them takes out.
  const code = first
    .map((file) => (file.type === "chunk" ? file.code : ""))
    .join("")
    .replaceAll("/* @__PURE__ */", "");
  expect(code).toContain("stipend/");
  return gzipSync(code, { level: 9 }).length;
}

test("the whole package stays within 12,000 bytes gzipped, its core within 8,000", async () => {
  expect(await gzippedBytes("src/index.ts")).toBeLessThanOrEqual(12_000);
  expect(await gzippedBytes("src/core.ts")).toBeLessThanOrEqual(8_000);
});
