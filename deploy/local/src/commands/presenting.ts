import { relative } from "node:path";
import { REPO_ROOT } from "../repo.ts";
import { PlainReporter } from "../report/plain.ts";
import type { Reporter } from "../report/reporter.ts";
import { summary } from "../report/summary.ts";
import { TerminalReporter } from "../report/terminal.ts";
import { PUBLIC_SERVICES } from "../services/names.ts";
import type { Settings } from "../settings.ts";
import type { SystemAddresses } from "../system.ts";

const STEPS = ["tools", "mysql", "kafka", "redis", "zipkin", "traces", "schemas", "rewrite", ...PUBLIC_SERVICES];

export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Spinners on a terminal, plain lines elsewhere; finish() ends the spinners. */
export function newReporter(): Reporter & { finish(): Promise<void> } {
  if (process.stdout.isTTY) return new TerminalReporter(STEPS, print);
  return Object.assign(new PlainReporter(print), { finish: () => Promise.resolve() });
}

export function readySummary(settings: Settings, addresses: SystemAddresses, detached: boolean): string {
  const homeIsDefault = relative(REPO_ROOT, settings.home) === ".stipend";
  return summary(addresses, { home: settings.home, detached, homeIsDefault });
}
