import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { identify, isRunning } from "../src/process/identity.ts";
import { endOrphans } from "../src/process/orphans.ts";
import { readPid, runningPids, writePid } from "../src/process/pidfile.ts";
import { tempDir } from "./temp-dir.ts";

async function sleeper(): Promise<number> {
  const child = spawn(process.execPath, ["-e", "console.log('up'); setInterval(() => {}, 1000)"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child.stdout, "data");
  return child.pid ?? 0;
}

test("a running process is found by its record, an ended one is not", async () => {
  const run = tempDir();
  const pid = await sleeper();
  const identity = identify(pid);
  if (!identity) throw new Error("the sleeper does not run");
  writePid(run, { ...identity, name: "kafka" });
  expect(readPid(run, "kafka")).toMatchObject({ pid, name: "kafka" });
  expect(await endOrphans(run)).toEqual(["kafka"]);
  expect(isRunning(identity)).toBe(false);
  expect(readPid(run, "kafka")).toBeUndefined();
  expect(existsSync(join(run, "kafka.json"))).toBe(false);
});

test("a recycled pid is never taken for ours, and never ended", async () => {
  const run = tempDir();
  const pid = await sleeper();
  writePid(run, { pid, started: "some other moment", name: "mysql" });
  expect(readPid(run, "mysql")).toBeUndefined();
  expect(runningPids(run)).toEqual([]);
  expect(await endOrphans(run)).toEqual([]);
  expect(identify(pid)).toBeDefined();
});

test("a process that ignores SIGTERM while it is paused is still ended", async () => {
  const run = tempDir();
  const pid = await sleeper();
  const identity = identify(pid);
  if (!identity) throw new Error("the sleeper does not run");
  process.kill(pid, "SIGSTOP");
  writePid(run, { ...identity, name: "redis" });
  await endOrphans(run);
  expect(isRunning(identity)).toBe(false);
});
