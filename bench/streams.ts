// What open streams of GET /api/events cost the gateway in memory.
//   node bench/streams.ts [--streams 2000] [--users 2000] [--settle 20]
// Starts a whole system of its own, the gateway as the launcher runs it (its telemetry loaded), opens the streams, each
// on a connection of its own, and reads VmRSS of the gateway's process (/proc, so Linux only): all of its resident pages,
// Node's own program included. Every stream has to have its two first events, its heartbeat, and the event of a grant that
// an admin gives to each user while all are open.
import { readFileSync } from "node:fs";
import { type ClientRequest, request } from "node:http";
import { setTimeout as rest } from "node:timers/promises";
import { parseArgs } from "node:util";
import { PlainReporter } from "@stipend/local/report/plain";
import { startSystem } from "@stipend/testing/system";
import { printTable, thousands } from "./src/figures.ts";

const { values } = parseArgs({
  options: {
    streams: { type: "string", default: "2000" },
    users: { type: "string", default: "2000" },
    settle: { type: "string", default: "20" },
  },
});
const streams = Number(values.streams);
const users = Math.min(streams, Number(values.users));
const settleMs = Number(values.settle) * 1_000;
const WANTED_MB = 200;
/** Opened or granted at once: a crowd that comes back after a deployment, not a benchmark of the credits service. */
const AT_ONCE = 20;
const GIVE_UP_MS = 60_000;

interface Stream {
  events: number;
  heartbeats: number;
  readonly connection: ClientRequest;
}

const system = await startSystem({ devClock: false, reporter: new PlainReporter((line) => console.error(line)) });
try {
  await measure();
} finally {
  await system.stop();
}

async function measure(): Promise<void> {
  const tokens = await Promise.all(Array.from({ length: users }, (_, n) => system.token(`reader-${n}`)));
  // The first calls load code and make buffers that every gateway has that works at all.
  await inTurns(200, (n) => get("/api/credits", tokens[n % users] ?? ""));
  await rest(5_000);
  const before = rss();

  const open: Stream[] = [];
  await inTurns(streams, async (n) => void open.push(await openStream(tokens[n % users] ?? "")));
  await until("every stream has its first two events", () => open.every(({ events }) => events >= 2));
  await rest(settleMs);
  await until("every stream has had a heartbeat", () => open.every(({ heartbeats }) => heartbeats > 0));
  const idle = rss();

  const admin = await system.token("bench-admin", ["admin"]);
  await inTurns(users, (n) => grant(admin, `reader-${n}`));
  await until("every stream has the grant", () => open.every(({ events }) => events >= 3));
  await rest(5_000);
  const told = rss();
  for (const { connection } of open) connection.destroy();

  printTable(`${thousands(streams)} streams of ${thousands(users)} users, VmRSS of the gateway's process`, [
    ["before the first", megabytes(before)],
    ["all open, after their heartbeats", `${megabytes(idle)}   ${mark(idle)}`],
    ["after an event to each", `${megabytes(told)}   ${mark(told)}`],
    ["for each stream", `${((told - before) / streams / 1_024).toFixed(1)} kB`],
  ]);
  if (told >= WANTED_MB * 1_048_576) process.exitCode = 1;
}

/** Resident memory of the gateway in bytes. */
function rss(): number {
  const status = readFileSync(`/proc/${system.services.pid("gateway")}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1_024;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(1)} MB`;
}

function mark(bytes: number): string {
  return bytes < WANTED_MB * 1_048_576 ? `✓ below ${WANTED_MB} MB` : `MISSED: ${WANTED_MB} MB`;
}

function openStream(token: string): Promise<Stream> {
  return new Promise((resolve, reject) => {
    const connection = request(`${system.baseUrl}/api/events`, {
      agent: false,
      headers: { authorization: `Bearer ${token}`, accept: "text/event-stream" },
    });
    connection.once("error", reject);
    connection.once("response", (res) => {
      if (res.statusCode !== 200) return reject(new Error(`a stream was answered ${res.statusCode}`));
      const stream: Stream = { events: 0, heartbeats: 0, connection };
      connection.on("error", () => undefined);
      res.setEncoding("utf8").on("error", () => undefined);
      res.on("data", (text: string) => {
        stream.events += text.match(/^event:/gm)?.length ?? 0;
        stream.heartbeats += text.match(/^:/gm)?.length ?? 0;
      });
      resolve(stream);
    });
    connection.end();
  });
}

async function get(path: string, token: string): Promise<void> {
  const answer = await fetch(system.baseUrl + path, { headers: { authorization: `Bearer ${token}` } });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`GET ${path} answered ${answer.status}: ${text}`);
}

async function grant(admin: string, user: string): Promise<void> {
  const answer = await fetch(`${system.baseUrl}/api/admin/users/${user}/credits/grants`, {
    method: "POST",
    headers: { authorization: `Bearer ${admin}`, "content-type": "application/json", "idempotency-key": user },
    body: JSON.stringify({ amount: 5, kind: "bonus", reason: "for the benchmark" }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`a grant answered ${answer.status}: ${text}`);
}

/** Runs `one` for 0 … count − 1, AT_ONCE at a time. */
async function inTurns(count: number, one: (n: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await one(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function until(what: string, holds: () => boolean): Promise<void> {
  const end = performance.now() + GIVE_UP_MS;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`not within ${GIVE_UP_MS} ms: ${what}`);
    await rest(50);
  }
}
