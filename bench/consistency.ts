// The rolling proof of consistency over many accounts: what a pass of 1,000,000 costs.
//   node bench/consistency.ts [mysql admin URL] [--accounts 1000000]
// The monitor's own job in this process; credits' and membership's check routes in another one; MySQL.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { ensureKeys } from "@stipend/local/keys/dev-keys";
import { CheckClient } from "@stipend/monitor/clients/check-client";
import { InternalClient } from "@stipend/monitor/clients/internal-client";
import { toSettings } from "@stipend/monitor/settings/settings";
import { MysqlCheckStore } from "@stipend/monitor/store/check-store";
import { checkNextPage } from "@stipend/monitor/usecases/check-consistency";
import { InternalTokenSigner } from "@stipend/platform/auth/internal";
import { silentLog } from "@stipend/platform/log/log";
import { Database } from "@stipend/platform/mysql/database";
import { freshDatabase } from "@stipend/testing/fresh-database";
import { printTable, thousands } from "./src/figures.ts";
import { fillMembers } from "./src/fill-members.ts";
import { mysqlTarget } from "./src/mysql-target.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { accounts: { type: "string", default: "1000000" } },
});
const accounts = Number(values.accounts);
const MILLION = 1_000_000;
const HOUR_S = 3_600;

const target = await mysqlTarget(positionals[0]);
const schemas = {
  credits: await freshDatabase(target.adminUrl, "credits"),
  membership: await freshDatabase(target.adminUrl, "membership"),
  monitor: await freshDatabase(target.adminUrl, "monitor"),
};
const home = await mkdtemp(join(tmpdir(), "bench-"));
const owner = new Database({
  url: schemas.membership.ownerUrl,
  log: silentLog(),
  poolSize: 1,
  statementTimeoutMs: 600_000,
});
const db = new Database({ url: schemas.monitor.url, log: silentLog(), poolSize: 2 });
try {
  await run();
} finally {
  await owner.stop();
  await db.stop();
  for (const schema of Object.values(schemas)) await schema.drop();
  await rm(home, { recursive: true });
  await target.stop();
}

async function run(): Promise<void> {
  await fillMembers(schemas.credits.ownerUrl, accounts, (filled) => process.stderr.write(`\rfilled ${filled}`));
  process.stderr.write("\n");
  await fillView();
  const keys = await ensureKeys(home);
  const file = fileURLToPath(new URL("src/check-server.ts", import.meta.url));
  const args = [file, schemas.credits.url, schemas.membership.url, keys.internalJwks];
  const server = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: server.stdout })[Symbol.asyncIterator]();
  const answer = async () => String((await lines.next()).value);
  const urls = JSON.parse(await answer()) as { credits: string; membership: string };
  const cpuOfServices = async () => {
    server.stdin.write("\n");
    return Number(await answer());
  };
  const signer = new InternalTokenSigner({ keyFile: keys.internalPrivate.monitor });
  const clients = {
    credits: new InternalClient("credits", urls.credits, signer),
    membership: new InternalClient("membership", urls.membership, signer),
  };
  const mysql = await mysqlCpu();
  const before = { own: ownCpu(), services: await cpuOfServices(), mysql: mysql() };
  const began = performance.now();
  const checked = await onePass(new CheckClient(clients));
  const seconds = (performance.now() - began) / 1_000;
  const used = {
    own: ownCpu() - before.own,
    services: (await cpuOfServices()) - before.services,
    mysql: mysql() - before.mysql,
  };
  server.stdin.end();
  await Promise.all(Object.values(clients).map((client) => client.stop()));

  const share = (microseconds: number) => {
    const perMillion = (microseconds / checked) * MILLION;
    const ofCore = (perMillion / 1e6 / HOUR_S) * 100;
    return Number.isFinite(microseconds)
      ? `${(microseconds / checked).toFixed(0)} µs an account; 1,000,000 in an hour: ${ofCore.toFixed(2)} % of a core`
      : "not to be seen from here";
  };
  const { pageSize, everyMilliseconds } = toSettings(null, { file: "", secrets: {}, timeZone: "UTC" }).consistency;
  const paced = (MILLION / pageSize) * (everyMilliseconds / 1_000 + (seconds * pageSize) / checked);
  printTable(`one pass of ${thousands(checked)} accounts, page after page without a pause`, [
    ["took", `${seconds.toFixed(0)} s`],
    ["the monitor", share(used.own)],
    ["credits and membership", share(used.services)],
    ["MySQL", share(used.mysql)],
    ["a pass of 1,000,000 with the pauses of monitor.yaml", `${(paced / 60).toFixed(0)} min`],
  ]);
}

/** The status view of the same members, as the events would have left it. */
async function fillView(): Promise<void> {
  const digits = `(${Array.from({ length: 10 }, (_, d) => `SELECT ${d} d`).join(" UNION ALL ")})`;
  const STEP = 100_000;
  for (let from = 0; from < accounts; from += STEP) {
    const numbers = `(SELECT ${from} + a.d + 10 * b.d + 100 * c.d + 1000 * e.d + 10000 * f.d AS n
      FROM ${digits} a, ${digits} b, ${digits} c, ${digits} e, ${digits} f HAVING n < ${Math.min(accounts, from + STEP)}) x`;
    const id = "CONCAT('member-', LPAD(n, 7, '0'))";
    await owner.query(
      `INSERT INTO users (user_id, user_no, first_seen_at, membership_version) SELECT ${id}, n + 1, '2026-01-01', 0 FROM ${numbers} ORDER BY n`,
    );
    await owner.query(
      `INSERT INTO member_balances (user_id, user_no, balance, held, account_status, version, told_at)
       SELECT ${id}, n + 1, 250, 0, 'active', 1, '2026-01-05' FROM ${numbers} ORDER BY n`,
    );
  }
}

async function onePass(source: CheckClient): Promise<number> {
  const { rules, consistency } = toSettings(null, { file: "", secrets: {}, timeZone: "UTC" });
  const store = new MysqlCheckStore(db);
  let checked = 0;
  for (;;) {
    const report = await checkNextPage(source, store, rules.jobs, consistency.pageSize, new Date());
    if (report.equal !== report.checked) throw new Error(`${report.checked - report.equal} accounts are not equal`);
    checked += report.checked;
    if (report.passEnded) return checked;
  }
}

function ownCpu(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** Microseconds the server has used so far; NaN when it is not a process of this machine that we may see. */
async function mysqlCpu(): Promise<() => number> {
  const [row] = await owner.query<{ file: string }>("SELECT @@pid_file AS file");
  try {
    const pid = readFileSync(String(row?.file), "utf8").trim();
    const read = () => {
      const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
      // utime and stime, in ticks of 10 ms.
      return (Number(fields[11]) + Number(fields[12])) * 10_000;
    };
    read();
    return read;
  } catch {
    return () => Number.NaN;
  }
}
