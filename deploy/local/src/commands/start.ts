import { relative } from "node:path";
import { REPO_ROOT } from "../repo.ts";
import { PlainReporter } from "../report/plain.ts";
import type { Reporter } from "../report/reporter.ts";
import { summary } from "../report/summary.ts";
import { TerminalReporter } from "../report/terminal.ts";
import { PUBLIC_SERVICES } from "../services/names.ts";
import { readSettings, type Settings } from "../settings.ts";
import { startDetached } from "./detached.ts";
import { runSystem } from "./foreground.ts";

export interface StartOptions {
  detach?: boolean;
  fresh?: boolean;
  traces: boolean;
}

const STEPS = ["tools", "mysql", "kafka", "redis", "zipkin", "traces", "schemas", "rewrite", ...PUBLIC_SERVICES];

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

export function newReporter(): Reporter & { finish(): Promise<void> } {
  if (process.stdout.isTTY) return new TerminalReporter(STEPS, print);
  return Object.assign(new PlainReporter(print), { finish: () => Promise.resolve() });
}

export function readySummary(settings: Settings, addresses: Parameters<typeof summary>[0], detached: boolean): string {
  return summary(addresses, {
    home: settings.home,
    detached,
    homeIsDefault: relative(REPO_ROOT, settings.home) === ".stipend",
  });
}

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
