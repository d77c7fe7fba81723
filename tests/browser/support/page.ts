import { join } from "node:path";
import { REPO_ROOT } from "@stipend/local/repo";
import { build } from "vite";

const ROOT = join(REPO_ROOT, "packages", "react", "test", "page");
/** The oldest React the package is for. */
const REACT_18 = join(REPO_ROOT, "packages", "react-18", "node_modules");

/** Builds packages/react/test/page, from the sources, into `outDir`. */
export async function buildPage(outDir: string): Promise<void> {
  await build({
    root: ROOT,
    configFile: false,
    logLevel: "warn",
    resolve: { conditions: ["source", "module", "browser", "production"] },
    build: { outDir, emptyOutDir: true },
  });
}

/** The page that is hydrated, with React as developers have it: StrictMode does everything twice, mistakes are told. */
export async function buildHydration(outDir: string, react: 18 | 19): Promise<void> {
  const alias = react === 19 ? [] : [{ find: /^(react|react-dom)(?=$|\/)/, replacement: join(REACT_18, "$1") }];
  await build({
    root: ROOT,
    mode: "development",
    configFile: false,
    logLevel: "warn",
    define: { "process.env.NODE_ENV": JSON.stringify("development") },
    resolve: { alias, conditions: ["source", "module", "browser", "development"] },
    build: { outDir, emptyOutDir: true, minify: false, rolldownOptions: { input: join(ROOT, "hydrate.html") } },
  });
}
