import { readSettings, type Settings } from "../settings.ts";
import { type StartOptions, startDetached } from "./detached.ts";
import { runSystem } from "./foreground.ts";
import { newReporter, print, readySummary } from "./presenting.ts";

/** Resolves when this process is asked to end: a signal, or (through the bootstrap's channel) the death of its parent. */
function endOfForeground(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => resolve(signal));
    process.on("disconnect", () => resolve("its parent process ended"));
  });
}

async function startForeground(settings: Settings, options: StartOptions): Promise<number> {
  const reporter = newReporter();
  return await runSystem(settings, reporter, {
    fresh: options.fresh ?? false,
    traces: options.traces,
    ended: endOfForeground(),
    onReady: async (addresses) => {
      await reporter.finish();
      print(readySummary(settings, addresses, false));
    },
    onFailure: async (text) => {
      await reporter.finish();
      process.stderr.write(`\n${text}\n\n`);
    },
  });
}

/** `npm start`. Resolves with the exit code. */
export async function start(options: StartOptions): Promise<number> {
  const settings = readSettings(process.env);
  return options.detach ? await startDetached(settings, options) : await startForeground(settings, options);
}
