// What keeping reads by version in Redis brings: pages of a ledger and a month's charts, with STIPEND_READ_CACHE on and off.
//   node bench/reads.ts [--rows 10000] [--rounds 6] [--seconds 1] [--readers 4]
// Starts a whole system and beside it a second credits without the cache, each behind a gateway of its own, on the same database.
// One account has a ledger of `rows` consumptions over the 30 days before. Both are read in turns, a second each, so that whatever
// else happens on the machine meets both alike. Nothing is written meanwhile: it is the best case, a ledger that is looked
// at more often than it changes. `GET /api/credits` is never kept; it stands here to compare with. CPU times are those of /proc, so
// Linux only; MySQL's only where the bench starts it.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { pathsOf } from "@stipend/local/paths";
import { readPid } from "@stipend/local/process/pidfile";
import { PlainReporter } from "@stipend/local/report/plain";
import { runningParts, startAnotherGateway } from "@stipend/testing/another-gateway";
import { eventually } from "@stipend/testing/eventually";
import { freePortVariables } from "@stipend/testing/free-ports";
import { type System, startSystem } from "@stipend/testing/system";
import { printTable, spreadOf, thousands } from "./src/figures.ts";
import { cpuTimeMs } from "./src/process-figures.ts";

const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "10000" },
    rounds: { type: "string", default: "6" },
    seconds: { type: "string", default: "1" },
    readers: { type: "string", default: "4" },
  },
});
const rows = Number(values.rows);
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
const readers = Number(values.readers);
const DAYS = 30;
const DAY_MS = 86_400_000;
const BATCH = 1_000;

const READS = {
  "a page of 50": "/api/credits/transactions?limit=50",
  "a page of 100": "/api/credits/transactions?limit=100",
  "a page of 50 refunds (none there)": "/api/credits/transactions?limit=50&type=refund",
  "a chart of 30 days": "/api/credits/usage?interval=day",
  "a chart of 30 days by feature": "/api/credits/usage?interval=day&groupBy=feature",
  "the balance (never kept)": "/api/credits",
} as const;

/** One of the two that are compared: the gateway that is asked, and the credits behind it. */
interface Side {
  readonly baseUrl: string;
  readonly credits: number | undefined;
}

interface Figures {
  readonly took: number[];
  readonly wallMs: number;
  readonly creditsMs: number;
  readonly mysqlMs: number;
}

const system = await startSystem({ reporter: new PlainReporter((line) => console.error(line)) });
const ends: (() => Promise<unknown>)[] = [() => system.stop()];
try {
  await fill(system);
  const kept = await side(system.urls.credits, system.services.pid("credits"), "gateway-kept");
  const second = await creditsWithout(system);
  const without = await side(second.url, second.pid, "gateway-without");
  await compare(await system.token("reader"), without, kept);
} finally {
  for (const end of ends.toReversed()) await end();
}

async function side(creditsUrl: string, credits: number | undefined, name: string): Promise<Side> {
  const parts = { ...runningParts(system), credits: creditsUrl };
  const gateway = await startAnotherGateway(parts, name, (spec) => ({
    ...spec,
    // One reader sends them all.
    env: { ...spec.env, STIPEND_LIMIT_PER_USER: "10000000" },
  }));
  ends.push(() => gateway.stop());
  return { baseUrl: gateway.baseUrl, credits };
}

