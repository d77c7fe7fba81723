/**
 * Builds the apps into web/dist: `node web/tools/build.ts [--if-stale]`. Each line it prints is a step of the work.
 *
 * The build goes into a folder beside and is renamed when it is whole, so a gateway that starts meanwhile never sees half
 * of it. build.json says which sources it was made from.
 */
import { copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { compress } from "./compress.ts";
import { initialScriptBytes } from "./initial-script.ts";
import { sourcesHash } from "./sources.ts";

const WEB = fileURLToPath(new URL("..", import.meta.url));
const DIST = join(WEB, "dist");
/** What a member's browser has to load before it can show anything, as gzip. */
const MEMBER_BUDGET_BYTES = 200_000;

const say = (text: string): void => console.log(text);

function isFresh(hash: string): boolean {
  try {
    const { sources } = JSON.parse(readFileSync(join(DIST, "build.json"), "utf8")) as { sources?: unknown };
    return sources === hash;
  } catch {
    return false;
  }
}

async function buildApps(hash: string): Promise<void> {
  const next = join(WEB, `dist.next-${process.pid}`);
  const old = join(WEB, `dist.old-${process.pid}`);
  try {
    say("bundling");
    await build({
      configFile: join(WEB, "vite.config.ts"),
      logLevel: "warn",
      build: { outDir: next, emptyOutDir: true },
    });
    const initial = initialScriptBytes(next, "index.html", ["src/i18n/en/member-app.ts", "src/member/pages/home.tsx"]);
    if (initial > MEMBER_BUDGET_BYTES) {
      throw new Error(
        `the member app loads ${initial} bytes of script first; at most ${MEMBER_BUDGET_BYTES} are allowed`,
      );
    }
    copyFileSync(join(WEB, "pages.json"), join(next, "pages.json"));
    say("compressing");
    await compress(next);
    writeFileSync(join(next, "build.json"), `${JSON.stringify({ sources: hash, memberInitialScriptGzip: initial })}\n`);
    swap(next, old);
    say(`built; the member app loads ${(initial / 1_000).toFixed(0)} kB of script first`);
  } finally {
    rmSync(next, { recursive: true, force: true });
    rmSync(old, { recursive: true, force: true });
  }
}

function swap(next: string, old: string): void {
  mkdirSync(DIST, { recursive: true });
  renameSync(DIST, old);
  renameSync(next, DIST);
}

const hash = sourcesHash(WEB);
if (process.argv.includes("--if-stale") && isFresh(hash)) say("up to date");
else await buildApps(hash);
