/** Chromium for the browser tests: found, or installed with the machine's package manager. */
import { LauncherError } from "../errors.ts";
import { type Reporter, Step, silentReporter } from "../report/reporter.ts";
import { findProgram } from "./binaries.ts";
import { installPackages, manualCommand } from "./packages.ts";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** Absolute path of a Chromium, or undefined. STIPEND_CHROMIUM names one in another place. */
export function findChromium(): string | undefined {
  return process.env.STIPEND_CHROMIUM ?? NAMES.map(findProgram).find((path) => path !== undefined);
}

/** @throws LauncherError naming the command a person has to run. */
export async function installChromium(reporter: Reporter = silentReporter): Promise<void> {
  if (findChromium() !== undefined) return;
  await installPackages(["chromium"], new Step(reporter, "browser"));
  if (findChromium() !== undefined) return;
  throw new LauncherError("Installed, but there is still no Chromium.", {
    advice: `try by hand: ${manualCommand(["chromium"])}, or name one with STIPEND_CHROMIUM`,
  });
}
