/**
 * npm test [-- stage …]: everything, on engines of its own; the last line has the counts.
 * Stages: check unit int int-given e2e faults browser. `int-given` repeats the database suites on STIPEND_TEST_MYSQL_URL.
 */
import { randomUUID } from "node:crypto";
import { parseArgs } from "node:util";
import { installChromium } from "@stipend/local/install/browser";
import { installEngines } from "@stipend/local/install/install-engines";
import { runChild } from "./run/child.ts";
import { endLeftBehind, RUN_ID } from "./run/left-behind.ts";
import { report, type Stage, type StageReport, type StageResult, succeeded } from "./run/stage.ts";
import { runVitest } from "./run/vitest.ts";

const GIVEN = "STIPEND_TEST_MYSQL_URL";
const runId = randomUUID();
const env: NodeJS.ProcessEnv = { ...process.env, [RUN_ID]: runId };
const { [GIVEN]: givenUrl, ...envWithOwnMysql } = env;

async function check(signal: AbortSignal): Promise<StageResult> {
  const code = await runChild("node", ["tests/check/main.ts"], env, signal);
  // The parts of the check are no tests: they only count when one fails.
  return { passed: 0, failed: code === 0 ? 0 : 1, skipped: 0, note: code === 0 ? "all parts right" : "see above" };
}

function vitestStage(name: string, title: string, budgetSeconds: number, project: string, stageEnv = env): Stage {
  return { name, title, budgetSeconds, run: (signal) => runVitest(project, stageEnv, signal) };
}

/** Where MySQL is spoken; what else needs engines does not run a second time. */
const DATABASE_SUITES = [
  "packages/platform/",
  "services/credits/",
  "services/membership/",
  "services/admin-audit/",
  "services/monitor/",
  "tests/schema/",
];

const OWN_MYSQL = vitestStage("int", "database suites, own server", 240, "int", envWithOwnMysql);
const GIVEN_MYSQL: Stage = {
  name: "int-given",
  title: "database suites, server given by URL",
  budgetSeconds: 240,
  run: (signal) => runVitest("int", env, signal, DATABASE_SUITES),
};

const STAGES: readonly Stage[] = [
  { name: "check", title: "check", budgetSeconds: 60, run: check },
  vitestStage("unit", "unit tests", 60, "unit"),
  OWN_MYSQL,
  ...(givenUrl === undefined ? [] : [GIVEN_MYSQL]),
  vitestStage("e2e", "end to end", 240, "e2e", envWithOwnMysql),
  vitestStage("faults", "faults", 120, "faults", envWithOwnMysql),
  vitestStage("browser", "in the browser", 180, "browser", envWithOwnMysql),
];

function chooseStages(): readonly Stage[] {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { only: { type: "string", multiple: true } },
  });
  const names = [...positionals, ...(values.only ?? [])];
  const unknown = names.filter((name) => !STAGES.some((stage) => stage.name === name));
  if (unknown.length > 0) {
    throw new Error(
      `No stage is called ${unknown.join(", ")}; there are ${STAGES.map((stage) => stage.name).join(", ")}`,
    );
  }
  return names.length === 0 ? STAGES : STAGES.filter((stage) => names.includes(stage.name));
}

async function runStage(stage: Stage, interrupted: AbortSignal): Promise<StageReport> {
  console.log(`\n── ${stage.title} ──`);
  const started = performance.now();
  const timeout = AbortSignal.timeout(stage.budgetSeconds * 3_000);
  let result = await stage.run(AbortSignal.any([interrupted, timeout]));
  if (timeout.aborted) console.log(`${stage.title}: ended after three times its budget`);
  const left = await endLeftBehind(runId);
  // Whoever is interrupted has no time to tidy up; a stage that ended by itself has.
  if (left.length > 0 && !interrupted.aborted) {
    console.log(`${stage.title} left processes behind (ended now):`);
    for (const { pid, command } of left) console.log(`  ${pid} ${command.slice(0, 160)}`);
    result = { ...result, failed: result.failed + 1, note: "left processes behind" };
  }
  return { stage, seconds: (performance.now() - started) / 1000, ...result };
}

function listenForInterrupts(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => {
      if (!controller.signal.aborted) console.log(`\n${name}: stopping what runs …`);
      controller.abort();
    });
  }
  return controller.signal;
}

const NEEDS_ENGINES = ["int", "e2e", "faults", "browser"];

async function main(): Promise<boolean> {
  const stages = chooseStages();
  const interrupted = listenForInterrupts();
  if (stages.some((stage) => NEEDS_ENGINES.includes(stage.name))) await installEngines();
  if (stages.some((stage) => stage.name === "browser")) await installChromium();
  const reports: StageReport[] = [];
  for (const stage of stages) {
    if (!interrupted.aborted) reports.push(await runStage(stage, interrupted));
  }
  console.log(report(reports));
  return succeeded(reports) && !interrupted.aborted;
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  console.log("0 passed, 1 failed");
  process.exitCode = 1;
}
