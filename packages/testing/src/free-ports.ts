import { freePort, tryPort } from "@stipend/local/process/ports";

const VARIABLES = [
  "STIPEND_PORT",
  "STIPEND_CREDITS_PORT",
  "STIPEND_MEMBERSHIP_PORT",
  "STIPEND_AUDIT_PORT",
  "STIPEND_MONITOR_PORT",
  "STIPEND_REWRITE_PORT",
  "STIPEND_MYSQL_PORT",
  "STIPEND_KAFKA_PORT",
  "STIPEND_KAFKA_CONTROLLER_PORT",
  "STIPEND_REDIS_PORT",
  "STIPEND_TRACES_PORT",
  "STIPEND_ZIPKIN_PORT",
] as const;
const METRICS_PORTS = 5;
const TRIES = 50;

/** A run of free ports, one behind the other. */
async function freeRun(length: number, taken: ReadonlySet<number>): Promise<number> {
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const first = await freePort();
    if (first + length > 65_000) continue;
    const run = Array.from({ length }, (_, index) => first + index);
    if (run.some((port) => taken.has(port))) continue;
    const codes = await Promise.all(run.map(tryPort));
    if (codes.every((code) => code === undefined)) return first;
  }
  throw new Error(`no ${length} free ports in a row were found`);
}

/** Every port variable of the launcher, set to a port that is free now. */
export async function freePortVariables(): Promise<NodeJS.ProcessEnv> {
  const env: NodeJS.ProcessEnv = {};
  const taken = new Set<number>();
  for (const variable of VARIABLES) {
    let port = await freePort();
    while (taken.has(port)) port = await freePort();
    taken.add(port);
    env[variable] = String(port);
  }
  env.STIPEND_METRICS_PORT = String(await freeRun(METRICS_PORTS, taken));
  return env;
}
