import { readdir, readFile } from "node:fs/promises";

export interface Process {
  readonly pid: number;
  readonly command: string;
}

/** The variable every process started by a run inherits: by it we know them again. */
export const RUN_ID = "STIPEND_TEST_RUN_ID";

/**
 * Processes of this run that are still alive, found by the run's id in their environment. Only Linux tells it (in
 * /proc); elsewhere the answer is empty.
 */
export async function findLeftBehind(runId: string): Promise<Process[]> {
  const pids = await readdir("/proc").catch(() => []);
  const found = await Promise.all(pids.filter((name) => /^\d+$/.test(name)).map((pid) => inspect(Number(pid), runId)));
  return found.filter((process) => process !== undefined);
}

async function inspect(pid: number, runId: string): Promise<Process | undefined> {
  if (pid === process.pid) return undefined;
  try {
    const environment = await readFile(`/proc/${pid}/environ`, "utf8");
    if (!environment.split("\0").includes(`${RUN_ID}=${runId}`)) return undefined;
    const command = (await readFile(`/proc/${pid}/cmdline`, "utf8")).replaceAll("\0", " ").trim();
    // A zombie has no command line and holds nothing.
    return command === "" ? undefined : { pid, command };
  } catch {
    // It ended between the two looks, or belongs to someone else.
    return undefined;
  }
}

/** Ends what is still there, so that one broken stage does not hold the ports of the next. */
export async function endLeftBehind(runId: string): Promise<Process[]> {
  const left = await findLeftBehind(runId);
  for (const { pid } of left) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It ended by itself meanwhile.
    }
  }
  return left;
}
