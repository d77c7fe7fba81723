import { eventually } from "@stipend/testing/eventually";
import type { FreshDatabase } from "@stipend/testing/fresh-database";
import { createConnection } from "mysql2/promise";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { silentLog } from "../src/log/log.ts";
import { Database, type DatabaseOptions } from "../src/mysql/database.ts";
import { signalOf } from "../src/mysql/errors.ts";
import { parseJson } from "../src/mysql/values.ts";
import { testSchema, viaPort } from "./support/engines.ts";
import { TestProxy } from "./support/proxy.ts";

let schema: FreshDatabase;
const open: { stop(): Promise<void> }[] = [];

beforeAll(async () => {
  schema = await testSchema();
});

afterEach(async () => {
  for (const part of open.splice(0)) await part.stop();
});

afterAll(async () => {
  await schema.drop();
});

function database(options: Partial<DatabaseOptions> = {}): Database {
  const db = new Database({ url: schema.url, log: silentLog(), poolSize: 4, ...options });
  open.push(db);
  return db;
}

/** With the owner's rights, so that tests can lock and look at tables. */
function owner(options: Partial<DatabaseOptions> = {}): Database {
  return database({ url: schema.ownerUrl, ...options });
}

const NOW = new Date("2026-01-31T12:34:56.789Z");

async function amountOf(name: string): Promise<number | undefined> {
  const rows = await owner().query<{ amount: number }>("SELECT amount FROM things WHERE name = ?", [name]);
  return rows[0]?.amount;
}

async function timed<T>(work: () => Promise<T>): Promise<{ ms: number; error: unknown }> {
  const started = performance.now();
  const error = await work().then(
    () => undefined,
    (e: unknown) => e,
  );
  return { ms: performance.now() - started, error };
}

describe("values and sessions", () => {
  it("works in UTC with READ COMMITTED and strict SQL on every connection", async () => {
    const db = owner();
    const rows = await Promise.all(
      Array.from({ length: 4 }, () =>
        db.query<{ tz: string; mode: string; name: string }>(
          "SELECT @@time_zone AS tz, @@sql_mode AS mode, @@collation_connection AS name",
        ),
      ),
    );
    for (const [row] of rows) {
      expect(row?.tz).toBe("+00:00");
      expect(row?.mode).toContain("STRICT_ALL_TABLES");
      expect(row?.name).toBe("utf8mb4_bin");
    }
    const [isolation] = await db.query<{ Value: string }>(
      "SHOW SESSION VARIABLES WHERE Variable_name IN ('transaction_isolation', 'tx_isolation')",
    );
    expect(isolation?.Value).toBe("READ-COMMITTED");
  });

  it("passes dates as UTC with milliseconds and gives them back as the same moment", async () => {
    const [row] = await database().call<{ changed_at: Date; amount: number }>("AddThing", "dates", 1, NOW);
    expect(row?.changed_at).toEqual(NOW);
    const [text] = await owner().query<{ t: string }>(
      "SELECT CAST(changed_at AS CHAR) AS t FROM things WHERE name = 'dates'",
    );
    expect(text?.t).toBe("2026-01-31 12:34:56.789");
  });

  it("gives BIGINT as number while it is exact and as string beyond, sums as numbers", async () => {
    const [row] = await database().query<{ safe: unknown; big: unknown; sum: unknown }>(
      "SELECT CAST(9007199254740991 AS SIGNED) AS safe, CAST(9007199254740993 AS SIGNED) AS big, SUM(2) AS sum",
    );
    expect(row).toEqual({ safe: 9007199254740991, big: "9007199254740993", sum: 2 });
  });

  it("sends objects as JSON and reads JSON alike on both engines", async () => {
    const value = { text: 'it\'s "quoted" \\ ü 💳', list: [1, { a: null }] };
    const [row] = await database().query<{ j: unknown }>("SELECT CAST(JSON_EXTRACT(?, '$') AS CHAR) AS j", [value]);
    expect(parseJson(row?.j)).toEqual(value);
  });

  it("returns every result set of a procedure without the closing packet", async () => {
    const sets = await database().transaction((tx) => tx.callMulti("TwoSets", [1, 2, 3]));
    expect(sets).toEqual([[{ a: 1 }, { a: 2 }], [{ n: 3 }]]);
    expect(await database().transaction((tx) => tx.call("ApplyEvents", []))).toEqual([]);
  });

  it("refuses names that are no identifiers", async () => {
    await expect(database().call("AddThing`; DROP TABLE things; --")).rejects.toThrow(/not a usable SQL name/);
  });

  it("streams rows and frees the connection when the reader stops early", async () => {
    const db = database({ poolSize: 1 });
    const sql =
      "SELECT a.k + 10 * b.k + 100 * c.k AS n FROM " +
      ["a", "b", "c"]
        .map(
          (t) => `(SELECT 0 AS k ${Array.from({ length: 9 }, (_, i) => `UNION ALL SELECT ${i + 1}`).join(" ")}) ${t}`,
        )
        .join(", ");
    let all = 0;
    for await (const _row of db.stream(sql)) all += 1;
    expect(all).toBe(1_000);
    for await (const _row of db.stream(sql)) break;
    expect(await db.ready()).toBe(true);
    const rows: unknown[] = [];
    for await (const row of db.stream("CALL TwoSets(?)", [[1]])) rows.push(row);
    expect(rows).toEqual([{ a: 1 }, { a: 2 }, { n: 1 }]);
  });

  it("lets the service's user call and read views, and touch nothing else", async () => {
    const db = database();
    await expect(db.query("SELECT * FROM things")).rejects.toMatchObject({ code: "ER_TABLEACCESS_DENIED_ERROR" });
    await expect(db.query("DELETE FROM outbox")).rejects.toMatchObject({ code: "ER_TABLEACCESS_DENIED_ERROR" });
    expect((await db.query("SELECT * FROM schema_version")).length).toBeGreaterThan(5);
  });
});

