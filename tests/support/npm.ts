import { type ChildProcess, spawn } from "node:child_process";
import { REPO_ROOT } from "@stipend/local/repo";

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs an npm command as a person would, in a process group of its own like a terminal's. */
export function startNpm(args: readonly string[], env: NodeJS.ProcessEnv): Started {
  return startProgram("npm", args, env);
}

export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

/** As startNpm, for a program that has to be killed itself and not what started it. */
export function startProgram(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Started {
  const child = spawn(program, [...args], { cwd: REPO_ROOT, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
  const texts = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name]?.setEncoding("utf8").on("data", (chunk: string) => {
      texts[name] += chunk;
    });
  }
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, ...texts }));
  });
  return { child, ended };
}

export function npm(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ended> {
  return startNpm(args, env).ended;
}
