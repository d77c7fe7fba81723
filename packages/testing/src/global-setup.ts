/** vitest's globalSetup for integration tests: MySQL, Kafka and Redis once for the whole run. */
import { PlainReporter } from "@stipend/local/report/plain";
import type { TestProject } from "vitest/node";
import { startEngines } from "./engines/start-engines.ts";
import type { EngineUrls, StartedEngines } from "./engines/types.ts";

declare module "vitest" {
  interface ProvidedContext {
    engines: EngineUrls;
  }
}

let started: StartedEngines | undefined;

export async function setup(project: TestProject): Promise<void> {
  const reporter = new PlainReporter((line) => process.stderr.write(`[engines] ${line}\n`));
  started = await startEngines({ mysql: true, kafka: true, redis: true }, reporter);
  project.provide("engines", started.urls);
}

export async function teardown(): Promise<void> {
  await started?.stop();
}
