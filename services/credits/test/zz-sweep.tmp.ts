import { Database } from "@stipend/platform/mysql/database";
import { createLog } from "@stipend/platform/log/log";
import { freshDatabase } from "@stipend/testing/fresh-database";
import { mysqlLedger } from "../src/store/session.ts";
import { sweepResets } from "../src/usecases/sweep.ts";
import { applyMemberships } from "../src/usecases/apply-memberships.ts";
const f = await freshDatabase(process.argv[2] ?? "", "credits");
const N = Number(process.argv[3]);
const db = new Database({ url: f.url, log: createLog({ service: "x", level: "silent" }) });
import { readFileSync } from "node:fs";
const cpu = () => { const x = readFileSync(`/proc/${process.env["PID"]}/stat`, "utf8").split(" "); return (Number(x[13]) + Number(x[14])) / 100; };
let now = new Date("2026-01-15T00:00:00Z");
const clock = { now: () => now };
const ledger = mysqlLedger(db, () => undefined);
const ports = { ledger, clock, timeZone: "UTC" };
const terms = { tier: "pro", monthlyCredits: 250, anchor: "calendar" as const, firstPeriod: "full" as const, rolloverCap: 0, onExpiry: "keep" as const, rank: 2 };
let t = performance.now(); let d0 = cpu();
for (let from = 0; from < N; from += 500) {
  await applyMemberships(ports, Array.from({ length: 500 }, (_, i) => ({ eventId: `e${from + i}`, userId: `user-${from + i}`, version: 1, membership: { membershipId: "m", status: "active" as const, cycle: "monthly" as const, terms, pendingTerms: null, pendingCycle: null, startedAt: now, currentPeriodStart: now, currentPeriodEnd: new Date("2026-02-15T00:00:00Z"), expiresAt: null, cancelAtPeriodEnd: false, endedAt: null } })));
}
console.log("apply", N, Math.round(N / ((performance.now() - t) / 1000)), "/s; db cpu s", cpu() - d0);
d0 = cpu();
now = new Date("2026-02-01T00:00:00Z");
t = performance.now();
const c0 = process.cpuUsage();
const done = await Promise.all([sweepResets(ports, new AbortController().signal), ...(process.argv[4] === "2" ? [sweepResets(ports, new AbortController().signal)] : [])]);
const c1 = process.cpuUsage(c0);
console.log("sweep", done, Math.round(N / ((performance.now() - t) / 1000)), "/s; node cpu s", (c1.user + c1.system) / 1e6, "db cpu s", cpu() - d0);
await db.stop(); await f.drop();
