import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { z } from "zod";
import { ROOT, runChild } from "./child.ts";
import type { StageResult } from "./stage.ts";

const MAX_REASON = 300;

const Report = z.object({
  success: z.boolean(),
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
  numTodoTests: z.int(),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string().default(""),
      assertionResults: z.array(
        z.object({ status: z.string(), fullName: z.string(), failureMessages: z.array(z.string()).nullish() }),
      ),
    }),
  ),
});
type FileReport = z.infer<typeof Report>["testResults"][number];

/**
 * Counts of one vitest run. A file that could not even be loaded holds no failed test, an error outside of all tests
 * neither: each counts as one failure, so that no red run can read "0 failed".
 */
export function countTests(json: string, exitCode: number): StageResult {
  const report = Report.parse(JSON.parse(json));
  const brokenFiles = report.testResults.filter(
    (file) => file.status === "failed" && file.assertionResults.every((test) => test.status !== "failed"),
  ).length;
  const failed = report.numFailedTests + brokenFiles;
  const silent = failed === 0 && (exitCode !== 0 || !report.success || report.numPassedTests === 0);
  return {
    passed: report.numPassedTests,
    failed: silent ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
    failures: report.testResults.flatMap(failuresOf),
  };
}

/** A line for each test that failed, or for the file when it could not be loaded. */
function failuresOf({ name, status, message, assertionResults }: FileReport): string[] {
  const line = (test: string, why: string): string => {
    const [first = ""] = stripVTControlCharacters(why).trim().split("\n");
    return `${relative(ROOT, name)}${test}: ${first.slice(0, MAX_REASON)}`;
  };
  const tests = assertionResults.filter((test) => test.status === "failed");
  if (tests.length > 0) return tests.map((test) => line(` > ${test.fullName}`, test.failureMessages?.[0] ?? ""));
  return status === "failed" ? [line("", message)] : [];
}

/** Runs one project of vitest.config.ts; its progress goes to our terminal. */
export async function runVitest(
  project: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
  filters: readonly string[] = [],
): Promise<StageResult> {
  const folder = await mkdtemp(join(tmpdir(), "stipend-vitest-"));
  const file = join(folder, "report.json");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
  try {
    const code = await runChild("vitest", ["run", "--project", project, ...reporters, ...filters], env, signal);
    const json = await readFile(file, "utf8").catch(() => undefined);
    return json === undefined ? { passed: 0, failed: 1, skipped: 0 } : countTests(json, code);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
