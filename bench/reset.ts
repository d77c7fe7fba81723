// The monthly reset of every member in one sweep, while others spend.
//   node bench/reset.ts [mysql admin URL] [--members 1000000] [--rate 50] [--server-pid N]
// Without a URL: STIPEND_TEST_MYSQL_URL, or an engine of its own. Fills a schema of its own and drops it.
import { parseArgs } from "node:util";
import { mysqlLedger } from "@stipend/credits/store/session";
import type { Clock, Ledger, LedgerSession } from "@stipend/credits/usecases/ports";
import { sweepResets } from "@stipend/credits/usecases/sweep-resets";
import { createLog } from "@stipend/platform/log/log";
import { Database } from "@stipend/platform/mysql/database";
import { freshDatabase } from "@stipend/testing/fresh-database";
import { printTable, spreadOf, spreadText, thousands } from "./src/figures.ts";
import { FEBRUARY_START, fillMembers, memberId } from "./src/fill-members.ts";
import { lanedOperations } from "./src/laned-operations.ts";
import { mysqlTarget } from "./src/mysql-target.ts";
import { cpuTimeMs } from "./src/process-figures.ts";
import { serverProcess } from "./src/server-process.ts";
import { spendSteadily } from "./src/spending.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    members: { type: "string", default: "1000000" },
    rate: { type: "string", default: "50" },
    "server-pid": { type: "string" },
  },
});
const members = Number(values.members);
const rate = Number(values.rate);
/** A million in three minutes. */
const WANTED_PER_SECOND = 1_000_000 / 180;
const LONGEST_BLOCK_MS = 200;
const CHECK_PAGE = 500;

const target = await mysqlTarget(positionals[0]);
const fresh = await freshDatabase(target.adminUrl, "credits");
const log = createLog({ service: "bench", level: "warn" });
const db = new Database({ url: fresh.url, log });
const owner = new Database({ url: fresh.ownerUrl, log, poolSize: 2, statementTimeoutMs: 600_000 });
const ledger = mysqlLedger(db, () => undefined);
/** Just past the end of January, and going on from there. */
const clock: Clock = {
  now: () => new Date(FEBRUARY_START.getTime() + Math.floor(performance.now())),
};
try {
  await run();
} finally {
  await db.stop();
  await owner.stop();
  await fresh.drop();
  await target.stop();
}

async function run(): Promise<void> {
  const [server] = await owner.query<{ version: string }>("SELECT VERSION() AS version");
  const filled = await timed(() => fillMembers(fresh.ownerUrl, members, told("filled")));
  console.log(`${server?.version}: ${thousands(members)} members, filled in ${filled.seconds.toFixed(0)} s`);

  const held: number[] = [];
  const operations = lanedOperations({ ledger, clock, lanes: 4 });
  const locksBefore = await rowLocks();
  const spending = spendSteadily(operations, members, rate);
  const stalls = watchStalls();
  const serverPid = await serverProcess(owner, values["server-pid"]);
  const cpuMs = () => ({ server: cpuTimeMs(serverPid), client: cpuTimeMs(process.pid) });
  const cpuBefore = cpuMs();
  const sweep = await timed(() => sweepUntilDone(timingPages(held)));
  const cpu = cpuMs();
  const stall = stalls.stop();
  const { waits, refused, failed } = await spending.stop();
  const locks = await rowLocks();

  const perSecond = members / sweep.seconds;
  const page = spreadOf(held);
  const lockWaits = locks.waits - locksBefore.waits;
  printTable(`the reset of ${thousands(members)} members, ${rate} consumptions a second meanwhile`, [
    ["time", `${sweep.seconds.toFixed(1)} s${verdict(perSecond >= WANTED_PER_SECOND)}`],
    ["accounts a second", `${thousands(perSecond)}, so ${(1_000_000 / perSecond).toFixed(0)} s a million`],
    [
      "CPU an account",
      `${cpuText(cpu.server - cpuBefore.server)} of the server, ${cpuText(cpu.client - cpuBefore.client)} of this process, the spending in both`,
    ],
    [
      "by the sweep",
      `${thousands(sweep.value)} accounts in ${thousands(page.count)} pages; the rest were reset as they spent`,
    ],
    ["a page keeps its locks", `${spreadText(page)}${verdict(page.max < LONGEST_BLOCK_MS)}`],
    ["a consumption took", `${spreadText(spreadOf(waits))}`],
    [
      "pages over 200 ms",
      `${held.filter((ms) => ms >= LONGEST_BLOCK_MS).length}; this process was held up for ${stall.toFixed(0)} ms at most`,
    ],
    ["consumptions", `${thousands(waits.length)} answered, ${refused} refused, ${failed} failed`],
    [
      "waits for row locks",
      `${thousands(lockWaits)}, ${(lockWaits === 0 ? 0 : (locks.ms - locksBefore.ms) / lockWaits).toFixed(0)} ms on average; longest since the server began ${locks.longest} ms`,
    ],
  ]);

  const check = await timed(checkAll);
  const once = await resetsPerAccount();
  printTable("afterwards", [
    [
      "accounts with a difference",
      `${check.value}${verdict(check.value === 0)} (looked at in ${check.seconds.toFixed(0)} s)`,
    ],
    ["accounts reset exactly once", `${thousands(once)} of ${thousands(members)}${verdict(once === members)}`],
  ]);
  if (check.value > 0 || once !== members || refused > 0 || failed > 0) process.exitCode = 1;
}

