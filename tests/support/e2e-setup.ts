/** vitest's globalSetup of the end-to-end tests: one whole system for all their files. */
import { type System, startSystem } from "@stipend/testing/system";
import type { TestProject } from "vitest/node";

/** What a test may know of the running system: addresses and keys, nothing of its inside. */
export interface Running {
  readonly baseUrl: string;
  readonly home: string;
  readonly tracesUrl: string;
  /** The sample upstream behind the metered feature. */
  readonly rewriteUrl: string;
  /** The services behind the gateway: nobody outside should get an answer there. */
  readonly serviceUrls: readonly string[];
  readonly kafkaBrokers: string;
  readonly topicPrefix: string;
  /** For the ledger's own proof, asked past the services. */
  readonly mysqlAdminUrl: string;
}

declare module "vitest" {
  interface ProvidedContext {
    running: Running;
  }
}
import { describeRunning } from "./running-system.ts";

let system: System | undefined;

export async function setup(project: TestProject): Promise<void> {
  system = await startSystem({ traces: true, supervise: true });
  project.provide("running", {
    baseUrl: system.baseUrl,
    home: system.home,
    tracesUrl: system.urls.traces ?? "",
    rewriteUrl: system.urls.rewrite,
    serviceUrls: [system.urls.credits, system.urls.membership, system.urls["admin-audit"], system.urls.monitor],
    kafkaBrokers: system.urls.kafkaBrokers,
    topicPrefix: system.namespace,
    mysqlAdminUrl: system.urls.mysqlAdmin,
  });
  project.provide("running", describeRunning(system));
}

export async function teardown(): Promise<void> {
  await system?.stop();
}
