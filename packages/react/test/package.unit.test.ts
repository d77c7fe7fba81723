import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "..");

test("the build makes what package.json promises, and it loads without a browser", async () => {
  execFileSync("node", [join(ROOT, "tools", "build.ts")], { stdio: "pipe" });
  const { exports } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
    exports: Record<string, { types: string; default: string } | string>;
  };
  for (const target of Object.values(exports)) {
    for (const path of typeof target === "string" ? [target] : [target.types, target.default]) {
      const text = readFileSync(join(ROOT, path), "utf8");
      // Nothing points to what is not published.
      expect(text, path).not.toMatch(/from "\.[^"]*\.tsx?"/);
    }
  }
  const core: unknown = await import(join(ROOT, "dist", "core.js"));
  expect(core).toMatchObject({ createCreditsStore: expect.any(Function), CreditsError: expect.any(Function) });
}, 60_000);
