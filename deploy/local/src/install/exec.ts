import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

export interface RunResult {
  code: number;
  /** standard output and error as they came, the last 200 lines */
  lines: string[];
}

const KEPT_LINES = 200;

export interface RunOptions {
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  timeoutMs?: number;
  onLine?: (line: string) => void;
  /** ends the command (SIGTERM) when it is aborted */
  signal?: AbortSignal;
}

/**
 * Runs a command to its end and collects its words. A command that does not exist ends with code 127; one
 * that takes too long, or is aborted, with 124. It leads a process group of its own: Ctrl-C is for the launcher alone.
 */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const { promise, resolve } = Promise.withResolvers<RunResult>();
  const lines: string[] = [];
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let cutShort = false;
  const end = (signal: NodeJS.Signals): void => {
    cutShort = true;
    child.kill(signal);
  };
  const timer = options.timeoutMs === undefined ? undefined : setTimeout(() => end("SIGKILL"), options.timeoutMs);
  const onAbort = (): void => end("SIGTERM");
  options.signal?.addEventListener("abort", onAbort, { once: true });
  if (options.signal?.aborted) onAbort();
  const finish = (result: RunResult): void => {
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", onAbort);
    resolve(result);
  };
  const take = (line: string): void => {
    lines.push(line);
    if (lines.length > KEPT_LINES) lines.shift();
    options.onLine?.(line);
  };
  createInterface({ input: child.stdout }).on("line", take);
  createInterface({ input: child.stderr }).on("line", take);
  child.once("error", (error) => finish({ code: 127, lines: [...lines, error.message] }));
  child.once("close", (code) => finish({ code: cutShort ? 124 : (code ?? 1), lines }));
  return promise;
}
