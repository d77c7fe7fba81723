// The monthly reset of many members in one sweep, while consumption goes on.
//   node bench/reset-sweep.ts [mysql admin URL] [--members 100000] [--sweepers 2]
import { parseArgs } from "node:util";
import { freshDatabase } from "@stipend/testing/fresh-database";
import { type Connection, createConnection } from "mysql2/promise";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { members: { type: "string", default: "100000" }, sweepers: { type: "string", default: "2" } },
});
const adminUrl = positionals[0] ?? process.env["STIPEND_TEST_MYSQL_URL"];
if (adminUrl === undefined) throw new Error("give the URL of a MySQL administrator, or STIPEND_TEST_MYSQL_URL");
const members = Number(values.members);
const JANUARY = { at: "2026-01-10 12:00:00.000", start: "2026-01-01 00:00:00.000", end: "2026-02-01 00:00:00.000" };
const FEBRUARY = { at: "2026-02-01 00:00:00.000", start: "2026-02-01 00:00:00.000", end: "2026-03-01 00:00:00.000" };
/** Small enough that nobody waits long for an account that is being reset. */
const PAGE = 500;

const fresh = await freshDatabase(adminUrl, "credits");
try {
  await join();
  await sweepWhileSpending();
} finally {
  await fresh.drop();
}

async function connect(): Promise<Connection> {
  const connection = await createConnection({ uri: fresh.url, timezone: "Z" });
  await connection.query("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED");
  return connection;
}

function userOf(n: number): string {
  return `member-${String(n).padStart(7, "0")}`;
}

/** What TypeScript would plan for a Pro member in this month. */
function step(userId: string, month: typeof JANUARY) {
  return {
    userId,
    membershipVersion: 1,
    action: "give",
    periodStart: month.start,
    periodEnd: month.end,
    quota: 250,
    dueAt: month.end,
    tier: "pro",
    monthlyCredits: 250,
    nextResetAt: month.end,
    actor: "system",
    reason: "monthly allowance",
  };
}

async function atomically(connection: Connection, work: () => Promise<void>): Promise<void> {
  await connection.query("START TRANSACTION");
  await work();
  await connection.query("COMMIT");
}

async function join(): Promise<void> {
  const started = performance.now();
  let next = 0;
  const one = async (): Promise<void> => {
    const connection = await connect();
    while (next < members) {
      const from = next;
      next += 1_000;
      const users = Array.from({ length: Math.min(1_000, members - from) }, (_, index) => userOf(from + index));
      await atomically(connection, async () => {
        const events = users.map((userId) => ({
          userId,
          version: 1,
          state: {},
          activeUntil: "9999-12-31 00:00:00.000",
        }));
        await connection.query("CALL ApplyMembership(?, ?)", [JANUARY.at, JSON.stringify(events)]);
        const steps = users.map((userId) => step(userId, JANUARY));
        await connection.query("CALL CheckAndResetUserCredits(?, ?)", [JANUARY.at, JSON.stringify(steps)]);
      });
    }
    await connection.end();
  };
  await Promise.all([one(), one()]);
  console.log(`${members} members joined in ${seconds(started)} s`);
}

async function sweepWhileSpending(): Promise<void> {
  const started = performance.now();
  let sweeping = true;
  let spent = 0;
  const waits: number[] = [];
  const spend = async (): Promise<void> => {
    const connection = await connect();
    for (let n = 0; sweeping; n += 1) {
      const userId = userOf((n * 104_729) % members);
      const operation = {
        userId,
        amount: 1,
        requestKey: `bench-${n}`,
        requestHash: "h",
        actor: userId,
        reason: "rewrite",
      };
      const begun = performance.now();
      // As on the last of January: nothing is due for this call, so it waits only for whoever holds the account.
      await atomically(connection, async () => {
        await connection.query("CALL ConsumeCredits(?, ?)", [JANUARY.at, JSON.stringify([operation])]);
      });
      waits.push(performance.now() - begun);
      spent += 1;
    }
    await connection.end();
  };
  const sweep = async (): Promise<number> => {
    const connection = await connect();
    let reset = 0;
    let found = 1;
    while (found > 0) {
      await atomically(connection, async () => {
        const [sets] = (await connection.query("CALL ClaimDueAccounts(?, ?)", [FEBRUARY.at, PAGE])) as unknown as [
          [{ user_id: string }[]],
        ];
        const steps = sets[0].map((row) => step(row.user_id, FEBRUARY));
        found = steps.length;
        if (found > 0)
          await connection.query("CALL CheckAndResetUserCredits(?, ?)", [FEBRUARY.at, JSON.stringify(steps)]);
      });
      reset += found;
    }
    await connection.end();
    return reset;
  };
  const spending = spend();
  const counts = await Promise.all(Array.from({ length: Number(values.sweepers) }, sweep));
  const took = (performance.now() - started) / 1_000;
  sweeping = false;
  await spending;
  const reset = counts.reduce((sum, count) => sum + count, 0);
  waits.sort((one, other) => one - other);
  console.log(
    `${reset} members reset in ${took.toFixed(1)} s: ${Math.round(reset / took)} a second, ${((1_000_000 / reset) * took).toFixed(0)} s for a million`,
  );
  console.log(
    `meanwhile ${spent} single consumptions: p50 ${waits[waits.length >> 1]?.toFixed(0)} ms, p99 ${waits[Math.floor(waits.length * 0.99)]?.toFixed(0)} ms, longest ${waits.at(-1)?.toFixed(0)} ms`,
  );
}

function seconds(started: number): string {
  return ((performance.now() - started) / 1_000).toFixed(1);
}
