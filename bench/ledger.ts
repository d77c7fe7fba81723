// How much faster set-based batches of ConsumeCredits are than the best single-operation CALL, in one run on one engine.
//   npm run bench -- [mysql admin URL] [--seconds 5] [--accounts 20000]     (without a URL: STIPEND_TEST_MYSQL_URL, or an engine of its own)
// The ratio by the server's own CPU time stands beside the one by the clock: neighbours on the machine can't move it.
// Both sides do the same: account lock, idempotency, draws from two grants, ledger row, outbox row, durable commit.
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { freshDatabase } from "@stipend/testing/fresh-database";
import { type Connection, createConnection } from "mysql2/promise";
import { mysqlTarget } from "./src/mysql-target.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: "string", default: "5" },
    accounts: { type: "string", default: "20000" },
  },
});
const target = await mysqlTarget(positionals[0]);
const seconds = Number(values.seconds);
const accounts = Number(values.accounts);
const NOW = "2026-01-15 12:00:00.000";

/** CPU time of the server so far, in microseconds; null when it is not a process of this machine that we may see. */
let cpuOfServer = (): number | null => null;

const fresh = await freshDatabase(target.adminUrl, "credits");
/** Every connection that was made; destroying one that has ended does nothing. */
const open: Connection[] = [];
try {
  await prepare();
  await compare("spread over all accounts", (n) => `user-${String((n * 7919) % accounts).padStart(6, "0")}`);
  await compare("one hot account", () => "user-000000");
} finally {
  // a drop waits for ever behind a transaction that somebody left open
  for (const connection of open) connection.destroy();
  await fresh.drop();
  await target.stop();
}

async function connect(url = fresh.url): Promise<Connection> {
  const connection = await createConnection({ uri: url, timezone: "Z", supportBigNumbers: true });
  open.push(connection);
  await connection.query("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED");
  await connection.query("SET SESSION time_zone = '+00:00'");
  return connection;
}

async function prepare(): Promise<void> {
  const owner = await connect(fresh.ownerUrl);
  const [[version]] = (await owner.query(
    "SELECT @@version AS version, @@log_bin AS binlog, @@pid_file AS pidfile",
  )) as unknown as [[Record<string, unknown>]];
  console.log(
    `${String(version["version"])}, binlog ${String(version["binlog"]) === "1" ? "on" : "off"}, ${accounts} accounts, ${seconds} s a measurement`,
  );
  watchServer(String(version["pidfile"]));
  await owner.query(await readFile(new URL("sql/ConsumeOne.sql", import.meta.url), "utf8"));
  for (let from = 0; from < accounts; from += 1_000) {
    const operations = Array.from({ length: Math.min(1_000, accounts - from) }, (_, index) => index + from).flatMap(
      (n) =>
        [10, 50].map((priority) => ({
          userId: `user-${String(n).padStart(6, "0")}`,
          amount: 1_000_000_000,
          kind: "bonus",
          priority,
          requestKey: `seed-${priority}`,
          requestHash: "seed",
          actor: "bench",
          reason: "seed",
        })),
    );
    await owner.query("CALL GrantCredits(?, ?)", [NOW, JSON.stringify(operations)]);
  }
  await owner.end();
}

function watchServer(pidFile: string): void {
  try {
    const pid = Number(readFileSync(pidFile, "utf8").trim());
    const read = (): number => {
      const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
      // utime and stime, in hundredths of a second.
      return (Number(fields[11]) + Number(fields[12])) * 10_000;
    };
    if (Number.isFinite(read())) cpuOfServer = read;
  } catch {
    console.log("the server's CPU time can't be read from here");
  }
}

interface Measured {
  readonly label: string;
  readonly perSecond: number;
  /** Server CPU for one operation, in microseconds. */
  readonly cpu: number | null;
  readonly p99Ms: number;
}

async function compare(title: string, userOf: (n: number) => string): Promise<void> {
  console.log(`\n${title}`);
  const single: Measured[] = [];
  for (const connections of [16, 32, 64])
    single.push(await measure(`one CALL, ${connections} connections`, connections, 1, userOf, singleCall));
  const best = Math.max(...single.map(({ perSecond }) => perSecond));
  const bestCpu = Math.min(...single.map(({ cpu }) => cpu ?? Number.POSITIVE_INFINITY));
  for (const [lanes, size] of [
    [1, 64],
    [2, 64],
    [2, 128],
    [1, 256],
    [2, 256],
    [3, 256],
  ] as const) {
    const batch = await measure(`${lanes} lanes × ${size}`, lanes, size, userOf, batchCall);
    const byCpu = batch.cpu === null ? "" : `, ${(bestCpu / batch.cpu).toFixed(1)} × by server CPU`;
    console.log(`    ${(batch.perSecond / best).toFixed(1)} × the best single CALL${byCpu}`);
  }
}

type Work = (connection: Connection, users: readonly string[]) => Promise<void>;

async function measure(
  label: string,
  lanes: number,
  size: number,
  userOf: (n: number) => string,
  work: Work,
): Promise<Measured> {
  const connections = await Promise.all(Array.from({ length: lanes }, () => connect()));
  let next = 0;
  let done = 0;
  const times: number[] = [];
  const run = async (connection: Connection, until: number): Promise<void> => {
    while (performance.now() < until) {
      const users = Array.from({ length: size }, () => userOf(next++));
      const started = performance.now();
      await work(connection, users);
      times.push(performance.now() - started);
      done += size;
    }
  };
  await Promise.all(connections.map((connection) => run(connection, performance.now() + 500)));
  done = 0;
  times.length = 0;
  const cpuBefore = cpuOfServer();
  const started = performance.now();
  await Promise.all(connections.map((connection) => run(connection, started + seconds * 1_000)));
  const perSecond = Math.round((done * 1_000) / (performance.now() - started));
  const cpuAfter = cpuOfServer();
  const cpu = cpuBefore === null || cpuAfter === null ? null : Math.round((cpuAfter - cpuBefore) / done);
  await Promise.all(connections.map((connection) => connection.end()));
  times.sort((one, other) => one - other);
  const p99Ms = times[Math.floor(times.length * 0.99)] ?? 0;
  console.log(
    `  ${label.padEnd(32)} ${String(perSecond).padStart(7)} a second   p50 ${(times[times.length >> 1] ?? 0).toFixed(1)} ms  p99 ${p99Ms.toFixed(1)} ms${cpu === null ? "" : `   server ${cpu} µs each`}`,
  );
  return { label, perSecond, cpu, p99Ms };
}

async function singleCall(connection: Connection, users: readonly string[]): Promise<void> {
  for (const user of users) {
    await connection.query("CALL ConsumeOne(?, ?, 3, ?, 'hash', ?, 'rewrite of a paragraph')", [
      NOW,
      user,
      randomUUID(),
      user,
    ]);
  }
}

async function batchCall(connection: Connection, users: readonly string[]): Promise<void> {
  const operations = users.map((userId) => ({
    userId,
    amount: 3,
    requestKey: randomUUID(),
    requestHash: "hash",
    actor: userId,
    reason: "rewrite of a paragraph",
  }));
  await connection.query("START TRANSACTION");
  const [sets] = (await connection.query("CALL ConsumeCredits(?, ?)", [
    NOW,
    JSON.stringify(operations),
  ])) as unknown as [[{ outcome: string }[]]];
  await connection.query("COMMIT");
  const refused = sets[0].find(({ outcome }) => outcome !== "ok");
  if (refused !== undefined) throw new Error(`a batch answered ${refused.outcome}`);
}
