import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ROOT } from "./child.ts";
import { endLeftBehind, findLeftBehind, RUN_ID } from "./left-behind.ts";
import { report, type Stage, type StageReport, succeeded } from "./stage.ts";
import { countTests } from "./vitest.ts";

const stage: Stage = { name: "unit", title: "unit tests", budgetSeconds: 60, run: () => Promise.reject(new Error()) };
const of = (passed: number, failed: number, skipped = 0): StageReport => ({
  stage,
  seconds: 61,
  passed,
  failed,
  skipped,
});

function vitestReport(passed: number, failed: number, files: readonly string[] = ["passed"]): string {
  return JSON.stringify({
    success: failed === 0 && !files.includes("failed"),
    numPassedTests: passed,
    numFailedTests: failed,
    numPendingTests: 0,
    numTodoTests: 0,
    testResults: files.map((status) => ({
      name: join(ROOT, "tests/some.test.ts"),
      status,
      message: "no such module",
      assertionResults: [],
    })),
  });
}

describe("the last line of npm test", () => {
  test("has the counts and nothing else", () => {
    expect(
      report([of(3, 0), of(4, 1)])
        .split("\n")
        .at(-1),
    ).toBe("7 passed, 1 failed");
    expect(
      report([of(3, 0, 2)])
        .split("\n")
        .at(-1),
    ).toBe("3 passed, 0 failed, 2 skipped");
  });

  test("a stage over its budget is named", () => {
    expect(report([of(1, 0)])).toContain("over its budget");
  });

  test("what failed stands above the table, by its stage", () => {
    const lines = report([{ ...of(1, 1), failures: ["a.test.ts > adds: expected 1 to be 2"] }, of(1, 0)]).split("\n");
    expect(lines.slice(0, 4)).toEqual(["", "── failed: unit tests ──", "a.test.ts > adds: expected 1 to be 2", ""]);
    expect(report([of(1, 0)])).not.toContain("── failed");
  });

  test("a failure and an empty run are both no success", () => {
    expect(succeeded([of(3, 0), of(0, 0)])).toBe(true);
    expect(succeeded([of(3, 0), of(1, 1)])).toBe(false);
    expect(succeeded([of(0, 0)])).toBe(false);
    expect(succeeded([])).toBe(false);
  });
});

describe("counting", () => {
  test("takes vitest's numbers", () => {
    expect(countTests(vitestReport(5, 0), 0)).toEqual({ passed: 5, failed: 0, skipped: 0, failures: [] });
    expect(countTests(vitestReport(5, 2), 1)).toMatchObject({ failed: 2 });
  });

  test("a file that could not be loaded counts as a failure", () => {
    expect(countTests(vitestReport(5, 0, ["passed", "failed"]), 1)).toMatchObject({
      failed: 1,
      failures: ["tests/some.test.ts: no such module"],
    });
  });

  test("an exit code without a failed test counts as a failure", () => {
    expect(countTests(vitestReport(5, 0), 1)).toMatchObject({ failed: 1 });
  });

  test("names each failed test with the first line of why", () => {
    const failed = {
      status: "failed",
      fullName: "sums add",
      failureMessages: ["\u001B[31mAssertionError: expected 1 to be 2\u001B[39m\n    at somewhere"],
    };
    const file = { name: join(ROOT, "a/sums.unit.test.ts"), status: "failed", assertionResults: [failed] };
    const json = JSON.stringify({ ...JSON.parse(vitestReport(5, 1)), testResults: [file] });
    expect(countTests(json, 1)).toMatchObject({
      failed: 1,
      failures: ["a/sums.unit.test.ts > sums add: AssertionError: expected 1 to be 2"],
    });
  });

  test("a run without a test counts as a failure", () => {
    expect(countTests(vitestReport(0, 0), 0)).toMatchObject({ failed: 1 });
  });
});

describe.skipIf(process.platform !== "linux")("what a run leaves behind", () => {
  test("is found by the run's id, also when its parent is gone, and ended", async () => {
    const runId = `test-${process.pid}`;
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000); console.log('up')"], {
      env: { ...process.env, [RUN_ID]: runId },
      detached: true,
    });
    const ended = once(child, "exit");
    await once(child.stdout, "data");
    expect((await findLeftBehind(runId)).map((one) => one.pid)).toEqual([child.pid]);
    expect((await endLeftBehind(runId)).map((one) => one.pid)).toEqual([child.pid]);
    expect((await ended)[1]).toBe("SIGKILL");
    expect(await findLeftBehind(runId)).toEqual([]);
    expect(await findLeftBehind("nobody")).toEqual([]);
  });
});
