/**
 * npm run check [-- part …]: everything that needs no engine and no test run, all parts at once.
 * Exits non-zero when a part fails, and says for each what to do.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { checkBoundaries } from "./boundaries.ts";
import { checkHouse } from "./house-part.ts";
import { checkMetrics } from "./metrics-part.ts";
import { type Part, type PartResult, ROOT, runTool, toolPart } from "./part.ts";
import { checkBreaking, checkGenerated, checkImage } from "./proto.ts";

const OPENAPI = "proto/tools/openapi.ts";

const PARTS: readonly Part[] = [
  toolPart("lint", "npm run format mends most of it", "biome", ["check", "--error-on-warnings", "."]),
  { name: "types", whatToDo: "mend the types named above", run: () => checkTypes() },
  {
    name: "boundaries",
    whatToDo: "move the code to the layer it belongs to; .dependency-cruiser.mjs says why",
    run: () => checkBoundaries(),
  },
  toolPart("dead-code", "delete what nothing uses, or declare what is used (knip.json)", "knip", ["--no-progress"]),
  { name: "house", whatToDo: "each line says what is wrong; tests/check/house.ts says why", run: checkHouse },
  {
    name: "metrics",
    whatToDo: "code, docs/operating.md (Metrics, Alerts), dashboards and rules name the same things",
    run: checkMetrics,
  },
  {
    name: "proto-lint",
    whatToDo: "follow the names buf asks for",
    run: () => runTool("buf", ["lint"], join(ROOT, "proto")),
  },
  {
    name: "proto-breaking",
    whatToDo: "add fields instead of changing them, or make a v2 (npm run proto:image)",
    run: () => checkBreaking(),
  },
  { name: "proto-image", whatToDo: "npm run proto:image", run: checkImage },
  { name: "proto-generated", whatToDo: "npm run proto:generate", run: checkGenerated },
  { name: "openapi", whatToDo: "npm run proto:openapi", run: checkOpenapi },
  toolPart("client", "npm run client:generate", "node", ["packages/client/tools/generate.ts", "--check"]),
];

/** What runs in a browser knows another library than what runs in Node: three programs, each with its own settings. */
const TYPE_PROJECTS = [".", "packages/react", "web"];

async function checkTypes(): Promise<PartResult> {
  const results = await Promise.all(
    TYPE_PROJECTS.map((project) => runTool("tsc", ["--pretty", "false", "-p", project])),
  );
  return { ok: results.every(({ ok }) => ok), output: results.map(({ output }) => output).join("") };
}

async function checkOpenapi(): Promise<PartResult> {
  if (!existsSync(join(ROOT, OPENAPI))) return { ok: false, output: `  ${OPENAPI} is missing` };
  return runTool("node", [OPENAPI, "--check"]);
}

async function runPart(part: Part): Promise<boolean> {
  const started = performance.now();
  const { ok, output } = await part.run().catch((error: unknown) => ({ ok: false, output: String(error) }));
  const seconds = ((performance.now() - started) / 1000).toFixed(1).padStart(5);
  console.log(`${ok ? "ok    " : "FAILED"} ${part.name.padEnd(16)} ${seconds} s`);
  if (!ok) console.log(`${output.trimEnd()}\n  → ${part.whatToDo}\n`);
  return ok;
}

function choose(names: readonly string[]): readonly Part[] {
  const unknown = names.filter((name) => !PARTS.some((part) => part.name === name));
  if (unknown.length > 0) {
    throw new Error(`No part is called ${unknown.join(", ")}; there are ${PARTS.map((part) => part.name).join(", ")}`);
  }
  return names.length === 0 ? PARTS : PARTS.filter((part) => names.includes(part.name));
}

const chosen = choose(process.argv.slice(2));
const results = await Promise.all(chosen.map(runPart));
const failed = results.filter((ok) => !ok).length;
console.log(
  failed === 0 ? `check: all ${results.length} parts are right` : `check: ${failed} of ${results.length} parts failed`,
);
process.exitCode = failed === 0 ? 0 : 1;
