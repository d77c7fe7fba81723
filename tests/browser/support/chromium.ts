import { findChromium } from "@stipend/local/install/browser";
import { type Browser, chromium } from "playwright-core";

/** One browser for a test file; whoever asks closes it. As root Chromium has no sandbox to offer. */
export async function launchChromium(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error("There is no Chromium: npm test installs one");
  return await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
}
