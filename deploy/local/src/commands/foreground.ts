/** Runs a system in this very process until somebody ends it. */
import { mkdirSync } from "node:fs";
import { describeFailure, LauncherError } from "../errors.ts";
import { pathsOf } from "../paths.ts";
import { identify } from "../process/identity.ts";
import { endOrphans, LAUNCHER_PID } from "../process/orphans.ts";
import { readPid, removePid, writePid } from "../process/pidfile.ts";
import type { Reporter } from "../report/reporter.ts";
import type { Settings } from "../settings.ts";
import { LocalSystem, type SystemAddresses } from "../system.ts";
import { emptyData } from "./fresh.ts";

export interface RunOptions {
  fresh: boolean;
  traces: boolean;
  /** called once everything answers */
  onReady(addresses: SystemAddresses): Promise<void>;
  /** called when the start fails or the system ends by itself */
  onFailure(text: string): Promise<void>;
  /** resolves when somebody wants the system to end; the text says who */
  ended: Promise<string>;
}

function claimHome(settings: Settings): void {
  const paths = pathsOf(settings.home);
  mkdirSync(paths.run, { recursive: true });
  const other = readPid(paths.run, LAUNCHER_PID);
  if (other) {
    throw new LauncherError(`A Stipend already runs in ${settings.home} (launcher pid ${other.pid}).`, {
      advice:
        "`npm stop` ends it. For a second system beside it set STIPEND_HOME and the ports (docs/operating.md has the list).",
    });
  }
  const self = identify(process.pid);
  if (self) writePid(paths.run, { ...self, name: LAUNCHER_PID });
}

async function untilEnd(system: LocalSystem, ended: Promise<string>): Promise<LauncherError | string> {
  return await Promise.race([ended, system.failed]);
}

async function startOrEnd(system: LocalSystem, options: RunOptions): Promise<SystemAddresses | string> {
  return await Promise.race([system.start(), options.ended]);
}

/** Starts, waits, stops. Resolves with the exit code: 0 when it was ended on purpose after it was ready. */
export async function runSystem(settings: Settings, reporter: Reporter, options: RunOptions): Promise<number> {
  const paths = pathsOf(settings.home);
  try {
    claimHome(settings);
  } catch (error) {
    await options.onFailure(describeFailure(error));
    return 1;
  }
  const system = new LocalSystem(settings, reporter, { traces: options.traces, web: true });
  try {
    if (options.fresh) {
      await endOrphans(paths.run);
      await emptyData(settings, reporter);
    }
    const started = await startOrEnd(system, options);
    if (typeof started === "string") {
      await options.onFailure(`Stopped while starting (${started}).`);
      return 130;
    }
    await options.onReady(started);
    const end = await untilEnd(system, options.ended);
    if (typeof end === "string") return 0;
    await options.onFailure(describeFailure(end));
    return 1;
  } catch (error) {
    await options.onFailure(describeFailure(error));
    return 1;
  } finally {
    await system.stop();
    removePid(paths.run, LAUNCHER_PID);
  }
}
