import { ConfigError } from "@stipend/platform/config/config";

/** A failure that a person can act on: what happened, what to do, and the last words of the part that failed. */
export class LauncherError extends Error {
  /** for callers that can do something about it: "port_taken", else "launcher_failed" */
  readonly code: "port_taken" | "launcher_failed";
  readonly advice: string | undefined;
  readonly logFile: string | undefined;
  readonly lastLines: readonly string[];

  constructor(
    message: string,
    options: {
      code?: "port_taken";
      advice?: string;
      logFile?: string;
      lastLines?: readonly string[];
      cause?: unknown;
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "LauncherError";
    this.code = options.code ?? "launcher_failed";
    this.advice = options.advice;
    this.logFile = options.logFile;
    this.lastLines = options.lastLines ?? [];
  }
}

/** The failure as plain text for a terminal, several lines. */
export function describeFailure(error: unknown): string {
  if (error instanceof ConfigError) return error.message;
  if (!(error instanceof LauncherError)) return error instanceof Error ? (error.stack ?? error.message) : String(error);
  const lines = [error.message];
  if (error.advice) lines.push(`What to do: ${error.advice}`);
  if (error.logFile) lines.push(`Log: ${error.logFile}${error.lastLines.length > 0 ? ", its last lines:" : ""}`);
  for (const line of error.lastLines) lines.push(`  | ${line}`);
  return lines.join("\n");
}
