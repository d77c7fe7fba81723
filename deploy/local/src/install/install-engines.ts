/** Installs what this machine needs to run the engines, without starting anything. */
import { chooseMode, nativeNeeds, wantedEngines } from "../engines/plan.ts";
import { type Reporter, silentReporter } from "../report/reporter.ts";
import { readSettings } from "../settings.ts";
import { prepareToolbox } from "./toolbox.ts";

/** Does nothing where Docker serves every engine. @throws LauncherError naming the command a person has to run. */
export async function installEngines(reporter: Reporter = silentReporter): Promise<void> {
  const settings = readSettings(process.env);
  const wanted = wantedEngines(settings);
  if ((await chooseMode(settings.engines, wanted, reporter)) === "docker") return;
  await prepareToolbox(nativeNeeds(wanted), settings.cache, reporter);
}
