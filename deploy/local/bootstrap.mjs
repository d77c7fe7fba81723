/**
 * The first thing that runs, maybe on Node 20 and before node_modules exists: plain JavaScript, no dependency.
 *
 * It makes node_modules agree with package-lock.json (npm ci when it does not), then runs the command under the
 * Node that stands in node_modules/.bin. All its own words go to standard error: what a command prints stays clean.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { constants as osConstants, tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const OLDEST_NODE = 20;
const INSTALL_LOCK_TIMEOUT_MS = 15 * 60_000;

/** repository root, wherever the command was called from */
const root = resolve(dirname(fileURLToPath(import.meta.url)), "..", "..");

/** command → script and the arguments before the caller's own */
export const COMMANDS = {
  start: ["deploy/local/src/cli.ts", "start"],
  stop: ["deploy/local/src/cli.ts", "stop"],
  status: ["deploy/local/src/cli.ts", "status"],
  install: ["deploy/local/src/cli.ts", "install"],
  token: ["deploy/local/src/cli.ts", "token"],
  tour: ["tests/tour/main.ts"],
  stipend: ["packages/cli/src/main.ts"],
  test: ["tests/run.ts"],
  bench: ["bench/run.ts"],
};

const say = (text) => process.stderr.write(`stipend: ${text}\n`);

class BootstrapError extends Error {}

/**
 * Why node_modules can't be used as it is, or undefined when it agrees with package-lock.json.
 * npm writes node_modules/.package-lock.json last, so an install that was cut short is noticed too.
 */
export function whyStale(dir) {
  const lockFile = join(dir, "package-lock.json");
  const installedFile = join(dir, "node_modules", ".package-lock.json");
  if (!existsSync(lockFile)) throw new BootstrapError(`${lockFile} is missing: is this a whole checkout?`);
  if (!existsSync(installedFile)) return "node_modules is missing";
  if (!existsSync(join(dir, "node_modules", ".bin", "node"))) return "node_modules has no Node of its own";
  const wanted = JSON.parse(readFileSync(lockFile, "utf8")).packages ?? {};
  const installed = JSON.parse(readFileSync(installedFile, "utf8")).packages ?? {};
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === "" || entry.optional || entry.devOptional || entry.peer) continue;
    const found = installed[path];
    if (!found) return `${path} is not installed`;
    if (entry.version !== undefined && found.version !== entry.version)
      return `${path} is ${found.version}, wanted ${entry.version}`;
  }
  return undefined;
}

/** PATH without this repository's node_modules/.bin: `npm ci` deletes what stands there while it runs. */
function outerPath() {
  const own = join(root, "node_modules");
  return (process.env.PATH ?? "").split(delimiter).filter((part) => part !== "" && !resolve(part).startsWith(own));
}

function findOnPath(name, path) {
  for (const dir of path) {
    const file = join(dir, name);
    try {
      accessSync(file, constants.X_OK);
      if (statSync(file).isFile()) return file;
    } catch {
      // not here: the next folder
    }
  }
  return undefined;
}

/** How to call npm: the npm that started us, else the one on PATH. */
function npmCommand() {
  const path = outerPath();
  const script = process.env.npm_execpath;
  const node = findOnPath("node", path) ?? process.execPath;
  if (script && /npm-cli\.c?js$/.test(script) && existsSync(script)) return [node, [script]];
  const npm = findOnPath("npm", path);
  if (!npm) throw new BootstrapError("npm was not found on PATH: install Node.js with npm (version 20 or newer)");
  return [npm, []];
}

function run(command, args, env) {
  return new Promise((done, fail) => {
    // npm's own output goes to standard error
    const child = spawn(command, args, { cwd: root, env, stdio: ["ignore", 2, 2] });
    child.on("error", fail);
    child.on("exit", (code, signal) => done(signal ?? code));
  });
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** Runs one install at a time for this checkout, whoever else was started beside us. */
async function withInstallLock(action) {
  const lock = join(tmpdir(), `stipend-install-${createHash("sha256").update(root).digest("hex").slice(0, 12)}`);
  const holderFile = join(lock, "pid");
  const giveUpAt = Date.now() + INSTALL_LOCK_TIMEOUT_MS;
  let told = false;
  for (;;) {
    try {
      mkdirSync(lock);
      writeFileSync(holderFile, String(process.pid));
      break;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    const holder = existsSync(holderFile) ? Number(readFileSync(holderFile, "utf8")) : 0;
    if (holder > 0 && !isAlive(holder)) rmSync(lock, { recursive: true, force: true });
    else if (Date.now() > giveUpAt)
      throw new BootstrapError(`another install has held ${lock} for too long: remove that folder if none runs`);
    else if (!told) say("another install of this checkout is running; waiting for it");
    told = true;
    await new Promise((wake) => setTimeout(wake, 300));
  }
  try {
    return await action();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

async function install(reason) {
  say(`installing the Node packages (${reason}); the first time takes about a minute`);
  const began = Date.now();
  const [command, args] = npmCommand();
  const env = { ...process.env, PATH: outerPath().join(delimiter) };
  const ended = await run(command, [...args, "ci", "--no-audit", "--no-fund", "--loglevel=error"], env);
  if (ended !== 0) {
    throw new BootstrapError(
      `npm ci failed (${ended}); its words stand above. Is the package registry reachable, and the disk not full?`,
    );
  }
  say(`Node packages installed in ${Math.round((Date.now() - began) / 1000)} s`);
}

export async function ensureInstalled() {
  if (!whyStale(root)) return;
  await withInstallLock(async () => {
    const reason = whyStale(root);
    if (reason) await install(reason);
  });
}

/** Runs the command and ends as it ended: same exit code, or the same signal. */
function handOver(node, script, args) {
  const path = [join(root, "node_modules", ".bin"), ...(process.env.PATH ?? "").split(delimiter)].join(delimiter);
  // The channel tells `start` when we are gone (even by SIGKILL), so that it can stop what it started.
  const stdio = args[0] === "start" ? ["inherit", "inherit", "inherit", "ipc"] : "inherit";
  const child = spawn(node, ["--disable-warning=ExperimentalWarning", script, ...args], {
    env: { ...process.env, PATH: path },
    stdio,
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => fail(error));
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.exitCode = 128 + (osConstants.signals[signal] ?? 1);
    process.kill(process.pid, signal);
  });
}

function fail(error) {
  say(error instanceof BootstrapError ? error.message : (error?.stack ?? String(error)));
  process.exit(1);
}

async function main() {
  const [name, ...rest] = process.argv.slice(2);
  const command = name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command)
    throw new BootstrapError(`unknown command ${name ?? "(none)"}: one of ${Object.keys(COMMANDS).join(", ")}`);
  const major = Number(process.versions.node.split(".")[0]);
  if (major < OLDEST_NODE)
    throw new BootstrapError(`Node ${OLDEST_NODE} or newer is needed to begin; this is ${process.version}`);
  await ensureInstalled();
  const [script, ...fixed] = command;
  const file = join(root, script);
  if (!existsSync(file)) throw new BootstrapError(`${script} does not exist`);
  handOver(join(root, "node_modules", ".bin", "node"), file, [...fixed, ...rest]);
}

if (process.argv[1] && import.meta.url === pathToFileURL(realpathSync(process.argv[1])).href) await main().catch(fail);
