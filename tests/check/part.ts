import { spawn } from "node:child_process";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export interface PartResult {
  readonly ok: boolean;
  /** Shown only when the part failed. */
  readonly output: string;
}

/** One independent piece of `npm run check`. */
export interface Part {
  readonly name: string;
  /** What a person does when it fails. */
  readonly whatToDo: string;
  run(): Promise<PartResult>;
}

/** Runs a program of node_modules/.bin (or Node itself) from the repository's root and collects what it says. */
export function runTool(command: string, args: readonly string[], cwd: string = ROOT): Promise<PartResult> {
  const path = `${join(ROOT, "node_modules", ".bin")}${delimiter}${process.env.PATH ?? ""}`;
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, PATH: path, FORCE_COLOR: "0" } });
    const chunks: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.on("error", (error) => resolve({ ok: false, output: `${command}: ${error.message}` }));
    child.on("close", (code) => resolve({ ok: code === 0, output: Buffer.concat(chunks).toString("utf8") }));
  });
}

/** A part that is one program, right when it exits with 0. */
export function toolPart(name: string, whatToDo: string, command: string, args: readonly string[]): Part {
  return { name, whatToDo, run: () => runTool(command, args) };
}