describe("transactions", () => {
  it("rolls back when the function throws, and throws the same error", async () => {
    const mistake = new Error("mine");
    const work = database().transaction(async (tx) => {
      await tx.call("AddThing", "rolled-back", 5, NOW);
      throw mistake;
    });
    await expect(work).rejects.toBe(mistake);
    expect(await amountOf("rolled-back")).toBeUndefined();
  });

  it("passes on what a procedure signals", async () => {
    const error: unknown = await database()
      .call("Refuse", "not today")
      .catch((e: unknown) => e);
    expect(signalOf(error)).toBe("not today");
  });

  it("cannot be used after its end", async () => {
    let leaked: { query(sql: string): Promise<unknown> } | undefined;
    await database().transaction(async (tx) => {
      leaked = tx;
    });
    await expect(async () => leaked?.query("SELECT 1")).rejects.toThrow(/has ended/);
  });

  it("runs again after a deadlock until both have committed", async () => {
    const db = owner();
    await db.call("AddThing", "dead-a", 0, NOW);
    await db.call("AddThing", "dead-b", 0, NOW);
    let runs = 0;
    const meet = barrier(2);
    const update = async (first: string, second: string) =>
      db.transaction(async (tx) => {
        runs += 1;
        await tx.query("UPDATE things SET amount = amount + 1 WHERE name = ?", [first]);
        await meet();
        await tx.query("UPDATE things SET amount = amount + 1 WHERE name = ?", [second]);
      });
    await Promise.all([update("dead-a", "dead-b"), update("dead-b", "dead-a")]);
    expect(runs).toBeGreaterThan(2);
    expect(await amountOf("dead-a")).toBe(2);
    expect(await amountOf("dead-b")).toBe(2);
  });

  it("does not commit the rest when somebody caught the deadlock's error", async () => {
    const db = owner();
    await db.call("AddThing", "caught-a", 0, NOW);
    await db.call("AddThing", "caught-b", 0, NOW);
    const meet = barrier(2);
    const update = async (first: string, second: string) =>
      db.transaction(async (tx) => {
        await tx.query("UPDATE things SET amount = amount + 1 WHERE name = ?", [first]);
        await meet();
        await tx.query("UPDATE things SET amount = amount + 1 WHERE name = ?", [second]).catch(() => undefined);
        await tx.query("UPDATE things SET amount = amount + 10 WHERE name = ?", [first]);
      });
    await Promise.all([update("caught-a", "caught-b"), update("caught-b", "caught-a")]);
    expect(await amountOf("caught-a")).toBe(12);
    expect(await amountOf("caught-b")).toBe(12);
  });

  it("gives up with database_busy when a lock never becomes free, with everything rolled back", async () => {
    const db = owner({ lockWaitSeconds: 1 });
    await db.call("AddThing", "locked", 0, NOW);
    const holder = await createConnection(schema.ownerUrl);
    try {
      await holder.query("START TRANSACTION");
      await holder.query("UPDATE things SET amount = 100 WHERE name = 'locked'");
      const work = db.transaction(async (tx) => {
        await tx.call("AddThing", "beside", 1, NOW);
        await tx.query("UPDATE things SET amount = amount + 1 WHERE name = 'locked'");
      });
      await expect(work).rejects.toMatchObject({ code: "database_busy" });
    } finally {
      await holder.query("ROLLBACK");
      await holder.end();
    }
    expect(await amountOf("beside")).toBeUndefined();
    expect(await amountOf("locked")).toBe(0);
  });

  it("refuses with database_busy when every connection stays in use", async () => {
    const db = database({ poolSize: 1, acquireTimeoutMs: 200 });
    const release = Promise.withResolvers<void>();
    const held = db.transaction(() => release.promise);
    await expect(db.query("SELECT 1")).rejects.toMatchObject({ code: "database_busy" });
    release.resolve();
    await held;
    expect(await db.ready()).toBe(true);
  });

  it("gives up a statement after its time and keeps working", async () => {
    const db = database({ statementTimeoutMs: 1_000, poolSize: 1 });
    const { ms, error } = await timed(() => db.query("SELECT SLEEP(20)"));
    expect(error).toMatchObject({ code: "database_busy" });
    expect(ms).toBeLessThan(2_500);
    expect(await db.ready()).toBe(true);
  });

  it("leaves a slow statement alone while the server answers", async () => {
    const { error } = await timed(() => database().query("SELECT SLEEP(2)"));
    expect(error).toBeUndefined();
  });
});

