// The CSV of one account's whole ledger, through the gateway: rows a second, and what it costs in memory.
//   node bench/export.ts [--rows 1000000]
// Starts a whole system of its own (engines by STIPEND_TEST_MYSQL_URL and its fellows where they are set).
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { PlainReporter } from "@stipend/local/report/plain";
import type { ServiceName } from "@stipend/local/services/names";
import { startSystem } from "@stipend/testing/system";
import { printTable, thousands } from "./src/figures.ts";
import { fillLedger } from "./src/fill-ledger.ts";

const { values } = parseArgs({ options: { rows: { type: "string", default: "1000000" } } });
const rows = Number(values.rows);
const USER = "bench-exporter";
const WATCHED = ["credits", "gateway"] as const satisfies readonly ServiceName[];
const LOOK_EVERY_MS = 200;
/** The rows weigh many times as much: a service that kept them would die of it. RSS alone proves little, V8 collects late. */
const HEAP_MB = 96;

const system = await startSystem({
  devClock: false,
  env: { NODE_OPTIONS: `--max-old-space-size=${HEAP_MB}` },
  reporter: new PlainReporter((line) => console.error(line)),
});
try {
  await fillLedger(system.urls.mysqlAdmin, `${system.namespace}_credits`, USER, rows);
  await measure();
} finally {
  await system.stop();
}

/** Resident memory of a service, in MB. */
function residentMb(name: ServiceName): number {
  const pid = system.services.pid(name);
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN) / 1_024;
}

async function measure(): Promise<void> {
  const token = await system.token(USER);
  const samples: number[][] = [];
  const watch = setInterval(() => void samples.push(WATCHED.map(residentMb)), LOOK_EVERY_MS);
  const started = performance.now();
  const got = await read(token);
  const seconds = (performance.now() - started) / 1_000;
  clearInterval(watch);
  if (got.lines !== rows) throw new Error(`${got.lines} rows came of ${rows}`);
  const most = (index: number) => Math.max(...samples.map((sample) => sample[index] ?? 0));
  printTable(`an export of ${thousands(rows)} rows`, [
    [
      "time",
      `${seconds.toFixed(1)} s, ${thousands(rows / seconds)} rows a second, ${(got.bytes / 2 ** 20).toFixed(0)} MB`,
    ],
    ...WATCHED.map((name, index): [string, string] => [
      `memory of ${name}`,
      `at most ${most(index).toFixed(0)} MB resident, with a heap of at most ${HEAP_MB} MB   ✓`,
    ]),
  ]);
}

/** Reads the whole export. The heading is no row. */
async function read(token: string): Promise<{ lines: number; bytes: number }> {
  const answer = await fetch(`${system.baseUrl}/api/credits/transactions.csv`, {
    headers: { authorization: `Bearer ${token}` },
  });
  if (!answer.ok || answer.body === null) throw new Error(`the export answered ${answer.status}`);
  let lines = -1;
  let bytes = 0;
  for await (const chunk of answer.body) {
    bytes += chunk.length;
    for (const byte of chunk) if (byte === 10) lines += 1;
  }
  return { lines, bytes };
}
