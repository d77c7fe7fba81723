import { Database } from "@stipend/platform/mysql/database";
import { isTransient } from "@stipend/platform/mysql/errors";
import { createRedis } from "@stipend/platform/redis/redis";
import { eventually } from "@stipend/testing/eventually";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ConsumeOperation } from "../src/domain/ledger/spending.ts";
import { LanedAccounts } from "../src/store/laned-accounts.ts";
import { LanedOperations } from "../src/store/laned-operations.ts";
import { mirrorBalances, mirroredBalance } from "../src/store/redis-balances.ts";
import { mysqlLedger } from "../src/store/session.ts";
import { type CreditsHarness, startCredits } from "./harness.ts";

let credits: CreditsHarness;
beforeAll(async () => {
  credits = await startCredits();
}, 60_000);
afterAll(async () => {
  await credits?.stop();
}, 60_000);

const laned = (db: Database) => {
  const batches: number[] = [];
  const operations = new LanedOperations({
    ledger: mysqlLedger(db, () => undefined),
    clock: credits.clock,
    timeZone: "UTC",
    lanes: 1,
    maxBatch: 200,
    maxWaiting: 1_000,
    isTransient,
    isUnknown: () => false,
    overloaded: () => new Error("overloaded"),
    traced: (_name, fn) => fn(),
    onBatch: (size) => batches.push(size),
  });
  return { operations, batches };
};
const consume = (userId: string, n: number, over: Partial<ConsumeOperation> = {}): ConsumeOperation => ({
  userId,
  amount: 1,
  reason: "lane",
  actor: "test",
  requestKey: `lane-${n}`,
  requestHash: `hash-${n}`,
  ...over,
});

describe("lanes over the ledger", () => {
  test("an item that MySQL itself refuses fails alone; the others of its batch are done", async () => {
    await credits.admin("POST", "/api/admin/users/lana/credits/grants", { amount: 100, kind: "bonus", reason: "x" });
    const { operations, batches } = laned(credits.app.db);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 40 }, (_, n) =>
        // Half a character: no contract lets it through, and MySQL cannot read the batch it stands in.
        operations.consume(consume("lana", n, n === 23 ? { reason: "\ud800" } : {})),
      ),
    );
    expect(outcomes.flatMap((outcome, n) => (outcome.status === "rejected" ? [n] : []))).toEqual([23]);
    expect(batches[0]).toBe(40);
    expect((await credits.as("lana", "GET", "/api/credits")).body).toMatchObject({ balance: 61, version: 40 });
  });

  test("when the database is away everybody is told so within two seconds, and nothing was done", async () => {
    const away = new URL(credits.database.url);
    away.port = "9";
    const db = new Database({ url: away.href, log: credits.log });
    try {
      const { operations } = laned(db);
      const started = performance.now();
      const outcomes = await Promise.allSettled(
        Array.from({ length: 20 }, (_, n) => operations.consume(consume("lana", 100 + n))),
      );
      expect(performance.now() - started).toBeLessThan(2_000);
      for (const outcome of outcomes) {
        expect(outcome).toMatchObject({ status: "rejected", reason: { code: "database_unavailable" } });
      }
    } finally {
      await db.stop();
    }
  });
});

describe("looks", () => {
  test("many at once share statements, and each sees what was acknowledged before it", async () => {
    const names: string[] = [];
    const ledger = mysqlLedger(credits.app.db, () => undefined);
    const accounts = new LanedAccounts({
      ledger: {
        write: (name, work) => {
          names.push(name);
          return ledger.write(name, work);
        },
        read: (name, work) => {
          names.push(name);
          return ledger.read(name, work);
        },
      },
      clock: credits.clock,
      timeZone: "UTC",
      lanes: 1,
      maxBatch: 200,
      maxWaiting: 1_000,
      isTransient,
      overloaded: () => new Error("overloaded"),
      currentTraceparent: () => undefined,
    });
    const users = Array.from({ length: 100 }, (_, n) => `look-${n % 50}`);
    expect(await Promise.all(users.map((user) => accounts.look(user)))).toEqual(users.map(() => undefined));
    const touched = await Promise.all(users.map((user) => accounts.touch(user)));
    expect(touched.map((account) => account.userId)).toEqual(users);
    expect(names).toEqual(["accounts", "touch"]);
    for (let spent = 1; spent <= 5; spent += 1) {
      const answers = await Promise.all([
        accounts.look("look-0"),
        credits
          .admin("POST", "/api/admin/users/look-0/credits/grants", { amount: 1, kind: "bonus", reason: "x" })
          .then(() => accounts.look("look-0")),
      ]);
      expect(answers[1]?.balance).toBe(spent);
    }
  });
});

describe("the mirror of balances", () => {
  test("moves forward by version only", async () => {
    const redis = createRedis(credits.config.STIPEND_REDIS_URL, { prefix: `${credits.prefix}:m:`, log: credits.log });
    try {
      await eventually(() => redis.ping());
      const entry = (version: number, balance: number) => ({
        userId: "mo",
        version,
        balance,
        held: 0,
        status: "active",
      });
      await mirrorBalances(redis, [entry(9, 90)]);
      await mirrorBalances(redis, [entry(10, 100), entry(8, 80)]);
      await mirrorBalances(redis, [entry(9, 91)]);
      expect(await mirroredBalance(redis, "mo")).toEqual(entry(10, 100));
      expect(await mirroredBalance(redis, "nobody")).toBeNull();
    } finally {
      redis.disconnect();
    }
  });

  test("follows the ledger through its events", async () => {
    const redis = createRedis(credits.config.STIPEND_REDIS_URL, { prefix: `${credits.prefix}:`, log: credits.log });
    try {
      await credits.admin("POST", "/api/admin/users/mira/credits/grants", { amount: 8, kind: "bonus", reason: "x" });
      await credits.as("mira", "POST", "/api/credits/consume", { amount: 3, reason: "x" });
      await eventually(
        async () => expect(await mirroredBalance(redis, "mira")).toMatchObject({ version: 2, balance: 5 }),
        { timeoutMs: 20_000 },
      );
    } finally {
      redis.disconnect();
    }
  }, 30_000);
});
