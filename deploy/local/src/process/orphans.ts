/** Ends what a launcher left behind that was killed itself. Only processes whose identity is proven are touched. */
import { setTimeout as sleep } from "node:timers/promises";
import { isRunning } from "./identity.ts";
import { type PidRecord, removePid, runningPids } from "./pidfile.ts";

/**
 * The stated order: first the only door, so that nothing new comes in; then the services, which drain; then what they
 * talk to. Names in one line stop side by side.
 */
export const STOP_ORDER: readonly (readonly string[])[] = [
  ["gateway"],
  ["monitor", "admin-audit", "membership", "credits"],
  ["rewrite", "traces"],
  ["zipkin", "kafka", "redis", "mysql"],
];

/** Pid file of the launcher itself. */
export const LAUNCHER_PID = "launcher";

const TERM_TIMEOUT_MS = 30_000;
const POLL_MS = 50;

async function waitForEnd(record: PidRecord, timeoutMs: number): Promise<boolean> {
  const giveUpAt = Date.now() + timeoutMs;
  while (isRunning(record)) {
    if (Date.now() > giveUpAt) return false;
    await sleep(POLL_MS);
  }
  return true;
}

function signal(record: PidRecord, name: NodeJS.Signals): void {
  try {
    if (isRunning(record)) process.kill(record.pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** SIGTERM, at most `timeoutMs` of patience, then SIGKILL. */
export async function endProcess(record: PidRecord, timeoutMs = TERM_TIMEOUT_MS): Promise<void> {
  signal(record, "SIGTERM");
  signal(record, "SIGCONT");
  if (await waitForEnd(record, timeoutMs)) return;
  signal(record, "SIGKILL");
  await waitForEnd(record, 5_000);
}

/** Ends every remembered process of this system in the stated order; returns their names. */
export async function endOrphans(runDir: string): Promise<string[]> {
  const left = runningPids(runDir).filter((record) => record.name !== LAUNCHER_PID);
  const known = STOP_ORDER.flat();
  const groups = [...STOP_ORDER, left.map((record) => record.name).filter((name) => !known.includes(name))];
  for (const group of groups) {
    await Promise.all(
      left
        .filter((record) => group.includes(record.name))
        .map(async (record) => {
          await endProcess(record);
          removePid(runDir, record.name);
        }),
    );
  }
  return left.map((record) => record.name);
}
