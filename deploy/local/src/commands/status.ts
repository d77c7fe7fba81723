import { readFileSync } from "node:fs";
import { pathsOf } from "../paths.ts";
import { LAUNCHER_PID } from "../process/orphans.ts";
import { readPid, runningPids } from "../process/pidfile.ts";
import { readSettings } from "../settings.ts";

/** Resident memory in MiB, or undefined where /proc does not tell. */
function residentMiB(pid: number): number | undefined {
  try {
    const kib = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return kib === undefined ? undefined : Math.round(Number(kib) / 1024);
  } catch {
    return undefined;
  }
}

/** `npm run status`: what of this system runs, with pid and memory. Exit code 3 when nothing does. */
export function status(): number {
  const settings = readSettings(process.env);
  const paths = pathsOf(settings.home);
  const launcher = readPid(paths.run, LAUNCHER_PID);
  const running = runningPids(paths.run).toSorted((a, b) => a.name.localeCompare(b.name));
  if (running.length === 0) {
    process.stdout.write(`Nothing runs in ${settings.home}.\n`);
    return 3;
  }
  process.stdout.write(
    `${launcher ? "A Stipend runs" : "Left without a launcher (npm stop ends it)"} in ${settings.home}:\n`,
  );
  for (const { name, pid } of running) {
    const memory = residentMiB(pid);
    process.stdout.write(
      `  ${name.padEnd(12)} pid ${String(pid).padEnd(8)} ${memory === undefined ? "" : `${String(memory).padStart(5)} MiB`}\n`,
    );
  }
  return 0;
}
