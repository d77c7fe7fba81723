/** How to run the services and the sample upstream. */
import { join } from "node:path";
import { baseEnv } from "../engines/base-env.ts";
import type { ProcessSpec } from "../process/managed.ts";
import type { UnitSpec } from "../process/unit.ts";
import { REPO_ROOT } from "../repo.ts";
import { type ServiceContext, serviceEnvironment, urlOf } from "./environment.ts";
import { type AppName, PUBLIC_SERVICES, type ServiceName } from "./names.ts";

const READY_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 20_000;
const REGISTER = join(REPO_ROOT, "packages", "platform", "src", "telemetry", "register.ts");

/**
 * A gateway holds thousands of idle streams: a small young generation, an old one that is collected before it has grown by
 * much, and a malloc with one arena that gives back what is free keep it small. bench/streams.ts says how small, bench/flags.ts
 * at what price. compose.yaml and the Dockerfile have the same.
 */
export const GATEWAY_FLAGS = ["--max-semi-space-size=2", "--heap-growing-percent=30"];
export const GATEWAY_MALLOC = {
  MALLOC_ARENA_MAX: "1",
  MALLOC_TRIM_THRESHOLD_: "65536",
  MALLOC_MMAP_THRESHOLD_: "32768",
};

async function probeReady(url: string, signal: AbortSignal): Promise<void> {
  const answer = await fetch(url, { signal });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${url} answered ${answer.status} ${text.slice(0, 300)}`);
}

function serviceProcess(context: ServiceContext, name: ServiceName, extra: NodeJS.ProcessEnv): ProcessSpec {
  const main = join(REPO_ROOT, "services", name, "src", "main.ts");
  return {
    command: process.execPath,
    args: [
      ...(name === "gateway" ? GATEWAY_FLAGS : []),
      "--disable-warning=ExperimentalWarning",
      "--import",
      REGISTER,
      main,
    ],
    env: { ...(name === "gateway" ? GATEWAY_MALLOC : {}), ...serviceEnvironment(context, name), ...extra },
    cwd: REPO_ROOT,
  };
}

function serviceUnit(context: ServiceContext, name: ServiceName, extra: NodeJS.ProcessEnv): UnitSpec {
  return {
    name,
    label: `the service ${name}`,
    process: () => serviceProcess(context, name, extra),
    probe: (signal) => probeReady(`${urlOf(context.settings, name)}/readyz`, signal),
    readyTimeoutMs: READY_TIMEOUT_MS,
    stopTimeoutMs: STOP_TIMEOUT_MS,
    advice: "read the log; each line is JSON with the reason in `msg` and `err`.",
  };
}

function rewriteUnit(context: ServiceContext): UnitSpec {
  return {
    name: "rewrite",
    label: "the sample upstream (rewrite)",
    process: () => ({
      command: process.execPath,
      args: [join(REPO_ROOT, "deploy", "examples", "rewrite", "server.mjs")],
      env: { ...baseEnv(), PORT: String(context.settings.ports.rewrite), HOST: "127.0.0.1" },
      cwd: REPO_ROOT,
    }),
    // any answer will do: the sample knows one route only
    probe: async (signal) => {
      const answer = await fetch(`${urlOf(context.settings, "rewrite")}/healthz`, { signal });
      await answer.body?.cancel();
    },
    readyTimeoutMs: READY_TIMEOUT_MS,
    stopTimeoutMs: 5_000,
    advice: "read the log.",
    dispensable: true,
  };
}

/** Every application unit; `extra` adds to the environment of single services (tests). */
export function appUnits(
  context: ServiceContext,
  extra: (name: ServiceName) => NodeJS.ProcessEnv = () => ({}),
): Map<AppName, UnitSpec> {
  const units = new Map<AppName, UnitSpec>([["rewrite", rewriteUnit(context)]]);
  for (const name of PUBLIC_SERVICES) units.set(name, serviceUnit(context, name, extra(name)));
  return units;
}
