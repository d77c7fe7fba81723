/** One way to the engines for every test, whether they run by URL, in Docker or as processes of their own. */
import { dockerAnswers, missingImages } from "@stipend/local/engines/docker-cli";
import { type Reporter, silentReporter } from "@stipend/local/report/reporter";
import { imagesFor, startContainers } from "./containers.ts";
import { givenEngines, stillNeeded } from "./given.ts";
import { startNativeEngines } from "./native.ts";
import type { EngineNeeds, StartedEngines } from "./types.ts";

async function dockerServes(needs: EngineNeeds, env: NodeJS.ProcessEnv): Promise<boolean> {
  if (env.STIPEND_ENGINES === "native" || !(await dockerAnswers())) return false;
  const missing = await missingImages(imagesFor(needs, env));
  if (missing.length > 0 && env.STIPEND_ENGINES === "docker") {
    throw new Error(`STIPEND_ENGINES=docker, but these images can't be had: ${missing.join(", ")}`);
  }
  return missing.length === 0;
}

/**
 * Starts what is needed and not given by URL. The caller stops it; should the process end without that, the engines are
 * killed with it, and the next run sweeps up after one that was killed itself.
 *
 * STIPEND_ENGINES=native|docker forces one way; "auto" takes Docker when it has or can pull every image within 20 s.
 */
export async function startEngines(needs: EngineNeeds, reporter: Reporter = silentReporter): Promise<StartedEngines> {
  const given = givenEngines(needs, process.env);
  const rest = stillNeeded(needs, given);
  if (!rest.mysql && !rest.kafka && !rest.redis) {
    return { urls: given, source: "by URL", stop: () => Promise.resolve() };
  }
  const started = (await dockerServes(rest, process.env))
    ? await startContainers(rest)
    : await startNativeEngines(rest, reporter);
  return { ...started, urls: { ...started.urls, ...given } };
}
