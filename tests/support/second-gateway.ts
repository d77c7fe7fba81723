import { keyFiles } from "@stipend/local/keys/dev-keys";
import { pathsOf } from "@stipend/local/paths";
import { Unit } from "@stipend/local/process/unit";
import { appUnits } from "@stipend/local/services/units";
import { readSettings } from "@stipend/local/settings";
import { freePortVariables } from "@stipend/testing/free-ports";
import type { Running } from "./running-system.ts";

export interface SecondGateway {
  readonly baseUrl: string;
  stop(): Promise<void>;
}

/** Another instance of the gateway beside the one of a running system: the same services, engines, keys and settings. */
export async function startSecondGateway(running: Running): Promise<SecondGateway> {
  const [credits = "", membership = "", audit = "", monitor = ""] = running.serviceUrls.map(portOf);
  const settings = readSettings({
    ...(await freePortVariables()),
    STIPEND_HOME: running.home,
    STIPEND_NAMESPACE: running.topicPrefix,
    STIPEND_CREDITS_PORT: credits,
    STIPEND_MEMBERSHIP_PORT: membership,
    STIPEND_AUDIT_PORT: audit,
    STIPEND_MONITOR_PORT: monitor,
    STIPEND_REWRITE_PORT: portOf(running.rewriteUrl),
  });
  const paths = pathsOf(running.home);
  const unreached = { ownerUrl: "mysql://nobody@127.0.0.1:1/none", serviceUrl: "mysql://nobody@127.0.0.1:1/none" };
  const units = appUnits({
    settings,
    engines: {
      mysqlAdminUrl: running.mysqlAdminUrl,
      kafkaBrokers: running.kafkaBrokers,
      redisUrl: running.redisUrl,
      otlpUrl: running.tracesUrl,
    },
    keys: keyFiles(paths.keys),
    // A gateway has no database.
    schemas: { credits: unreached, membership: unreached, "admin-audit": unreached, monitor: unreached },
  });
  const spec = units.get("gateway");
  if (spec === undefined) throw new Error("the launcher knows no gateway");
  // A name of its own, as it names the log and the pid file.
  const unit = new Unit({ ...spec, name: "gateway-2", label: "the second gateway" }, paths);
  await unit.start();
  return {
    baseUrl: `http://127.0.0.1:${settings.ports.services.gateway}`,
    stop: async () => {
      await unit.stop();
    },
  };
}

function portOf(url: string): string {
  return new URL(url).port;
}
