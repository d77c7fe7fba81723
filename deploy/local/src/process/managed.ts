import { type ChildProcess, spawn } from "node:child_process";
import { closeSync } from "node:fs";
import type { Paths } from "../paths.ts";
import { identify } from "./identity.ts";
import { openLog } from "./log-file.ts";
import { removePid, writePid } from "./pidfile.ts";

export interface ProcessSpec {
  command: string;
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  cwd: string;
}

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export function describeExit(exit: Exit): string {
  return exit.signal === null ? `exit code ${exit.code}` : `killed by ${exit.signal}`;
}

/** How something is asked to end, when a signal to its process is not the way. */
export interface StopMeans {
  ask(): void;
  force(): void;
  /** ask again at this pace, for what may not hear the first time */
  askEveryMs?: number;
}

/**
 * One running process: its output goes straight to its log file (so it survives the launcher), its pid to a pid file.
 * It leads a process group of its own: Ctrl-C in the terminal reaches the launcher only, which then stops in order.
 */
export class ManagedProcess {
  readonly name: string;
  readonly exited: Promise<Exit>;
  #child: ChildProcess;
  #paths: Paths;
  #exit: Exit | undefined;

  /** @throws when the command can't be run at all: reported through `exited` as code 127. */
  constructor(name: string, spec: ProcessSpec, paths: Paths) {
    this.name = name;
    this.#paths = paths;
    const log = openLog(paths.logFile(name));
    try {
      this.#child = spawn(spec.command, spec.args, {
        cwd: spec.cwd,
        env: spec.env,
        stdio: ["ignore", log, log],
        detached: true,
      });
    } finally {
      closeSync(log);
    }
    this.exited = this.#watch();
    this.#remember();
  }

  get pid(): number | undefined {
    return this.#exit ? undefined : this.#child.pid;
  }

  get exit(): Exit | undefined {
    return this.#exit;
  }

  kill(signal: NodeJS.Signals): void {
    if (!this.#exit) this.#child.kill(signal);
  }

  /** Asks to end, waits at most `timeoutMs`, then kills. Resolves with how it ended. */
  async stop(timeoutMs: number, means: StopMeans = this.#signals()): Promise<Exit> {
    if (this.#exit) return this.#exit;
    means.ask();
    const again = means.askEveryMs === undefined ? undefined : setInterval(() => means.ask(), means.askEveryMs);
    const timer = setTimeout(() => means.force(), timeoutMs);
    try {
      return await this.exited;
    } finally {
      clearTimeout(timer);
      clearInterval(again);
    }
  }

  #signals(): StopMeans {
    return {
      ask: () => {
        this.kill("SIGTERM");
        // a paused process (SIGSTOP) can't hear SIGTERM
        this.kill("SIGCONT");
      },
      force: () => this.kill("SIGKILL"),
    };
  }

  #watch(): Promise<Exit> {
    return new Promise((resolve) => {
      const finish = (exit: Exit): void => {
        if (this.#exit) return;
        this.#exit = exit;
        removePid(this.#paths.run, this.name);
        resolve(exit);
      };
      this.#child.once("exit", (code, signal) => finish({ code, signal }));
      this.#child.once("error", () => finish({ code: 127, signal: null }));
    });
  }

  #remember(): void {
    const identity = this.#child.pid === undefined ? undefined : identify(this.#child.pid);
    if (identity) writePid(this.#paths.run, { ...identity, name: this.name });
  }
}
