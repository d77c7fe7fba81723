// How much faster set-based batches of ConsumeCredits are than the best single-operation CALL, in one run on one engine.
//   node bench/ledger.ts [mysql admin URL] [--seconds 7] [--rounds 7] [--accounts 20000]
// Without a URL it takes STIPEND_TEST_MYSQL_URL, or an engine of its own. Seconds are for each contender, in as many rounds. The ratio by
// the server's own CPU time stands beside the one by the clock: no client takes part in it.
// Both sides do the same: account lock, idempotency, draws from two grants, ledger row, outbox row, durable commit.
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { freshDatabase } from "@stipend/testing/fresh-database";
import { type Connection, createConnection } from "mysql2/promise";
import { spreadOf } from "./src/figures.ts";
import { mysqlTarget } from "./src/mysql-target.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: "string", default: "7" },
    rounds: { type: "string", default: "7" },
    accounts: { type: "string", default: "20000" },
  },
});
const target = await mysqlTarget(positionals[0]);
const seconds = Number(values.seconds);
const rounds = Number(values.rounds);
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
    `${String(version["version"])}, binlog ${String(version["binlog"]) === "1" ? "on" : "off"}, ${accounts} accounts, ${seconds} s a contender in ${rounds} rounds`,
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

type Work = (connection: Connection, users: readonly string[]) => Promise<void>;

interface Contender {
  readonly label: string;
  readonly connections: readonly Connection[];
  /** Operations a call. */
  readonly size: number;
  readonly work: Work;
  readonly slices: Slice[];
  /** Milliseconds of each call. */
  readonly times: number[];
}

interface Slice {
  readonly perSecond: number;
  /** Server CPU for one operation, in microseconds. */
  readonly cpu: number | null;
}

/** All contenders in turns, round after round: what slows the machine down for a while slows all of them. */
async function compare(title: string, userOf: (n: number) => string): Promise<void> {
  console.log(`\n${title}`);
  const singles = await Promise.all([16, 32, 64].map((n) => contender(`one CALL, ${n} connections`, n, 1, singleCall)));
  const batches = await Promise.all(
    (
      [
        [1, 64],
        [2, 64],
        [2, 128],
        [1, 256],
        [2, 256],
        [3, 256],
      ] as const
    ).map(([lanes, size]) => contender(`${lanes} lanes × ${size}`, lanes, size, batchCall)),
  );
  const all = [...singles, ...batches];
  let made = 0;
  const nextUser = (): string => userOf(made++);
  for (const one of all) await run(one, nextUser, 300);
  for (const one of all) one.times.length = 0;
  for (let round = 0; round < rounds; round += 1) {
    for (const one of round % 2 === 0 ? all : all.toReversed())
      one.slices.push(await run(one, nextUser, (seconds * 1_000) / rounds));
  }
  const best = singles.reduce((one, other) => (perSecondOf(other) > perSecondOf(one) ? other : one));
  for (const one of all) print(one, best);
  await Promise.all(all.flatMap(({ connections }) => connections.map((connection) => connection.end())));
}

async function contender(label: string, connections: number, size: number, work: Work): Promise<Contender> {
  const made = await Promise.all(Array.from({ length: connections }, () => connect()));
  return { label, connections: made, size, work, slices: [], times: [] };
}

async function run(one: Contender, nextUser: () => string, forMs: number): Promise<Slice> {
  const cpuBefore = cpuOfServer();
  const started = performance.now();
  let done = 0;
  const lane = async (connection: Connection): Promise<void> => {
    while (performance.now() < started + forMs) {
      const users = Array.from({ length: one.size }, nextUser);
      const asked = performance.now();
      await one.work(connection, users);
      one.times.push(performance.now() - asked);
      done += one.size;
    }
  };
  await Promise.all(one.connections.map(lane));
  const perSecond = (done * 1_000) / (performance.now() - started);
  const cpuAfter = cpuOfServer();
  return { perSecond, cpu: cpuBefore === null || cpuAfter === null ? null : (cpuAfter - cpuBefore) / done };
}

function perSecondOf(one: Contender): number {
  return spreadOf(one.slices.map(({ perSecond }) => perSecond)).p50;
}

/** Of the ratios of each round the one in the middle. */
function ratio(one: Contender, best: Contender, figure: (slice: Slice) => number): string {
  const ofRounds = one.slices.map((slice, round) => figure(slice) / figure(best.slices[round] ?? slice));
  return spreadOf(ofRounds).p50.toFixed(1);
}

function print(one: Contender, best: Contender): void {
  const cpu = one.slices.flatMap((slice) => slice.cpu ?? []);
  const times = spreadOf(one.times);
  const words = [
    one.label.padEnd(24),
    `${Math.round(perSecondOf(one))} a second`.padStart(16),
    `p50 ${times.p50.toFixed(1)} ms`.padStart(14),
    `p99 ${times.p99.toFixed(1)} ms`.padStart(14),
  ];
  if (cpu.length > 0) words.push(`server ${Math.round(spreadOf(cpu).p50)} µs each`.padStart(20));
  console.log(`  ${words.join("")}`);
  if (one.size === 1) return;
  const byCpu = cpu.length > 0 ? `, ${ratio(one, best, (slice) => 1 / (slice.cpu ?? Number.NaN))} × by server CPU` : "";
  console.log(`    ${ratio(one, best, ({ perSecond }) => perSecond)} × the best single CALL${byCpu}`);
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
