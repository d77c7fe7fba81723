import { join } from "node:path";
import { REPO_ROOT } from "@stipend/local/repo";
import { build } from "vite";

/** Builds packages/react/test/page, from the sources, into `outDir`. */
export async function buildPage(outDir: string): Promise<void> {
  await build({
    root: join(REPO_ROOT, "packages", "react", "test", "page"),
    configFile: false,
    logLevel: "warn",
    resolve: { conditions: ["source", "module", "browser", "production"] },
    build: { outDir, emptyOutDir: true },
  });
}
