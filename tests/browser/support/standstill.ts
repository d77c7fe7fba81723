import type { Page } from "playwright-core";

/** How a window can stand still without being closed. Both answer how to let it go on. */
export type Standstill = "frozen" | "paused";

export function standStill(page: Page, how: Standstill): Promise<() => Promise<void>> {
  return how === "frozen" ? freeze(page) : pauseScripts(page);
}

/** A debugger stops at the page's next statement. */
async function pauseScripts(page: Page): Promise<() => Promise<void>> {
  const devtools = await page.context().newCDPSession(page);
  const paused = new Promise((resolve) => devtools.once("Debugger.paused", resolve));
  await devtools.send("Debugger.enable");
  await devtools.send("Debugger.pause");
  void page.evaluate("0").catch(() => undefined);
  await paused;
  return async () => void (await devtools.send("Debugger.resume"));
}

/**
 * The window's own process is stopped. A browser freezes only windows that nobody sees, and without a screen it takes all for
 * seen; to the other windows this is the same.
 */
async function freeze(page: Page): Promise<() => Promise<void>> {
  const pid = await processOf(page);
  process.kill(pid, "SIGSTOP");
  return async () => void process.kill(pid, "SIGCONT");
}

/** The one of the browser's processes without which the page does not answer. */
async function processOf(page: Page): Promise<number> {
  const devtools = await page.context().browser()?.newBrowserCDPSession();
  const { processInfo } = (await devtools?.send("SystemInfo.getProcessInfo")) ?? { processInfo: [] };
  for (const { id } of processInfo.filter(({ type }) => type === "renderer")) {
    process.kill(id, "SIGSTOP");
    const answers = await Promise.race([page.evaluate("true"), after(500)]);
    process.kill(id, "SIGCONT");
    if (answers !== true) return id;
  }
  throw new Error("the page has no process of its own");
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
