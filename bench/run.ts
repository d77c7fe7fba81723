// npm run bench [-- name…]: the benchmarks one after the other, sized for about fifteen minutes in all.
import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));

/** Name → its file and the arguments that make it short enough. */
const BENCHES: Readonly<Record<string, readonly [file: string, ...args: string[]]>> = {
  ledger: ["ledger.ts", "--seconds", "5", "--rounds", "5"],
  reset: ["reset.ts", "--members", "200000"],
  lanes: ["lanes.ts"],
  turns: ["turns.ts"],
  membership: ["membership.ts", "--users", "200000", "--due", "10000"],
  visibility: ["visibility.ts"],
  export: ["export.ts", "--rows", "200000"],
  audit: ["audit.ts", "--rows", "200000"],
  consistency: ["consistency.ts", "--accounts", "100000"],
  streams: ["streams.ts"],
  flags: ["flags.ts"],
  reads: ["reads.ts"],
};

const names = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const unknown = names.filter((name) => !Object.hasOwn(BENCHES, name));
if (unknown.length > 0) {
  console.error(`unknown: ${unknown.join(", ")}. There are ${Object.keys(BENCHES).join(", ")}.`);
  process.exit(2);
}

const failed: string[] = [];
let interrupted = false;
for (const name of names.length > 0 ? names : Object.keys(BENCHES)) {
  console.log(`\n== ${name}`);
  const [file, ...args] = BENCHES[name] ?? [name];
  if (!(await runOne(join(here, file), args))) failed.push(name);
  // whoever stops one bench means all that follow
  if (interrupted) break;
}
if (failed.length > 0) {
  console.error(`\nfailed: ${failed.join(", ")}`);
  process.exitCode = 1;
}

function runOne(file: string, args: readonly string[]): Promise<boolean> {
  return new Promise((done) => {
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", file, ...args], {
      stdio: "inherit",
    });
    const passOn = (signal: NodeJS.Signals) => {
      interrupted = true;
      child.kill(signal);
    };
    process.on("SIGINT", passOn);
    process.on("SIGTERM", passOn);
    child.on("error", (error) => {
      console.error(error.message);
      done(false);
    });
    child.on("exit", (code) => {
      process.off("SIGINT", passOn);
      process.off("SIGTERM", passOn);
      done(code === 0);
    });
  });
}
