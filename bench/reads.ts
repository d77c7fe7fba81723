// What keeping reads by version in Redis brings: a page of a ledger and a month's chart, with STIPEND_READ_CACHE on and off.
//   node bench/reads.ts [--rows 10000] [--seconds 5] [--readers 8]
// Starts a whole system twice (engines by STIPEND_TEST_MYSQL_URL and its fellows where they are set), writes one account a
// ledger of `rows` consumptions over the 30 days before, and reads it through the gateway. Nothing is written meanwhile:
// it is the best case, a ledger that is looked at more often than it changes. `GET /api/credits` is never kept; it stands
// here to compare with.
import { parseArgs } from "node:util";
import { PlainReporter } from "@stipend/local/report/plain";
import { type System, startSystem } from "@stipend/testing/system";
import { printTable, spreadOf, thousands } from "./src/figures.ts";

const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "10000" },
    seconds: { type: "string", default: "5" },
    readers: { type: "string", default: "8" },
  },
});
const rows = Number(values.rows);
const seconds = Number(values.seconds);
const readers = Number(values.readers);
const DAYS = 30;
const DAY_MS = 86_400_000;
const BATCH = 1_000;

const READS = {
  "a page of 50": "/api/credits/transactions?limit=50",
  "a page of 100": "/api/credits/transactions?limit=100",
  "a chart of 30 days": "/api/credits/usage?interval=day",
  "a chart of 30 days by feature": "/api/credits/usage?interval=day&groupBy=feature",
  "the balance (never kept)": "/api/credits",
} as const;

interface Figures {
  readonly perSecond: number;
  readonly p50: number;
}

const without = await measured("off");
const kept = await measured("on");
printTable(
  `reads of a ledger of ${thousands(rows)} rows, ${readers} at once, a second (p50)`,
  Object.keys(READS).map((name) => [name, compared(without.get(name), kept.get(name))]),
);

function compared(before: Figures | undefined, after: Figures | undefined): string {
  if (before === undefined || after === undefined) return "not measured";
  const text = ({ perSecond, p50 }: Figures) => `${thousands(perSecond)} (${p50.toFixed(1)} ms)`;
  const ratio = (after.perSecond / before.perSecond).toFixed(2);
  return `without ${text(before).padEnd(18)} with ${text(after).padEnd(18)} ×${ratio}`;
}

async function measured(cache: "on" | "off"): Promise<Map<string, Figures>> {
  const system = await startSystem({
    serviceEnv: { credits: { STIPEND_READ_CACHE: cache } },
    reporter: new PlainReporter((line) => console.error(line)),
  });
  try {
    await fill(system);
    const token = await system.token("reader");
    const figures = new Map<string, Figures>();
    for (const [name, path] of Object.entries(READS)) {
      await read(system.baseUrl + path, token, 1_000);
      figures.set(name, await read(system.baseUrl + path, token, seconds * 1_000));
    }
    return figures;
  } finally {
    await system.stop();
  }
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

async function read(url: string, token: string, forMs: number): Promise<Figures> {
  const took: number[] = [];
  const began = performance.now();
  const reader = async () => {
    while (performance.now() - began < forMs) {
      const asked = performance.now();
      const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${text}`);
      took.push(performance.now() - asked);
    }
  };
  await Promise.all(Array.from({ length: readers }, reader));
  return { perSecond: took.length / ((performance.now() - began) / 1_000), p50: spreadOf(took).p50 };
}
