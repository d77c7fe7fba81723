import { keyFiles } from "@stipend/local/keys/dev-keys";
import { pathsOf } from "@stipend/local/paths";
import type { ProcessSpec } from "@stipend/local/process/managed";
import { Unit } from "@stipend/local/process/unit";
import { appUnits } from "@stipend/local/services/units";
import { readSettings } from "@stipend/local/settings";
import { freePortVariables } from "./free-ports.ts";
import type { System } from "./system.ts";

/** Where the parts of a running system answer, and where its keys lie. */
export interface RunningParts {
  readonly home: string;
  readonly namespace: string;
  readonly credits: string;
  readonly membership: string;
  readonly audit: string;
  readonly monitor: string;
  readonly rewrite: string;
  readonly kafkaBrokers: string;
  readonly redis: string;
  /** unset: no traces */
  readonly traces?: string;
}

export function runningParts({ home, namespace, urls }: System): RunningParts {
  return {
    home,
    namespace,
    credits: urls.credits,
    membership: urls.membership,
    audit: urls["admin-audit"],
    monitor: urls.monitor,
    rewrite: urls.rewrite,
    kafkaBrokers: urls.kafkaBrokers,
    redis: urls.redis,
    ...(urls.traces === undefined ? {} : { traces: urls.traces }),
  };
}

export interface AnotherGateway {
  readonly baseUrl: string;
  pid(): number | undefined;
  stop(): Promise<void>;
}

/**
 * Starts one more instance of the gateway beside that of a running system: the same services, engines, keys and settings.
 *
 * @param name of its log and pid file.
 * @param change what is different about its process.
 */
export async function startAnotherGateway(
  parts: RunningParts,
  name: string,
  change: (spec: ProcessSpec) => ProcessSpec = (spec) => spec,
): Promise<AnotherGateway> {
  const settings = readSettings({
    ...(await freePortVariables()),
    STIPEND_HOME: parts.home,
    STIPEND_NAMESPACE: parts.namespace,
    ...(process.env.STIPEND_CACHE ? { STIPEND_CACHE: process.env.STIPEND_CACHE } : {}),
    STIPEND_CREDITS_PORT: portOf(parts.credits),
    STIPEND_MEMBERSHIP_PORT: portOf(parts.membership),
    STIPEND_AUDIT_PORT: portOf(parts.audit),
    STIPEND_MONITOR_PORT: portOf(parts.monitor),
    STIPEND_REWRITE_PORT: portOf(parts.rewrite),
  });
  const paths = pathsOf(parts.home);
  // A gateway has no database.
  const none = { ownerUrl: "mysql://nobody@127.0.0.1:1/none", serviceUrl: "mysql://nobody@127.0.0.1:1/none" };
  const spec = appUnits({
    settings,
    engines: {
      mysqlAdminUrl: none.ownerUrl,
      kafkaBrokers: parts.kafkaBrokers,
      redisUrl: parts.redis,
      ...(parts.traces === undefined ? {} : { otlpUrl: parts.traces }),
    },
    keys: keyFiles(paths.keys),
    schemas: { credits: none, membership: none, "admin-audit": none, monitor: none },
  }).get("gateway");
  if (spec === undefined) throw new Error("the launcher knows no gateway");
  const unit = new Unit({ ...spec, name, label: name, process: () => change(spec.process()) }, paths);
  await unit.start();
  return {
    baseUrl: `http://127.0.0.1:${settings.ports.services.gateway}`,
    pid: () => unit.pid,
    stop: async () => {
      await unit.stop();
    },
  };
}

function portOf(url: string): string {
  return new URL(url).port;
}
