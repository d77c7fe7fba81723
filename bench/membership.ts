// The admin's list over many users, and the job that renews memberships.
//   node bench/membership.ts [mysql admin URL] [--users 1000000] [--due 20000]
// Prints each query's p50, p99 and plan; says which are above the 50 ms that a first and a deep page may take.
import { parseArgs } from "node:util";
import { MysqlMembershipStore } from "@stipend/membership/store/membership-store";
import { listUsers } from "@stipend/membership/store/user-status";
import type { Deps, UserQuery } from "@stipend/membership/usecases/ports";
import { settleDueBatch } from "@stipend/membership/usecases/settle-due";
import { createLog } from "@stipend/platform/log/log";
import { Database } from "@stipend/platform/mysql/database";
import { freshDatabase } from "@stipend/testing/fresh-database";
import { v7 as uuidv7 } from "uuid";
import { spreadOf, spreadText } from "./src/figures.ts";
import { fillUsers } from "./src/fill-users.ts";
import { mysqlTarget } from "./src/mysql-target.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    users: { type: "string", default: "1000000" },
    due: { type: "string", default: "20000" },
  },
});
const target = await mysqlTarget(positionals[0]);
const users = Number(values.users);
const PAGE = 50;
const LIMIT_MS = 50;
const RUNS = 200;
const MOST_MS = 10_000;

const log = createLog({ service: "bench", level: "warn" });
const fresh = await freshDatabase(target.adminUrl, "membership");
const db = new Database({ url: fresh.url, log });
const owner = new Database({ url: fresh.ownerUrl, log, poolSize: 2, statementTimeoutMs: 600_000 });
try {
  const [server] = await owner.query<{ version: string }>("SELECT VERSION() AS version");
  console.log(`${server?.version}: ${users.toLocaleString("en")} users`);
  const began = performance.now();
  await fillUsers(fresh.ownerUrl, users);
  console.log(`filled in ${((performance.now() - began) / 1_000).toFixed(0)} s\n`);
  for (const [name, query] of pages()) await measure(name, query);
  await renewals(Math.min(Number(values.due), Math.floor(users / 10)));
} finally {
  await db.stop();
  await owner.stop();
  await fresh.drop();
  await target.stop();
}

function pages(): [string, Omit<UserQuery, "limit">][] {
  const middle = Math.floor(users / 2);
  const ends = { endsFrom: new Date("2026-03-01"), endsTo: new Date("2026-09-01") };
  return [
    ["first page", {}],
    ["deep page", { after: { userNo: middle } }],
    ["active, first page", { status: "active" }],
    ["active, deep page", { status: "active", after: { userNo: middle } }],
    ["never a member, deep page", { status: "none", after: { userNo: middle } }],
    ["a rare tier, first page", { tier: "premium" }],
    ["a rare tier, deep page", { tier: "premium", after: { userNo: middle } }],
    ["one id", { query: `user-${String(middle).padStart(7, "0")}` }],
    ["beginning of every id, first page", { query: "user-" }],
    [
      "beginning of every id, deep page",
      { query: "user-", after: { term: `user-${String(middle).padStart(7, "0")}`, userNo: 1 } },
    ],
    ["part of the names, deep page", { query: "given5", after: { term: "given555", userNo: middle } }],
    ["found by nothing", { query: "zzz" }],
    ["a dense range of balances", { balanceMin: 500 }],
    ["a sparse range of balances", { balanceMin: 999, balanceMax: 999 }],
    ["an empty range of balances", { balanceMin: 1_000_000 }],
    ["a dense range of balances, deep page", { balanceMin: 500, after: { userNo: middle } }],
    ["a rare tier in a range of balances", { tier: "premium", balanceMin: 500 }],
    ["memberships that end on one day", { endsFrom: new Date("2026-05-01"), endsTo: new Date("2026-05-02") }],
    ["memberships that end in half a year", ends],
    ["memberships that end in half a year, deep page", { ...ends, after: { userNo: middle } }],
    ["a rare tier that ends in half a year", { ...ends, tier: "premium" }],
    ["memberships that never end soon", { endsFrom: new Date("2030-01-01") }],
  ];
}

async function measure(name: string, query: Omit<UserQuery, "limit">): Promise<void> {
  const asked: { sql: string; params: readonly unknown[] }[] = [];
  const recorder: Pick<Database, "query"> = {
    query: (sql, params = []) => {
      asked.push({ sql, params });
      return db.query(sql, params);
    },
  };
  const times: number[] = [];
  let rows = 0;
  // One look to warm up. Then as many as p99 needs to be more than the longest of all, but no query may hold up the others.
  const until = performance.now() + MOST_MS;
  for (let run = -1; run < RUNS && (run < 10 || performance.now() < until); run++) {
    const began = performance.now();
    rows = (await listUsers(recorder, { ...query, limit: PAGE + 1 })).length;
    if (run >= 0) times.push(performance.now() - began);
  }
  const spread = spreadOf(times);
  const verdict =
    spread.p99 <= LIMIT_MS ? "✓" : spread.p50 <= LIMIT_MS ? `p99 ABOVE ${LIMIT_MS} ms` : `ABOVE ${LIMIT_MS} ms`;
  console.log(`${name.padEnd(44)} ${spreadText(spread)}   ${rows} rows, ${spread.count} looks   ${verdict}`);
  const last = asked.at(-1);
  if (last !== undefined) await explain(last.sql, last.params);
}

async function explain(sql: string, params: readonly unknown[]): Promise<void> {
  const plan = await owner.query<Record<string, unknown>>(`EXPLAIN ${sql}`, params);
  for (const { EXPLAIN: tree, table, type, key, rows, Extra } of plan) {
    // MySQL 9 draws a tree, MariaDB fills a table.
    if (typeof tree === "string") console.log(tree.trimEnd().replaceAll(/^/gm, "    "));
    else
      console.log(
        `    ${String(table).padEnd(12)} ${String(type).padEnd(8)} ${String(key).padEnd(28)} ~${String(rows)} rows  ${String(Extra ?? "")}`,
      );
  }
}

/** Two instances renew the same memberships side by side. */
async function renewals(due: number): Promise<void> {
  // All periods end on one day; the newest `due` of the active ones are left, the others are moved out of the way.
  await owner.query("UPDATE memberships SET period_end = '2030-01-01' WHERE status = 'active'");
  await owner.query(
    "UPDATE memberships SET period_end = '2026-02-05' WHERE status = 'active' ORDER BY user_no DESC LIMIT ?",
    [due],
  );
  const deps: Deps = {
    store: new MysqlMembershipStore(db),
    timeZone: "Europe/Berlin",
    newId: () => uuidv7(),
    committed: () => {},
  };
  const now = new Date("2026-02-06T00:00:00Z");
  const began = performance.now();
  const instance = async () => {
    let sum = 0;
    for (let count = 200; count === 200; sum += count) count = await settleDueBatch(deps, now, 200);
    return sum;
  };
  const done = (await Promise.all([instance(), instance()])).reduce((a, b) => a + b, 0);
  const seconds = (performance.now() - began) / 1_000;
  console.log(
    `\nrenewals by two instances: ${done} in ${seconds.toFixed(1)} s, ${Math.round(done / seconds)} a second`,
  );
}