/** The same process as the system's own credits, on ports of its own and without the cache. */
async function creditsWithout({ services }: System): Promise<{ url: string; pid: number | undefined }> {
  const of = (what: string) =>
    readFileSync(`/proc/${services.pid("credits")}/${what}`, "utf8")
      .split("\0")
      .filter(Boolean);
  const env = Object.fromEntries(
    of("environ").map((line) => [line.split("=", 1)[0], line.slice(line.indexOf("=") + 1)]),
  );
  const ports = await freePortVariables();
  const child = spawn(process.execPath, of("cmdline").slice(1), {
    env: {
      ...env,
      STIPEND_READ_CACHE: "off",
      STIPEND_HTTP_PORT: ports["STIPEND_CREDITS_PORT"],
      STIPEND_METRICS_PORT: ports["STIPEND_METRICS_PORT"],
    },
    stdio: "ignore",
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  ends.push(() => {
    child.kill();
    return ended;
  });
  const url = `http://127.0.0.1:${ports["STIPEND_CREDITS_PORT"]}`;
  const ready = async () => {
    const { status } = await fetch(`${url}/readyz`);
    if (status !== 200) throw new Error(`the second credits answers ${status}`);
  };
  await eventually(ready, { timeoutMs: 30_000, what: "the start of a second credits" });
  return { url, pid: child.pid };
}

async function compare(token: string, without: Side, kept: Side): Promise<void> {
  const lines: (readonly [string, string])[] = [];
  for (const [name, path] of Object.entries(READS)) {
    for (const one of [without, kept]) await read(one, path, token, 500);
    const both: [Figures[], Figures[]] = [[], []];
    for (let round = 0; round < rounds; round += 1) {
      both[0].push(await read(without, path, token, seconds * 1_000));
      both[1].push(await read(kept, path, token, seconds * 1_000));
    }
    lines.push([name, compared(sum(both[0]), sum(both[1]))]);
  }
  printTable(
    `reads of a ledger of ${thousands(rows)} rows, ${readers} at once, ${rounds} turns of ${seconds} s: without → kept`,
    lines,
  );
}

function sum(all: readonly Figures[]): Figures {
  const of = (pick: (one: Figures) => number) => all.reduce((total, one) => total + pick(one), 0);
  return {
    took: all.flatMap(({ took }) => took),
    wallMs: of(({ wallMs }) => wallMs),
    creditsMs: of(({ creditsMs }) => creditsMs),
    mysqlMs: of(({ mysqlMs }) => mysqlMs),
  };
}

function compared(before: Figures, after: Figures): string {
  const row = (what: string, of: (one: Figures) => number, digits: number, unit: string) =>
    `${what} ${of(before).toFixed(digits)} → ${of(after).toFixed(digits)}${unit} ×${(of(after) / of(before)).toFixed(2)}`;
  return [
    row("a second", ({ took, wallMs }) => (took.length * 1_000) / wallMs, 0, ""),
    row("p50", ({ took }) => spreadOf(took).p50, 1, " ms"),
    row("CPU of MySQL", ({ took, mysqlMs }) => (mysqlMs * 1_000) / took.length, 0, " µs"),
    row("of credits", ({ took, creditsMs }) => (creditsMs * 1_000) / took.length, 0, " µs"),
  ].join("   ");
}

/** A month of use: each day's share is written with the clock at that day. */
async function fill(system: System): Promise<void> {
  const admin = await system.token("bench-admin", ["admin"]);
  const service = await system.token("bench-service", ["service"]);
  const send = async (method: string, path: string, token: string, body: unknown, key = path) => {
    const answer = await fetch(system.baseUrl + path, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json", "idempotency-key": key },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
  };
  const start = Date.now() - DAYS * DAY_MS;
  await send("PUT", "/api/dev/clock", admin, { now: new Date(start).toISOString() });
  const grant = { amount: rows + 1, kind: "bonus", reason: "for the benchmark" };
  await send("POST", "/api/admin/users/reader/credits/grants", admin, grant);
  let written = 0;
  for (let day = 0; day < DAYS; day += 1) {
    await send("PUT", "/api/dev/clock", admin, { now: new Date(start + day * DAY_MS).toISOString() });
    for (const until = Math.round((rows * (day + 1)) / DAYS); written < until; ) {
      const size = Math.min(BATCH, until - written);
      const operations = Array.from({ length: size }, (_, n) => ({
        op: "consume",
        key: `row-${written + n}`,
        userId: "reader",
        amount: 1,
        reason: "one of many",
        feature: `feature-${n % 5}`,
      }));
      await send("POST", "/api/credits/batch", service, { operations }, `batch-${written}`);
      written += size;
    }
  }
  await send("PUT", "/api/dev/clock", admin, { real: true });
}

async function read({ baseUrl, credits }: Side, path: string, token: string, forMs: number): Promise<Figures> {
  const mysql = readPid(pathsOf(system.home).run, "mysql")?.pid;
  const cpu = () => ({ creditsMs: cpuTimeMs(credits), mysqlMs: cpuTimeMs(mysql) });
  const took: number[] = [];
  const before = cpu();
  const began = performance.now();
  const reader = async () => {
    while (performance.now() - began < forMs) {
      const asked = performance.now();
      const answer = await fetch(baseUrl + path, { headers: { authorization: `Bearer ${token}` } });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${text}`);
      took.push(performance.now() - asked);
    }
  };
  await Promise.all(Array.from({ length: readers }, reader));
  const after = cpu();
  return {
    took,
    wallMs: performance.now() - began,
    creditsMs: after.creditsMs - before.creditsMs,
    mysqlMs: after.mysqlMs - before.mysqlMs,
  };
}