function verdict(good: boolean): string {
  return good ? "   ✓" : "   MISSED";
}

function cpuText(ms: number): string {
  return Number.isNaN(ms) ? "?" : `${((ms * 1_000) / members).toFixed(0)} µs`;
}

async function timed<T>(work: () => Promise<T>): Promise<{ readonly value: T; readonly seconds: number }> {
  const began = performance.now();
  const value = await work();
  return { value, seconds: (performance.now() - began) / 1_000 };
}

function told(what: string): (count: number) => void {
  let last = performance.now();
  return (count) => {
    if (performance.now() - last < 5_000) return;
    last = performance.now();
    console.error(`  ${what} ${thousands(count)} of ${thousands(members)}`);
  };
}

/** The job comes again until nothing is left: accounts in somebody else's hands are skipped the first time. */
async function sweepUntilDone(timed: Ledger): Promise<number> {
  let total = 0;
  for (;;) {
    const ports = { ledger: timed, clock, timeZone: "UTC", stopwatch: () => performance.now() };
    const served = await sweepResets(ports, new AbortController().signal);
    if (served === 0) return total;
    total += served;
  }
}

/** The longest time in which this process got no turn: how far the machine itself stood still. */
function watchStalls(): { stop(): number } {
  let longest = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  }, 5);
  return {
    stop() {
      clearInterval(timer);
      return longest;
    },
  };
}

/** From before the claim to after the COMMIT: nobody was kept from an account longer by a page. */
function timingPages(held: number[]): Ledger {
  const progress = told("reset");
  let reset = 0;
  return {
    read: (name, work) => ledger.read(name, work),
    async write(name, work) {
      let claimed = 0;
      const began = { at: 0 };
      const result = await ledger.write(name, (session) => {
        const timing: LedgerSession = {
          ...session,
          async claimDue(now, limit, after) {
            began.at = performance.now();
            const due = await session.claimDue(now, limit, after);
            claimed = due.length;
            return due;
          },
        };
        return work(timing);
      });
      if (claimed > 0) held.push(performance.now() - began.at);
      reset += claimed;
      progress(reset);
      return result;
    },
  };
}

/** Of the whole server: exact when it serves nobody else. */
async function rowLocks(): Promise<{ readonly waits: number; readonly ms: number; readonly longest: number }> {
  const rows = await owner.query<{ Variable_name: string; Value: string }>(
    "SHOW GLOBAL STATUS WHERE Variable_name IN ('Innodb_row_lock_waits', 'Innodb_row_lock_time', 'Innodb_row_lock_time_max')",
  );
  const value = (name: string) => Number(rows.find((row) => row.Variable_name.toLowerCase() === name)?.Value ?? 0);
  return {
    waits: value("innodb_row_lock_waits"),
    ms: value("innodb_row_lock_time"),
    longest: value("innodb_row_lock_time_max"),
  };
}

/** CheckCreditsSync over every account, two ranges at once. Answers how many differ; names the first ones. */
async function checkAll(): Promise<number> {
  const progress = told("checked");
  let seen = 0;
  let wrong = 0;
  const range = async (from: number, to: number): Promise<void> => {
    const last = memberId(to - 1);
    for (let after = from === 0 ? "" : memberId(from - 1); after < last; ) {
      const limit = CHECK_PAGE;
      const accounts = await ledger.read("bench.check", (session) => session.check({ afterUserId: after, limit }));
      const mine = accounts.filter(({ userId }) => userId <= last);
      for (const { userId, problems } of mine) {
        if (problems.length === 0) continue;
        wrong += 1;
        if (wrong <= 5) console.log(`  ${userId}: ${JSON.stringify(problems)}`);
      }
      seen += mine.length;
      progress(seen);
      if (accounts.length === 0) return;
      after = accounts.at(-1)?.userId ?? last;
    }
  };
  const middle = Math.floor(members / 2);
  await Promise.all([range(0, middle), range(middle, members)]);
  if (seen !== members) throw new Error(`${seen} accounts were checked, not ${members}`);
  return wrong;
}

async function resetsPerAccount(): Promise<number> {
  const [row] = await owner.query<{ once: number }>(
    `SELECT CAST(COALESCE(SUM(resets = 1), 0) AS SIGNED) AS once
       FROM (SELECT COUNT(CASE WHEN type = 'reset' AND period_start = ? THEN 1 END) AS resets
               FROM credit_transactions GROUP BY user_id) counted`,
    ["2026-02-01 00:00:00.000"],
  );
  return Number(row?.once ?? 0);
}
