/**
 * Who a pid is. A pid alone is recycled; with the moment the process began (and the boot it belongs to) it names one
 * process for good, so that nothing foreign is ever killed.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

export interface ProcessIdentity {
  pid: number;
  /** opaque: equal for the same process only */
  started: string;
}

/** Field 22 of /proc/<pid>/stat counts clock ticks since boot; the name in field 2 may hold blanks and brackets. */
function startedOnLinux(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const afterName = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const state = afterName[0];
    if (state === "Z" || state === "X") return undefined;
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${boot}:${afterName[19]}`;
  } catch {
    return undefined;
  }
}

function startedByPs(pid: number): string | undefined {
  try {
    const text = execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim();
    return text === "" ? undefined : text;
  } catch {
    return undefined;
  }
}

/** When the process began, or undefined when no such process runs. A zombie counts as gone. */
export function startedAt(pid: number): string | undefined {
  return process.platform === "linux" ? startedOnLinux(pid) : startedByPs(pid);
}

/** The identity of a running process, or undefined. */
export function identify(pid: number): ProcessIdentity | undefined {
  const started = startedAt(pid);
  return started === undefined ? undefined : { pid, started };
}

/** True while exactly this process runs. */
export function isRunning(identity: ProcessIdentity): boolean {
  return startedAt(identity.pid) === identity.started;
}