describe("a server that goes away", () => {
  it("rolls back and reports when the connection is killed, and works on", async () => {
    const db = owner();
    const admin = await createConnection(schema.ownerUrl);
    const { error } = await timed(() =>
      db.transaction(async (tx) => {
        await tx.call("AddThing", "killed", 1, NOW);
        const [row] = await tx.query<{ id: number }>("SELECT CONNECTION_ID() AS id");
        await admin.query(`KILL ${Number(row?.id)}`);
        await tx.call("AddThing", "killed", 1, NOW);
      }),
    );
    await admin.end();
    expect(error).toMatchObject({ code: "database_unavailable" });
    expect(await amountOf("killed")).toBeUndefined();
    expect(await db.ready()).toBe(true);
  });

  it("takes another connection when an idle one turns out dead", async () => {
    const db = owner({ poolSize: 1 });
    const [row] = await db.query<{ id: number }>("SELECT CONNECTION_ID() AS id");
    const admin = await createConnection(schema.ownerUrl);
    await admin.query(`KILL ${Number(row?.id)}`);
    await admin.end();
    const rows = await db.transaction((tx) => tx.call<{ amount: number }>("AddThing", "revived", 1, NOW));
    expect(rows[0]?.amount).toBe(1);
  });

  it("fails at once while connections are refused, and heals by itself", async () => {
    const proxy = new TestProxy(schema.url);
    await proxy.open();
    const db = database({ url: viaPort(schema.url, proxy.port) });
    expect(await db.ready()).toBe(true);
    await proxy.close();
    for (let i = 0; i < 12; i++) {
      const { ms, error } = await timed(() => db.call("AddThing", "refused", 1, NOW));
      expect(error).toMatchObject({ code: "database_unavailable" });
      expect(ms).toBeLessThan(1_500);
    }
    await proxy.open();
    await eventually(async () => expect(await db.ready()).toBe(true), { timeoutMs: 3_000 });
    expect(await amountOf("refused")).toBeUndefined();
    await proxy.close();
  });

  it("fails within 2 s when the server freezes, in flight or not, and heals by itself", async () => {
    const proxy = new TestProxy(schema.url);
    await proxy.open();
    const db = database({ url: viaPort(schema.url, proxy.port), poolSize: 8 });
    await Promise.all(Array.from({ length: 8 }, () => db.query("SELECT 1")));
    proxy.freeze();
    const calls = await Promise.all(
      Array.from({ length: 20 }, () => timed(() => db.call("AddThing", "frozen", 1, NOW))),
    );
    for (const { ms, error } of calls) {
      expect(error).toMatchObject({ code: "database_unavailable" });
      expect(ms).toBeLessThan(2_000);
    }
    const later = await timed(() => db.call("AddThing", "frozen", 1, NOW));
    expect(later.error).toMatchObject({ code: "database_unavailable" });
    expect(later.ms).toBeLessThan(1_500);
    proxy.thaw();
    await eventually(async () => expect(await db.ready()).toBe(true), { timeoutMs: 4_000 });
    await proxy.close();
  });

  it("says outcome_unknown, and does not run again, when the answer to COMMIT is lost", async () => {
    const proxy = new TestProxy(schema.url);
    await proxy.open();
    const db = database({ url: viaPort(schema.url, proxy.port), poolSize: 1 });
    expect(await db.ready()).toBe(true);
    let runs = 0;
    proxy.onClientData = (data) => {
      if (!data.includes("COMMIT")) return true;
      // The server gets it, the client never hears of it.
      queueMicrotask(() => proxy.freeze());
      return true;
    };
    const { ms, error } = await timed(() =>
      db.transaction(async (tx) => {
        runs += 1;
        await tx.call("AddThing", "unknown", 1, NOW);
      }),
    );
    expect(error).toMatchObject({ code: "outcome_unknown" });
    expect(ms).toBeLessThan(2_000);
    expect(runs).toBe(1);
    await eventually(async () => expect(await amountOf("unknown")).toBe(1));
    await proxy.close();
  });
});

function barrier(count: number): () => Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let arrived = 0;
  return () => {
    arrived += 1;
    if (arrived >= count) resolve();
    return promise;
  };
}
