import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { REPO_ROOT } from "@stipend/local/repo";
import { build } from "vite";

const ROOT = join(REPO_ROOT, "packages", "react", "test", "page");
/** The oldest React the package is for, wherever npm has put it. */
const react18 = createRequire(join(REPO_ROOT, "tests", "browser", "react-18", "package.json"));

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
  const alias =
    react === 19
      ? []
      : ["react", "react-dom"].map((name) => ({
          find: new RegExp(`^${name}(?=$|/)`),
          replacement: dirname(react18.resolve(`${name}/package.json`)),
        }));
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
