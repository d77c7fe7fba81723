import { spawn } from "node:child_process";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** How long a child may take to stop what it started before it is killed. */
const GRACE_MS = 45_000;

/**
 * Runs a program of node_modules/.bin in the repository's root with our own terminal and waits for its end.
 * When `signal` aborts, it is asked to stop (SIGTERM) and killed after a while.
 * @returns the exit code; 128 and more when a signal ended it
 */
export function runChild(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<number> {
  const path = `${join(ROOT, "node_modules", ".bin")}${delimiter}${process.env["PATH"] ?? ""}`;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: "inherit", env: { ...env, PATH: path } });
    let kill: NodeJS.Timeout | undefined;
    const stop = (): void => {
      child.kill("SIGTERM");
      kill = setTimeout(() => child.kill("SIGKILL"), GRACE_MS);
    };
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(kill);
      signal.removeEventListener("abort", stop);
      resolve(code ?? 128);
    });
  });
}
