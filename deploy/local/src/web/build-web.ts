/** The web apps: built when there is no build yet, or when their sources have changed since. */
import { join } from "node:path";
import { LauncherError } from "../errors.ts";
import { run } from "../install/exec.ts";
import { REPO_ROOT } from "../repo.ts";
import { type Reporter, Step } from "../report/reporter.ts";

/** Where the gateway finds them. */
export const WEB_DIST: string = join(REPO_ROOT, "web", "dist");

const BUILD_TIMEOUT_MS = 300_000;

/** Never rejects: a system without pages is still a system. What went wrong is reported. */
export async function buildWeb(reporter: Reporter, signal: AbortSignal): Promise<void> {
  const step = new Step(reporter, "web");
  let last = "";
  const build = async (): Promise<void> => {
    const { code, lines } = await run(process.execPath, [join(REPO_ROOT, "web", "tools", "build.ts"), "--if-stale"], {
      cwd: REPO_ROOT,
      // A test runner's "test" would bundle what React has for developers.
      env: { ...process.env, NODE_ENV: "production" },
      timeoutMs: BUILD_TIMEOUT_MS,
      signal,
      onLine: (line) => {
        last = line;
        step.say(line);
      },
    });
    if (code !== 0) throw new LauncherError(`the web apps could not be built: ${lines.at(-1) ?? `exit code ${code}`}`);
  };
  await step
    .run("looking whether the apps are built", build, () => `the web apps are ready: ${last}`)
    .catch(() => undefined);
}
