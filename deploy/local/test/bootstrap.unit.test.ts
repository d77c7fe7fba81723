import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { expect, test } from "vitest";
import { REPO_ROOT } from "../src/repo.ts";
import { tempDir } from "./temp-dir.ts";

const BOOTSTRAP = join(REPO_ROOT, "deploy", "local", "bootstrap.mjs");
const LOCK = {
  packages: { "": {}, "node_modules/a": { version: "1.0.0" }, "node_modules/o": { version: "1.0.0", optional: true } },
};

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The Node that this machine has outside node_modules: what a person's first `npm start` runs on. */
function outerNode(): string {
  const folders = (process.env.PATH ?? "").split(delimiter).filter((dir) => !dir.includes("node_modules"));
  return folders.map((dir) => join(dir, "node")).find(isExecutable) ?? process.execPath;
}

/** A checkout with nothing but the bootstrap, a lock file and one script; its npm is a script that tells its arguments. */
function checkout(script: string): { root: string; env: NodeJS.ProcessEnv } {
  const root = tempDir();
  mkdirSync(join(root, "deploy", "local"), { recursive: true });
  mkdirSync(join(root, "tests"));
  cpSync(BOOTSTRAP, join(root, "deploy", "local", "bootstrap.mjs"));
  writeFileSync(join(root, "package-lock.json"), JSON.stringify(LOCK));
  writeFileSync(join(root, "tests", "run.ts"), script);
  const npm = join(root, "npm-cli.js");
  writeFileSync(
    npm,
    `const fs = require("node:fs"); const root = ${JSON.stringify(root)};
     fs.appendFileSync(root + "/npm-calls", process.argv.slice(2).join(" ") + "\\n"); console.log("npm talks");
     if (process.env.NPM_FAILS) process.exit(5);
     fs.mkdirSync(root + "/node_modules/.bin", { recursive: true });
     fs.rmSync(root + "/node_modules/.bin/node", { force: true });
     fs.symlinkSync(${JSON.stringify(process.execPath)}, root + "/node_modules/.bin/node");
     fs.writeFileSync(root + "/node_modules/.package-lock.json", JSON.stringify({ packages: { "node_modules/a": { version: "1.0.0" } } }));`,
  );
  return { root, env: { ...process.env, npm_execpath: npm } };
}

function runIn(root: string, env: NodeJS.ProcessEnv, ...args: string[]) {
  return spawnSync(outerNode(), [join(root, "deploy", "local", "bootstrap.mjs"), ...args], {
    env,
    cwd: "/",
    encoding: "utf8",
  });
}

const installs = (root: string): number => readFileSync(join(root, "npm-calls"), "utf8").trim().split("\n").length;

test("the first call installs, passes arguments on, and keeps standard output clean", () => {
  const { root, env } = checkout("console.log('out:' + process.argv.slice(2).join(' '));");
  const first = runIn(root, env, "test", "--some", "thing");
  expect(first.stdout).toBe("out:--some thing\n");
  expect(first.stderr).toContain("node_modules is missing");
  expect(first.stderr).toContain("npm talks");
  expect(first.status).toBe(0);
  expect(readFileSync(join(root, "npm-calls"), "utf8")).toMatch(/^ci /);
  runIn(root, env, "test");
  expect(installs(root)).toBe(1);
});

test("a lock file that asks for another version installs again", () => {
  const { root, env } = checkout("");
  runIn(root, env, "test");
  const installed = join(root, "node_modules", ".package-lock.json");
  writeFileSync(installed, JSON.stringify({ packages: { "node_modules/a": { version: "0.9.0" } } }));
  expect(runIn(root, env, "test").stderr).toContain("node_modules/a is 0.9.0, wanted 1.0.0");
  expect(installs(root)).toBe(2);
});

test("a failing install says so and ends with 1", () => {
  const { root, env } = checkout("");
  const result = runIn(root, { ...env, NPM_FAILS: "1" }, "test");
  expect(result.status).toBe(1);
  expect(result.stderr).toContain("npm ci failed (5)");
  expect(result.stdout).toBe("");
});

test("the exit code of the command is the exit code of the bootstrap", () => {
  const { root, env } = checkout("process.exit(42);");
  expect(runIn(root, env, "test").status).toBe(42);
});

test("an unknown command names the known ones", () => {
  const { root, env } = checkout("");
  const result = runIn(root, env, "launch");
  expect(result.status).toBe(1);
  expect(result.stderr).toMatch(/unknown command launch: one of start, stop/);
});

test.each([
  [
    "a command that handles SIGTERM ends as it wants",
    "process.on('SIGTERM', () => process.exit(7)); console.log('up'); setInterval(() => {}, 1000);",
    { code: 7, signal: null },
  ],
  [
    "a command that dies of SIGTERM passes the signal on",
    "console.log('up'); setInterval(() => {}, 1000);",
    { code: null, signal: "SIGTERM" },
  ],
])("%s", async (_name, script, expected) => {
  const { root, env } = checkout(script);
  mkdirSync(join(root, "node_modules", ".bin"), { recursive: true });
  symlinkSync(process.execPath, join(root, "node_modules", ".bin", "node"));
  writeFileSync(
    join(root, "node_modules", ".package-lock.json"),
    JSON.stringify({ packages: { "node_modules/a": { version: "1.0.0" } } }),
  );
  const child = spawn(outerNode(), [join(root, "deploy", "local", "bootstrap.mjs"), "test"], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  child.kill("SIGTERM");
  const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
  expect({ code, signal }).toEqual(expected);
});

test("`token` prints a JWT and nothing else, on the Node that this machine has", () => {
  const home = tempDir();
  const result = spawnSync(outerNode(), [BOOTSTRAP, "token", "--user", "alice", "--role", "user", "--ttl", "5m"], {
    env: { ...process.env, STIPEND_HOME: home },
    encoding: "utf8",
  });
  expect(result.stdout).toMatch(/^eyJ[\w-]+\.[\w-]+\.[\w-]+\n$/);
  expect(result.status).toBe(0);
});
