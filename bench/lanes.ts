// What the number of lanes does to single consumptions at a steady rate: how long one takes, and what it costs.
//   node bench/lanes.ts [mysql admin URL] [--rounds 3] [--seconds 4] [--server-pid N]
// Without a URL: STIPEND_TEST_MYSQL_URL, or an engine of its own. Fills a schema of its own and drops it.
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { mysqlLedger } from "@stipend/credits/store/session";
import type { Clock } from "@stipend/credits/usecases/ports";
import { createLog } from "@stipend/platform/log/log";
import { Database } from "@stipend/platform/mysql/database";
import { freshDatabase } from "@stipend/testing/fresh-database";
import { printTable, spreadOf, thousands } from "./src/figures.ts";
import { FEBRUARY_START, fillMembers } from "./src/fill-members.ts";
import { lanedOperations } from "./src/laned-operations.ts";
import { mysqlTarget } from "./src/mysql-target.ts";
import { cpuTimeMs } from "./src/process-figures.ts";
import { serverProcess } from "./src/server-process.ts";
import { spendSteadily } from "./src/spending.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "4" },
    "server-pid": { type: "string" },
  },
});
const ROUNDS = Number(values.rounds);
const SECONDS = Number(values.seconds);
const MEMBERS = 20_000;
const LANES = [1, 2, 4, 8, 16] as const;
const RATES = [50, 1_000, 4_000] as const;

interface Measured {
  readonly p50: number;
  readonly p99: number;
  readonly batch: number;
  readonly cpuUs: number;
}

const target = await mysqlTarget(positionals[0]);
const fresh = await freshDatabase(target.adminUrl, "credits");
const log = createLog({ service: "bench", level: "warn" });
const db = new Database({ url: fresh.url, log, poolSize: 20 });
const owner = new Database({ url: fresh.ownerUrl, log, poolSize: 1 });
const ledger = mysqlLedger(db, () => undefined);
/** A week before anybody is due. */
const clock: Clock = { now: () => new Date(FEBRUARY_START.getTime() - 7 * 86_400_000 + performance.now()) };
try {
  await fillMembers(fresh.ownerUrl, MEMBERS, () => undefined);
  const pid = await serverProcess(owner, values["server-pid"]);
  for (const rate of RATES) await compare(rate, pid);
} finally {
  await db.stop();
  await owner.stop();
  await fresh.drop();
  await target.stop();
}

/** All numbers of lanes in turns; a figure is the median of the rounds. */
async function compare(rate: number, pid: number | undefined): Promise<void> {
  const measured = new Map<number, Measured[]>(LANES.map((lanes) => [lanes, []]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const lanes of LANES) measured.get(lanes)?.push(await measure(lanes, rate, `${rate}-${lanes}-${round}`, pid));
  }
  printTable(
    `${thousands(rate)} consumptions a second over ${thousands(MEMBERS)} accounts`,
    [...measured].map(([lanes, rounds]) => {
      const of = (figure: keyof Measured) => spreadOf(rounds.map((one) => one[figure])).p50;
      return [
        `STIPEND_CREDITS_LANES=${lanes}`,
        `p50 ${of("p50").toFixed(1)} ms   p99 ${of("p99").toFixed(1)} ms   ${of("batch").toFixed(1)} in a batch   ${of("cpuUs").toFixed(0)} µs of the server's CPU each`,
      ];
    }),
  );
}

async function measure(lanes: number, rate: number, series: string, pid: number | undefined): Promise<Measured> {
  let batches = 0;
  const operations = lanedOperations({
    ledger,
    clock,
    lanes,
    onBatch: () => {
      batches += 1;
    },
  });
  const before = cpuTimeMs(pid);
  const spending = spendSteadily(operations, MEMBERS, rate, series);
  await sleep(SECONDS * 1_000);
  const { waits, refused, failed } = await spending.stop();
  if (refused > 0 || failed > 0) throw new Error(`${refused} consumptions were refused, ${failed} failed`);
  const { p50, p99 } = spreadOf(waits);
  const cpuUs = ((cpuTimeMs(pid) - before) * 1_000) / waits.length;
  return { p50, p99, batch: waits.length / batches, cpuUs };
}
