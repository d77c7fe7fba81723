import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { silentLog } from "@stipend/platform/log/log";
import { Database } from "@stipend/platform/mysql/database";
import { testEngines } from "@stipend/testing/engines/test-engines";
import { type FreshDatabase, freshDatabase } from "@stipend/testing/fresh-database";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readRuleBook } from "../../src/rules/all.ts";
import { type Simulation, simulate } from "./run.ts";
import { scoreOf } from "./score.ts";
import { openStores } from "./stores.ts";

/** A few days of a few accounts; services/monitor/test/simulator/main.ts does it with 10,000 in 30 days. */
const SMALL: Simulation = { accounts: 20, days: 5, seed: 7, each: 1, batch: 200, jobsEveryMinutes: 180 };

/** A monitor as a process of its own; killed before its batch `killAt`, in the middle of what it does there. */
async function feed(url: string, options: Simulation, killAt: number): Promise<number | string | null> {
  const file = fileURLToPath(new URL("child.ts", import.meta.url));
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", file, url, JSON.stringify(options)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit") as Promise<[number | null, string | null]>;
  for await (const line of createInterface({ input: child.stdout })) {
    if (Number(line) >= killAt) child.kill("SIGKILL");
  }
  const [code, signal] = await ended;
  return signal ?? code;
}

describe("the rules against labelled traffic", () => {
  let schemas: readonly FreshDatabase[];

  beforeAll(async () => {
    schemas = [
      await freshDatabase(testEngines().mysqlAdminUrl, "monitor"),
      await freshDatabase(testEngines().mysqlAdminUrl, "monitor"),
    ];
  }, 60_000);

  afterAll(async () => {
    for (const schema of schemas ?? []) await schema.drop();
  });

  const alertsOf = async (schema: FreshDatabase) => {
    const owner = new Database({ url: schema.ownerUrl, log: silentLog(), poolSize: 1, acquireTimeoutMs: 15_000 });
    const rows = await owner.query<Record<string, unknown>>(
      `SELECT fingerprint, severity, status, first_seen_at, last_seen_at, event_count, resolution
       FROM alerts ORDER BY fingerprint, first_seen_at`,
    );
    await owner.stop();
    return rows;
  };
  const { book } = readRuleBook(undefined);

  it("finds everything that was planted and nothing else, and the same when it is killed in the middle", async () => {
    const [whole, broken] = schemas;
    if (whole === undefined || broken === undefined) throw new Error("no schemas");
    const plain = openStores(whole.url);
    const { labels } = await simulate(() => plain.stores, book, SMALL);
    await plain.db.stop();
    const alerts = await alertsOf(whole);
    const score = scoreOf(
      labels,
      alerts.map(({ fingerprint }) => String(fingerprint)),
    );
    expect({ missed: score.missed, wrong: score.wrong }).toEqual({ missed: [], wrong: [] });
    expect(score.rules).toHaveLength(28);

    // Killed twice in the middle of its work; each time everything comes again from the beginning, in pieces of another
    // size, and every fifth of them twice.
    const options = { ...SMALL, batch: 77, redeliverEvery: 5 };
    expect(await feed(broken.url, options, 6)).toBe("SIGKILL");
    expect(await feed(broken.url, { ...options, batch: 50 }, 15)).toBe("SIGKILL");
    expect(await feed(broken.url, options, Number.POSITIVE_INFINITY)).toBe(0);
    expect(await alertsOf(broken)).toEqual(alerts);
  }, 180_000);
});
