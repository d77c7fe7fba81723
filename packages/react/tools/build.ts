/** Makes dist/: JavaScript and declarations, a file for each source file. `npm run build` here, and before `npm pack`. */
import { spawnSync } from "node:child_process";
import { globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..");
const DIST = join(ROOT, "dist");

rmSync(DIST, { recursive: true, force: true });
const compiled = spawnSync("tsc", ["-p", join(ROOT, "tsconfig.build.json"), "--pretty", "false"], { stdio: "inherit" });
if (compiled.error !== undefined) throw compiled.error;
if (compiled.status !== 0) process.exit(compiled.status ?? 1);

// The compiler turns "./a.ts" into "./a.js" in the code, but not in the declarations.
for (const file of globSync("**/*.d.ts", { cwd: DIST })) {
  const path = join(DIST, file);
  const text = readFileSync(path, "utf8");
  writeFileSync(path, text.replace(/(from "\.{1,2}\/[^"]+)\.tsx?"/g, '$1.js"'));
}
