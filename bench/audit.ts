// How long it takes to prove that the audit log is whole: in the database as the service does it, through the gateway of a
// whole system as an auditor does it, and on exports alone.
//   node bench/audit.ts [mysql admin URL] [--rows 1000000]
// Prints the seconds of each; exit code 1 when one took longer than 30 s for each million rows.
import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { parseArgs } from "node:util";
import { AuditStore } from "@stipend/admin-audit/store/audit-store";
import { verifyLog } from "@stipend/admin-audit/usecases/verify-log";
import { REPO_ROOT } from "@stipend/local/repo";
import { silentLog } from "@stipend/platform/log/log";
import { Database } from "@stipend/platform/mysql/database";
import { csvHeader, csvLine } from "@stipend/proto/audit/csv";
import { jsonLine } from "@stipend/proto/audit/jsonl";
import type { AuditRow } from "@stipend/proto/audit/row";
import { AuditVerification } from "@stipend/proto/http/audit";
import { startSystem } from "@stipend/testing/system";
import { fillAudit } from "./src/fill-audit.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rows: { type: "string", default: "1000000" } },
});
const count = Number(values.rows);
/** Not below what any process takes to start. */
const LIMIT_SECONDS = Math.max(3, (30 * count) / 1_000_000);

const system = await startSystem(positionals[0] === undefined ? {} : { mysqlUrl: positionals[0] });
const folder = await mkdtemp(join(tmpdir(), "bench-audit-"));
const schema = new URL(system.urls.mysqlAdmin);
schema.pathname = `/${system.namespace}_audit`;
const db = new Database({ url: schema.href, log: silentLog() });
const store = new AuditStore(db);
try {
  const [server] = await db.query<{ version: string }>("SELECT VERSION() AS version");
  console.log(`${server?.version}: ${count.toLocaleString("en")} rows`);
  await timed("filled", () => fillAudit(schema.href, count));
  const head = await store.head();
  const online = [
    await timed("verified in the database", async () => expectWhole(await verifyLog(store, []))),
    await timed("verified through the gateway", async () => expectWhole(await verifiedByGateway())),
  ];
  const csv = await exported("audit.csv", csvHeader(), csvLine);
  const jsonl = await exported("audit.jsonl", "", jsonLine);
  const anchor = `${head.seq}:${head.hash}`;
  const offline = [
    await timed("verified the CSV alone", () => stipend("audit", "verify", csv, "--anchor", anchor)),
    await timed("verified the JSON lines alone", () => stipend("audit", "verify", jsonl, "--anchor", anchor)),
  ];
  if (Math.max(...online, ...offline) > LIMIT_SECONDS) {
    console.error(`longer than ${LIMIT_SECONDS} s`);
    process.exitCode = 1;
  }
} finally {
  await db.stop();
  await system.stop();
  await rm(folder, { recursive: true });
}

/** With the memory of the service and of the gateway while they are at it. */
async function verifiedByGateway(): Promise<AuditVerification> {
  const token = await system.token("an-auditor", ["auditor"]);
  const began = performance.now();
  const response = await fetch(`${system.baseUrl}/api/admin/audit/verify`, {
    headers: { authorization: `Bearer ${token}` },
  });
  console.log(`  ${response.status} after ${((performance.now() - began) / 1_000).toFixed(1)} s, then the rest`);
  const found = AuditVerification.parse(await response.json());
  for (const name of ["admin-audit", "gateway"] as const) {
    const status = await readFile(`/proc/${system.services.pid(name)}/status`, "utf8");
    console.log(`  ${name}: ${Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1_024)} MB at most`);
  }
  return found;
}

function expectWhole(found: { readonly valid: boolean; readonly checked: number }): void {
  if (!found.valid || found.checked !== count) throw new Error(JSON.stringify(found));
}

async function timed(what: string, work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  const seconds = (performance.now() - began) / 1_000;
  console.log(`${what}: ${seconds.toFixed(1)} s, peak memory ${Math.round(process.resourceUsage().maxRSS / 1_024)} MB`);
  return seconds;
}

async function exported(name: string, head: string, line: (row: AuditRow) => string): Promise<string> {
  const path = join(folder, name);
  async function* lines() {
    yield head;
    for await (const row of store.stream({})) yield line(row);
  }
  await timed(`exported ${name}`, () => pipeline(Readable.from(lines()), createWriteStream(path)));
  console.log(`  ${Math.round((await stat(path)).size / 1_000_000)} MB`);
  return path;
}

/** The command as a person runs it. */
function stipend(...args: string[]): Promise<void> {
  return new Promise((done, failed) => {
    const main = join(REPO_ROOT, "packages/cli/src/main.ts");
    const child = spawn(process.execPath, [main, ...args], { stdio: "inherit" });
    child.on("error", failed);
    child.on("exit", (code) => (code === 0 ? done() : failed(new Error(`the command ended with ${code}`))));
  });
}
