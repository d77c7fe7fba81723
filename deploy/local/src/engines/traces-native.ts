import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Paths } from "../paths.ts";
import type { UnitSpec } from "../process/unit.ts";
import { REPO_ROOT } from "../repo.ts";
import { baseEnv } from "./base-env.ts";

export interface TracesNativeOptions {
  java: string;
  jars: string;
  paths: Paths;
  zipkinPort: number;
  doorPort: number;
}

/**
 * Spans that Zipkin keeps in memory before it forgets the oldest. Zipkin counts spans, not bytes, and ours carry SQL
 * statements as tags: at 5 kB of heap a span (an estimate on the safe side) these take 200 MB of HEAP_MB.
 */
const MAX_SPANS = 40_000;
const HEAP_MB = 384;

async function probeHttp(url: string, signal: AbortSignal): Promise<void> {
  const answer = await fetch(url, { signal });
  await answer.body?.cancel();
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
}

function zipkinArgs(options: TracesNativeOptions): string[] {
  const jar = readdirSync(options.jars).find((file) => file.startsWith("zipkin-server"));
  return [
    `-Xmx${HEAP_MB}m`,
    "-XX:TieredStopAtLevel=1",
    "-XX:+UseSerialGC",
    "-Xshare:auto",
    "-jar",
    join(options.jars, jar ?? "zipkin-server.jar"),
    // naming one property of a list replaces the list, so all three are named
    "--armeria.ports[0].ip=127.0.0.1",
    `--armeria.ports[0].port=${options.zipkinPort}`,
    "--armeria.ports[0].protocols[0]=http",
    "--zipkin.storage.type=mem",
    `--zipkin.storage.mem.max-spans=${MAX_SPANS}`,
    "--zipkin.self-tracing.enabled=false",
    "--armeria.graceful-shutdown-quiet-period-millis=0",
    "--armeria.graceful-shutdown-timeout-millis=500",
  ];
}

/** Zipkin with its storage in memory: traces are the one thing that a restart forgets. */
export function zipkinNative(options: TracesNativeOptions): UnitSpec {
  const dir = join(options.paths.data, "zipkin");
  return {
    name: "zipkin",
    label: "Zipkin",
    prepare: () => {
      mkdirSync(dir, { recursive: true });
      return Promise.resolve();
    },
    // nice: while everything starts, Kafka and the services go first
    process: () => ({
      command: "nice",
      args: ["-n", "5", options.java, ...zipkinArgs(options)],
      env: baseEnv(),
      cwd: dir,
    }),
    probe: (signal) => probeHttp(`http://127.0.0.1:${options.zipkinPort}/health`, signal),
    readyTimeoutMs: 60_000,
    stopTimeoutMs: 10_000,
    advice: "read the log; a collector that runs already can be given by STIPEND_OTLP_URL.",
    dispensable: true,
  };
}

/** The door in front of Zipkin that understands OTLP. */
export function tracesDoor(options: TracesNativeOptions): UnitSpec {
  return {
    name: "traces",
    label: "the OTLP door",
    process: () => ({
      command: process.execPath,
      args: [join(REPO_ROOT, "deploy", "local", "src", "traces", "main.ts")],
      env: { ...baseEnv(), PORT: String(options.doorPort), ZIPKIN_URL: `http://127.0.0.1:${options.zipkinPort}` },
      cwd: REPO_ROOT,
    }),
    // an empty export needs the door, not Zipkin: both start side by side
    probe: async (signal) => {
      const answer = await fetch(`http://127.0.0.1:${options.doorPort}/v1/traces`, {
        method: "POST",
        headers: { "content-type": "application/x-protobuf" },
        body: new Uint8Array(),
        signal,
      });
      if (!answer.ok) throw new Error(`the door answered ${answer.status}`);
    },
    readyTimeoutMs: 30_000,
    stopTimeoutMs: 5_000,
    advice: "read the log.",
    dispensable: true,
  };
}
