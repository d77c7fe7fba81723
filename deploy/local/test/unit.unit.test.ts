import { once } from "node:events";
import { existsSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { LauncherError } from "../src/errors.ts";
import { pathsOf } from "../src/paths.ts";
import { Unit, type UnitSpec } from "../src/process/unit.ts";
import { silentReporter } from "../src/report/reporter.ts";
import { Supervision } from "../src/supervision.ts";
import { tempDir } from "./temp-dir.ts";

/** A unit that runs this JavaScript and is ready once it has made the file "up". */
function unitOf(script: string, more: Partial<UnitSpec> = {}): { unit: Unit; home: string } {
  const home = tempDir();
  const up = join(home, "up");
  const unit = new Unit(
    {
      name: "part",
      label: "the part",
      process: () => ({ command: process.execPath, args: ["-e", script], env: { ...process.env, UP: up }, cwd: home }),
      probe: () => (existsSync(up) ? Promise.resolve() : Promise.reject(new Error("not up"))),
      readyTimeoutMs: 4_000,
      stopTimeoutMs: 1_000,
      advice: "look at it",
      ...more,
    },
    pathsOf(home),
  );
  onTestFinished(() => unit.kill());
  return { unit, home };
}

const COMES_UP = "require('fs').writeFileSync(process.env.UP, ''); setInterval(() => {}, 1000);";

test("a part that ends early fails with its last words and its log", async () => {
  const { unit } = unitOf("console.error('no disk left'); process.exit(7)");
  const error = await unit.start().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(LauncherError);
  expect(error).toMatchObject({ logFile: unit.logFile, advice: "look at it" });
  expect((error as LauncherError).message).toContain("exit code 7");
  expect((error as LauncherError).lastLines).toContain("no disk left");
});

test("a part that finds its port taken after all says by whom, and never advises to begin anew", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const port = (server.address() as AddressInfo).port;
  const { unit } = unitOf("console.error('java.net.BindException: Address already in use'); process.exit(1)", {
    ports: [{ port, unit: "part", label: "Kafka", variable: "STIPEND_KAFKA_PORT" }],
    advice: "npm start -- --fresh",
  });
  const error = await unit.start().catch((reason: unknown) => reason);
  expect((error as LauncherError).message).toContain("choose another with STIPEND_KAFKA_PORT");
  expect((error as LauncherError).message).toContain(`port ${port} for Kafka is taken`);
  expect((error as LauncherError).advice).not.toContain("--fresh");
});

test("a part that never answers is ended and told", async () => {
  const { unit } = unitOf("setInterval(() => {}, 1000)", { readyTimeoutMs: 400 });
  await expect(unit.start()).rejects.toThrow("did not become ready within 0.4 s (not up)");
  expect(unit.pid).toBeUndefined();
});

test("a program that does not exist is a failure, not a crash of the launcher", async () => {
  const { unit } = unitOf("", { process: () => ({ command: "/nowhere/at-all", args: [], env: {}, cwd: "/" }) });
  await expect(unit.start()).rejects.toThrow("exit code 127");
});

test("SIGTERM first, SIGKILL after the bound", async () => {
  const { unit } = unitOf(`process.on('SIGTERM', () => {}); ${COMES_UP}`, { stopTimeoutMs: 300 });
  await unit.start();
  expect(await unit.stop()).toEqual({ code: null, signal: "SIGKILL" });
});

test("stopping a part on purpose is no death; killing it from outside is", async () => {
  const { unit } = unitOf(COMES_UP);
  const deaths: unknown[] = [];
  unit.onDeath = (exit) => deaths.push(exit);
  await unit.start();
  await unit.stop();
  expect(deaths).toEqual([]);
  await unit.start();
  process.kill(unit.pid ?? 0, "SIGKILL");
  await expect.poll(() => deaths).toEqual([{ code: null, signal: "SIGKILL" }]);
});

test("supervision starts a dead part again, and gives up when it can't", { timeout: 25_000 }, async () => {
  const { unit, home } = unitOf(`if (require("fs").existsSync("broken")) process.exit(3);${COMES_UP}`);
  let failure: LauncherError | undefined;
  const supervision = new Supervision(silentReporter, (error) => {
    failure = error;
  });
  onTestFinished(() => supervision.end());
  await unit.start();
  supervision.watch([unit]);
  const first = unit.pid ?? 0;
  process.kill(first, "SIGKILL");
  await expect.poll(() => unit.pid !== undefined && unit.pid !== first, { timeout: 3_000 }).toBe(true);
  expect(failure).toBeUndefined();
  await expect.poll(() => existsSync(join(home, "up"))).toBe(true);
  const { rmSync, writeFileSync } = await import("node:fs");
  writeFileSync(join(home, "broken"), "");
  rmSync(join(home, "up"));
  process.kill(unit.pid ?? 0, "SIGKILL");
  await expect.poll(() => failure?.message, { timeout: 20_000, interval: 100 }).toContain("the 5th time");
  expect(failure?.message).toContain("exit code 3");
});
