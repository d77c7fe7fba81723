import { pathsOf } from "../paths.ts";
import { endOrphans, endProcess, LAUNCHER_PID } from "../process/orphans.ts";
import { readPid, removePid } from "../process/pidfile.ts";
import { readSettings } from "../settings.ts";

/** The sum of what the launcher allows its parts, with room. */
const LAUNCHER_STOP_MS = 150_000;

/** `npm stop`: ends the launcher of this home, then whatever an earlier one may have left. Exit code 0 also when nothing ran. */
export async function stop(): Promise<number> {
  const settings = readSettings(process.env);
  const paths = pathsOf(settings.home);
  const launcher = readPid(paths.run, LAUNCHER_PID);
  if (launcher) {
    process.stdout.write(`Stopping the Stipend in ${settings.home} …\n`);
    await endProcess(launcher, LAUNCHER_STOP_MS);
    removePid(paths.run, LAUNCHER_PID);
  }
  const left = await endOrphans(paths.run);
  if (left.length > 0) process.stdout.write(`Ended what was left running: ${left.join(", ")}.\n`);
  if (launcher || left.length > 0) process.stdout.write("Stopped.\n");
  else process.stdout.write(`Nothing runs in ${settings.home}.\n`);
  return 0;
}
