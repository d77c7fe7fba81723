import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { deadLinks, type Finding, RULES } from "./house.ts";
import { type PartResult, ROOT, runTool } from "./part.ts";
import { staleSnapshots } from "./snapshots.ts";

/** Quotes breaches of every rule. */
const PLANTED = "tests/check/house.unit.test.ts";
const TEXT = /\.(?:ts|mjs|cjs|js|json|sql|md|ya?ml|xml|proto|sh|properties)$|(?:^|\/)(?:Dockerfile|run)$/;

/** Tracked files and new ones git does not ignore; in an export without git there is nothing to list. */
async function listFiles(): Promise<string[]> {
  const { ok, output } = await runTool("git", ["ls-files", "--cached", "--others", "--exclude-standard"]);
  if (!ok) throw new Error(`The house rules need a git checkout: ${output.trim()}`);
  return output.split("\n").filter((path) => TEXT.test(path) && path !== PLANTED && existsSync(join(ROOT, path)));
}

async function judge(path: string): Promise<Finding[]> {
  const text = await readFile(join(ROOT, path), "utf8");
  const exists = (target: string): boolean => existsSync(join(ROOT, target));
  return [...RULES.flatMap((rule) => rule(path, text)), ...deadLinks(path, text, exists)];
}

const DECISIONS = "docs/adr/";

/** A decision that the index does not name is not found by those who would need it. */
async function missingDecisions(files: readonly string[]): Promise<Finding[]> {
  const index = `${DECISIONS}README.md`;
  const text = await readFile(join(ROOT, index), "utf8");
  return files
    .filter((path) => path.startsWith(DECISIONS) && path !== index && !text.includes(path.slice(DECISIONS.length)))
    .map((path) => ({ path, line: 1, message: `is not listed in ${index}` }));
}

export async function checkHouse(): Promise<PartResult> {
  const files = await listFiles();
  const found = [
    ...(await Promise.all(files.map(judge))).flat(),
    ...(await staleSnapshots(files)),
    ...(await missingDecisions(files)),
  ];
  const lines = found.map(({ path, line, message }) => `  ${path}:${line} ${message}`);
  return { ok: lines.length === 0, output: lines.join("\n") };
}
