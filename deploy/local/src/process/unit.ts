import { setTimeout as sleep } from "node:timers/promises";
import { LauncherError } from "../errors.ts";
import type { Paths } from "../paths.ts";
import { lastLines } from "./log-file.ts";
import { describeExit, type Exit, ManagedProcess, type ProcessSpec, type StopMeans } from "./managed.ts";
import { describeTaken, type WantedPort, whoHolds } from "./ports.ts";

const PROBE_EVERY_MS = 100;
const PROBE_TIMEOUT_MS = 5_000;
/** How Java, MySQL, Redis and Node say it. */
const ADDRESS_IN_USE = /address (is )?already in use|BindException|EADDRINUSE/i;
const TAKEN_ADVICE =
  "a port that it wants is taken: set its STIPEND_…_PORT to another. A port above 32767 may at any time be given to an outgoing connection; choose a lower one.";

/** How to run one part of the system. */
export interface UnitSpec {
  /** names the log and the pid file */
  name: string;
  /** for people */
  label: string;
  /** what has to stand before the process starts: folders, a formatted store */
  prepare?(): Promise<void>;
  process(): ProcessSpec;
  /** resolves when the part answers; any throw means "not yet" */
  probe(signal: AbortSignal): Promise<void>;
  readyTimeoutMs: number;
  stopTimeoutMs: number;
  /** default: SIGTERM, then SIGKILL, to the process */
  stopMeans?: StopMeans;
  /** where it listens, for the case that a port is taken after all */
  ports?: readonly WantedPort[];
  /** what to do when it does not start */
  advice: string;
  /** the rest goes on without it, should it keep dying */
  dispensable?: boolean;
}

/** A part of the system that can be started, stopped, killed and started again. */
export class Unit {
  readonly spec: UnitSpec;
  /** Called when the process ends although nobody asked it to, after it was ready once. */
  onDeath: ((exit: Exit) => void) | undefined;
  #paths: Paths;
  #process: ManagedProcess | undefined;
  #wanted = false;

  constructor(spec: UnitSpec, paths: Paths) {
    this.spec = spec;
    this.#paths = paths;
  }

  get name(): string {
    return this.spec.name;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  get logFile(): string {
    return this.#paths.logFile(this.name);
  }

  /**
   * Starts the process and waits until it answers.
   *
   * @throws LauncherError with the log's last lines when it ends early or does not answer in time.
   */
  async start(): Promise<void> {
    if (this.pid !== undefined) return;
    this.#wanted = true;
    await this.spec.prepare?.();
    if (!this.#wanted) throw new LauncherError(`${this.spec.label} was stopped while it was being prepared.`);
    const child = new ManagedProcess(this.name, this.spec.process(), this.#paths);
    this.#process = child;
    try {
      await this.#untilReady(child);
    } catch (error) {
      this.#wanted = false;
      await child.stop(this.spec.stopTimeoutMs, this.spec.stopMeans);
      throw error;
    }
    void child.exited.then((exit) => {
      if (this.#wanted && this.#process === child) this.onDeath?.(exit);
    });
  }

  /** Ends the process in order (SIGTERM, after the unit's bound SIGKILL). */
  async stop(): Promise<Exit | undefined> {
    this.#wanted = false;
    return this.pid === undefined
      ? this.#process?.exit
      : await this.#process?.stop(this.spec.stopTimeoutMs, this.spec.stopMeans);
  }

  /** Ends the process at once, as a crash would, and keeps it down. */
  async kill(): Promise<void> {
    this.#wanted = false;
    if (this.spec.stopMeans && this.pid !== undefined) this.spec.stopMeans.force();
    else this.#process?.kill("SIGKILL");
    await this.#process?.exited;
  }

  /** Freezes the process (SIGSTOP): it keeps its port and answers nothing. */
  pause(): void {
    this.#process?.kill("SIGSTOP");
  }

  resume(): void {
    this.#process?.kill("SIGCONT");
  }

  /** The failure of this unit in words, with its log. */
  failure(message: string): LauncherError {
    const lines = lastLines(this.logFile, 40);
    const shown = { logFile: this.logFile, lastLines: lines.slice(-12) };
    if (!lines.some((line) => ADDRESS_IN_USE.test(line))) {
      return new LauncherError(message, { advice: this.spec.advice, ...shown });
    }
    const taken = (this.spec.ports ?? []).filter((want) => whoHolds(want.port));
    return new LauncherError([message, ...taken.map(describeTaken)].join("\n"), {
      code: "port_taken",
      advice: TAKEN_ADVICE,
      ...shown,
    });
  }

  #early(exit: Exit): LauncherError {
    if (!this.#wanted) return new LauncherError(`${this.spec.label} was stopped while it was starting.`);
    return this.failure(`${this.spec.label} ended before it was ready (${describeExit(exit)}).`);
  }

  async #untilReady(child: ManagedProcess): Promise<void> {
    const giveUpAt = Date.now() + this.spec.readyTimeoutMs;
    let reason = "";
    while (Date.now() < giveUpAt) {
      if (child.exit) throw this.#early(child.exit);
      try {
        await this.spec.probe(AbortSignal.timeout(PROBE_TIMEOUT_MS));
        // somebody else may answer on that port while ours is ending
        if (!child.exit) return;
      } catch (error) {
        reason = error instanceof Error ? error.message : String(error);
      }
      await Promise.race([sleep(PROBE_EVERY_MS), child.exited]);
    }
    throw this.failure(
      `${this.spec.label} did not become ready within ${this.spec.readyTimeoutMs / 1000} s${reason ? ` (${reason})` : ""}.`,
    );
  }
}
