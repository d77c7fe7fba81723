import { type RunningParts, runningParts } from "@stipend/testing/another-gateway";
import type { System } from "@stipend/testing/system";

/** What a test may know of the running system: addresses and keys, nothing of its inside. */
export interface Running {
  readonly baseUrl: string;
  readonly home: string;
  readonly tracesUrl: string;
  /** The sample upstream behind the metered feature. */
  readonly rewriteUrl: string;
  /** The services behind the gateway: nobody outside should get an answer there. */
  readonly serviceUrls: readonly string[];
  /** Of all five services. */
  readonly metricsUrls: readonly string[];
  readonly kafkaBrokers: string;
  readonly topicPrefix: string;
  /** For another instance of a part. */
  readonly parts: RunningParts;
  /** For the ledger's own proof, asked past the services. */
  readonly mysqlAdminUrl: string;
}

declare module "vitest" {
  interface ProvidedContext {
    running: Running;
  }
}

export function describeRunning(system: System): Running {
  return {
    baseUrl: system.baseUrl,
    home: system.home,
    tracesUrl: system.urls.traces ?? "",
    rewriteUrl: system.urls.rewrite,
    serviceUrls: [system.urls.credits, system.urls.membership, system.urls["admin-audit"], system.urls.monitor],
    metricsUrls: Object.values(system.urls.metrics),
    kafkaBrokers: system.urls.kafkaBrokers,
    topicPrefix: system.namespace,
    parts: runningParts(system),
    mysqlAdminUrl: system.urls.mysqlAdmin,
  };
}
