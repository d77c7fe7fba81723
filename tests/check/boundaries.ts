import { readFileSync } from "node:fs";
import { join } from "node:path";
import { cruise, type ICruiseResult } from "dependency-cruiser";
import extractOptions from "dependency-cruiser/config-utl/extract-depcruise-options";
import { type PartResult, ROOT } from "./part.ts";

export interface Breach {
  readonly rule: string;
  readonly from: string;
  readonly to: string;
}

export interface Cruise {
  readonly breaches: readonly Breach[];
  /** Files read, and how many imports each has: the test sees by it that nothing was skipped. */
  readonly imports: ReadonlyMap<string, number>;
}

/**
 * Reads every import below the given folders of `baseDir` and judges it by .dependency-cruiser.mjs.
 * The API is called instead of the command, whose warning about TypeScript 7 does not concern the swc parser.
 */
export async function cruiseFolders(folders: readonly string[], baseDir: string = ROOT): Promise<Cruise> {
  const options = await extractOptions(join(ROOT, ".dependency-cruiser.mjs"));
  const { output } = await cruise([...folders], { ...options, baseDir }, options.enhancedResolveOptions);
  const result = output as ICruiseResult;
  return {
    breaches: result.summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to })),
    imports: new Map(result.modules.map((module) => [module.source, module.dependencies.length])),
  };
}

const FOLDERS = ["proto", "packages", "services", "web", "deploy", "tests", "bench"];

export async function checkBoundaries(folders: readonly string[] = FOLDERS): Promise<PartResult> {
  const { breaches, imports } = await cruiseFolders(folders);
  const lines = breaches.map(({ rule, from, to }) => `  ${rule}: ${from} → ${to}`);
  if (imports.size === 0) lines.push("  no file was read: the folders to check are wrong");
  lines.push(...unread(imports));
  return { ok: lines.length === 0, output: lines.join("\n") };
}

/** Files with imports the parser did not see: a parser that stumbles must not count as a pass. */
function unread(imports: ReadonlyMap<string, number>): string[] {
  const ours = [...imports].filter(([path, count]) => count === 0 && /^(?!.*node_modules).*\.tsx?$/.test(path));
  return ours
    .filter(([path]) => /^(import|export)\s[^;]*?\sfrom\s+"/m.test(readFileSync(join(ROOT, path), "utf8")))
    .map(([path]) => `  the parser found no import in ${path}, but there is one`);
}
