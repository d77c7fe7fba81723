// What the flags that keep a gateway small cost in CPU, and what each group of them saves in memory.
//   node bench/flags.ts [--rounds 5] [--requests 1500] [--at-once 16]
// Starts a whole system and, beside its gateway, one gateway for each setting, all against the same services. They are measured
// in turns, round after round, so that whatever else happens on the machine meets all of them alike: CPU time of the gateway's own
// process (utime + stime of /proc, so Linux only) for each request, and requests a second. Ratios are to the gateway without flags.
import { parseArgs } from "node:util";
import type { ProcessSpec } from "@stipend/local/process/managed";
import { PlainReporter } from "@stipend/local/report/plain";
import { type AnotherGateway, runningParts, startAnotherGateway } from "@stipend/testing/another-gateway";
import { startSystem } from "@stipend/testing/system";
import { printTable, thousands } from "./src/figures.ts";
import { cpuTimeMs, residentBytes } from "./src/process-figures.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    requests: { type: "string", default: "1500" },
    "at-once": { type: "string", default: "16" },
  },
});
const rounds = Number(values.rounds);
const requests = Number(values.requests);
const atOnce = Number(values["at-once"]);

const V8_FLAGS = /^--(optimize-for-size|max-semi-space-size|heap-growing-percent)/;
const MALLOC = /^MALLOC_/;

/** By name: V8's flags, and whether malloc is told to be small. undefined: what the launcher has. */
const SETTINGS = {
  "no flags": { flags: [], malloc: false },
  "semi 2": { flags: ["--max-semi-space-size=2"], malloc: false },
  "semi 2, grow 30": { flags: ["--max-semi-space-size=2", "--heap-growing-percent=30"], malloc: false },
  "as launched": { flags: undefined, malloc: true },
  "semi 2, grow 20, malloc": { flags: ["--max-semi-space-size=2", "--heap-growing-percent=20"], malloc: true },
  "the same, --optimize-for-size": {
    flags: ["--optimize-for-size", "--max-semi-space-size=2", "--heap-growing-percent=20"],
    malloc: true,
  },
} as const;
type Setting = keyof typeof SETTINGS;

interface Figures {
  cpuMs: number;
  wallMs: number;
  requests: number;
  rss: number;
}

function changed(setting: Setting): (spec: ProcessSpec) => ProcessSpec {
  const { flags, malloc } = SETTINGS[setting];
  return (spec) => ({
    ...spec,
    args: flags === undefined ? spec.args : [...flags, ...spec.args.filter((arg) => !V8_FLAGS.test(arg))],
    env: {
      ...Object.fromEntries(Object.entries(spec.env).filter(([name]) => malloc || !MALLOC.test(name))),
      // One reader sends them all.
      STIPEND_LIMIT_PER_USER: "10000000",
    },
  });
}

const system = await startSystem({ devClock: false, reporter: new PlainReporter((line) => console.error(line)) });
const gateways = new Map<Setting, AnotherGateway>();
try {
  const start = async (setting: Setting, n: number): Promise<void> => {
    gateways.set(setting, await startAnotherGateway(runningParts(system), `gateway-${n + 2}`, changed(setting)));
  };
  await Promise.all((Object.keys(SETTINGS) as Setting[]).map(start));
  await measure();
} finally {
  for (const gateway of gateways.values()) await gateway.stop();
  await system.stop();
}

async function measure(): Promise<void> {
  const token = await system.token("reader");
  const figures = new Map<Setting, Figures>();
  // Code is loaded and made fast first.
  for (const gateway of gateways.values()) await load(gateway, token);
  for (let round = 0; round < rounds; round += 1) {
    for (const setting of Object.keys(SETTINGS) as Setting[]) {
      const gateway = gateways.get(setting);
      if (gateway === undefined) continue;
      const { cpuMs, wallMs } = await load(gateway, token);
      const sum = figures.get(setting) ?? { cpuMs: 0, wallMs: 0, requests: 0, rss: 0 };
      sum.cpuMs += cpuMs;
      sum.wallMs += wallMs;
      sum.requests += requests;
      sum.rss = residentBytes(gateway.pid());
      figures.set(setting, sum);
    }
  }
  const base = figures.get("no flags");
  printTable(
    `GET /api/credits through one gateway, ${atOnce} at once, ${rounds} rounds of ${thousands(requests)} in turns`,
    [...figures].map(([setting, one]) => [setting, line(one, base ?? one)]),
  );
}

function line(one: Figures, base: Figures): string {
  const cpu = (figures: Figures) => (figures.cpuMs * 1_000) / figures.requests;
  const rate = (figures: Figures) => (figures.requests * 1_000) / figures.wallMs;
  return [
    `${cpu(one).toFixed(0)} µs of CPU a request ×${(cpu(one) / cpu(base)).toFixed(2)}`,
    `${thousands(Math.round(rate(one)))} a second ×${(rate(one) / rate(base)).toFixed(2)}`,
    `${(one.rss / 1_048_576).toFixed(0)} MB afterwards`,
  ].join("   ");
}

async function load(gateway: AnotherGateway, token: string): Promise<{ cpuMs: number; wallMs: number }> {
  const options = { headers: { authorization: `Bearer ${token}` } };
  let left = requests;
  const cpuBefore = cpuTimeMs(gateway.pid());
  const began = performance.now();
  const client = async () => {
    while (left-- > 0) {
      const answer = await fetch(`${gateway.baseUrl}/api/credits`, options);
      await answer.arrayBuffer();
      if (!answer.ok) throw new Error(`GET /api/credits answered ${answer.status}`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, client));
  const wallMs = performance.now() - began;
  const cpuMs = cpuTimeMs(gateway.pid()) - cpuBefore;
  return { cpuMs, wallMs };
}
