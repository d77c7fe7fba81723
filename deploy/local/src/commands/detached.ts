/** `npm start -- --detach`: a launcher in the background, whose progress is shown here until it is ready. */
import { type ChildProcess, fork } from "node:child_process";
import { closeSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { pathsOf } from "../paths.ts";
import { openLog } from "../process/log-file.ts";
import { LAUNCHER_PID } from "../process/orphans.ts";
import { PlainReporter } from "../report/plain.ts";
import type { ReportEvent, Reporter } from "../report/reporter.ts";
import { readSettings, type Settings } from "../settings.ts";
import type { SystemAddresses } from "../system.ts";
import { runSystem } from "./foreground.ts";
import { newReporter, readySummary } from "./presenting.ts";

export interface StartOptions {
  detach?: boolean;
  fresh?: boolean;
  traces: boolean;
}

type Message =
  | { kind: "event"; event: ReportEvent }
  | { kind: "ready"; addresses: SystemAddresses }
  | { kind: "failed"; text: string };

const CLI = fileURLToPath(new URL("../cli.ts", import.meta.url));

function spawnSupervisor(settings: Settings, options: StartOptions): ChildProcess {
  const log = openLog(pathsOf(settings.home).logFile(LAUNCHER_PID));
  try {
    const args = [
      "start",
      "--supervised",
      ...(options.fresh ? ["--fresh"] : []),
      ...(options.traces ? [] : ["--no-traces"]),
    ];
    return fork(CLI, args, {
      detached: true,
      stdio: ["ignore", log, log, "ipc"],
      execArgv: ["--disable-warning=ExperimentalWarning"],
    });
  } finally {
    closeSync(log);
  }
}

/** Passes progress on until the supervisor is ready, or has failed and ended. */
function outcomeOf(child: ChildProcess, settings: Settings, reporter: Reporter): Promise<Message> {
  return new Promise((resolve) => {
    let failure: Message = {
      kind: "failed",
      text: `The launcher ended unexpectedly: see ${pathsOf(settings.home).logFile(LAUNCHER_PID)}`,
    };
    child.on("message", (message: Message) => {
      if (message.kind === "event") reporter.emit(message.event);
      else if (message.kind === "ready") resolve(message);
      else failure = message;
    });
    child.once("exit", () => resolve(failure));
  });
}

/** The parent's side: shows progress, returns when the supervisor says ready or failed. */
export async function startDetached(settings: Settings, options: StartOptions): Promise<number> {
  const reporter = newReporter();
  const child = spawnSupervisor(settings, options);
  const forward = (): void => {
    child.kill("SIGTERM");
  };
  process.on("SIGINT", forward);
  process.on("SIGTERM", forward);
  process.on("disconnect", forward);
  const outcome = await outcomeOf(child, settings, reporter);
  for (const event of ["SIGINT", "SIGTERM", "disconnect"]) process.off(event, forward);
  await reporter.finish();
  if (outcome.kind === "ready") {
    process.stdout.write(`${readySummary(settings, outcome.addresses, true)}\n`);
    child.disconnect();
    child.unref();
    return 0;
  }
  process.stderr.write(`\n${outcome.kind === "failed" ? outcome.text : "failed"}\n\n`);
  return 1;
}

/** Sends every event to the parent while there is one, and to the launcher's own log always. */
class ChannelReporter implements Reporter {
  #log = new PlainReporter((line) => process.stdout.write(`${line}\n`));

  emit(event: ReportEvent): void {
    this.#log.emit(event);
    void tell({ kind: "event", event });
  }
}

function tell(message: Message): Promise<void> {
  return new Promise((resolve) => {
    if (!process.connected || !process.send) resolve();
    // a parent that has just gone is no failure of ours
    else process.send(message, () => resolve());
  });
}

/** Ends by signal; before it is ready also when the parent goes away. */
function endOfSupervisor(isReady: () => boolean): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => resolve(signal));
    process.on("SIGHUP", () => undefined);
    process.on("disconnect", () => {
      if (!isReady()) resolve("the command that started it ended");
    });
  });
}

/** The background launcher itself. */
export async function runSupervised(options: StartOptions): Promise<number> {
  const settings = readSettings(process.env);
  let ready = false;
  return await runSystem(settings, new ChannelReporter(), {
    fresh: options.fresh ?? false,
    traces: options.traces,
    ended: endOfSupervisor(() => ready),
    onReady: async (addresses) => {
      ready = true;
      await tell({ kind: "ready", addresses });
    },
    onFailure: async (text) => {
      process.stdout.write(`${text}\n`);
      await tell({ kind: "failed", text });
    },
  });
}
