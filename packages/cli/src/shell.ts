import { resolve } from "node:path";
import type { Command } from "commander";
import type { ExitCode } from "./failure.ts";

/** What a command sees of the world around it; tests hand in their own. */
export interface Shell {
  readonly env: NodeJS.ProcessEnv;
  /** Whether a person watches (both outputs are a terminal): progress is then redrawn, otherwise it comes as lines. */
  readonly interactive: boolean;
  /** Results, on standard output: what another program may read. */
  print(line: string): void;
  /** Words for people, on standard error. */
  say(line: string): void;
  /** The exit code the process will have. */
  end(code: ExitCode): void;
}

/** Adds one command to the program. Each file of commands/ exports one of these, and main.ts lists them. */
export type AddCommand = (program: Command, shell: Shell) => void;

/** A path as the caller meant it: npm runs scripts in the repository's root and names the caller's folder in INIT_CWD. */
export function callersPath(shell: Shell, path: string): string {
  return resolve(shell.env["INIT_CWD"] ?? ".", path);
}
