// No admin change exists without its audit row, whatever fails or dies when; and none is told of that was not made.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { silentLog } from "@stipend/platform/log/log";
import { Database } from "@stipend/platform/mysql/database";
import { testEngines } from "@stipend/testing/engines/test-engines";
import { eventually } from "@stipend/testing/eventually";
import { freshDatabase } from "@stipend/testing/fresh-database";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type CreditsHarness, startCredits } from "./harness.ts";

let credits: CreditsHarness;
let owner: Database;
beforeAll(async () => {
  credits = await startCredits();
  owner = new Database({ url: credits.database.ownerUrl, log: silentLog(), poolSize: 2 });
}, 60_000);
afterAll(async () => {
  await owner?.stop();
  await credits?.stop();
}, 60_000);

/** Every admin write of the service. `prepare` brings the account into the state it needs. */
const WRITES: readonly {
  readonly action: string;
  readonly method?: "PUT";
  readonly path: (user: string) => string;
  readonly body: (user: string) => Promise<object>;
  readonly prepare?: (user: string) => Promise<unknown>;
  /** It leaves no ledger row that keeps its key: each call is an act of its own. */
  readonly unkeyed?: true;
}[] = [
  { action: "credits.grant", path: (u) => `users/${u}/credits/grants`, body: async () => ({ amount: 5 }) },
  { action: "credits.adjust", path: (u) => `users/${u}/credits/adjustments`, body: async () => ({ amount: 5 }) },
  {
    action: "credits.refund",
    path: (u) => `users/${u}/credits/refunds`,
    body: async (u) => ({ transactionId: await spentBy(u) }),
  },
  { action: "credits.package", path: (u) => `users/${u}/credits/packages`, body: async () => ({ code: "pack-100" }) },
  { action: "credits.reset", unkeyed: true, path: (u) => `users/${u}/credits/reset`, body: async () => ({}) },
  { action: "credits.freeze", path: (u) => `users/${u}/credits/freeze`, body: async () => ({}) },
  {
    action: "credits.unfreeze",
    path: (u) => `users/${u}/credits/unfreeze`,
    body: async () => ({}),
    prepare: (u) => admin("POST", `users/${u}/credits/freeze`, {}),
  },
  {
    action: "package.set",
    unkeyed: true,
    method: "PUT",
    path: (u) => `packages/${u}`,
    body: async (u) => ({ name: u, credits: 5 }),
  },
  { action: "approval.propose", path: (u) => `users/${u}/credits/grants`, body: async () => ({ amount: 500_000 }) },
];

const admin = (method: string, path: string, body: object) =>
  credits.admin(method, `/api/admin/${path}`, { reason: "a test", ...body });

async function spentBy(user: string): Promise<string> {
  await admin("POST", `users/${user}/credits/grants`, { amount: 50 });
  const spent = await credits.as(user, "POST", "/api/credits/consume", { amount: 3, reason: "work" });
  return spent.body.transactionId;
}

/** Everything that an admin write could have left behind for this subject. */
async function traces(subject: string) {
  const one = async (sql: string) => await owner.query(sql, [subject]);
  return {
    account: await one("SELECT version, balance, held, status FROM profiles WHERE user_id = ?"),
    rows: await one("SELECT id FROM credit_transactions WHERE user_id = ?"),
    grants: await one("SELECT id, remaining FROM credit_grants WHERE user_id = ?"),
    packages: await one("SELECT version FROM credit_packages WHERE code = ?"),
    purchases: await one("SELECT payment_reference FROM package_purchases WHERE user_id = ?"),
    approvals: await one("SELECT id FROM credit_approvals WHERE user_id = ?"),
    events: await one("SELECT id, place FROM outbox_event WHERE subject = ?"),
  };
}

const actionsOf = async (subject: string) =>
  (
    await owner.query<{ action: string }>(
      "SELECT JSON_VALUE(payload, '$.action') AS action FROM outbox WHERE topic = 'admin.v1' AND subject = ? ORDER BY id",
      [subject],
    )
  ).map(({ action }) => action);

async function withoutAudit<T>(work: () => Promise<T>): Promise<T> {
  await owner.query(`CREATE TRIGGER no_audit BEFORE INSERT ON outbox FOR EACH ROW
    BEGIN IF NEW.topic = 'admin.v1' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'planted fault'; END IF; END`);
  try {
    return await work();
  } finally {
    await owner.query("DROP TRIGGER no_audit");
  }
}

describe.each(WRITES)("$action", ({ action, method = "POST", path, body, prepare, unkeyed }) => {
  const subject = action.replaceAll(".", "-");

  test("is rolled back when its audit row can't be written; done, it has exactly one; repeated, no second", async () => {
    await prepare?.(subject);
    const sent = { reason: "a test", ...(await body(subject)) };
    // Made before, so that the account's own creation does not count as a trace.
    await credits.admin("GET", `/api/credits?userId=${subject}`);
    await credits.as(subject, "GET", "/api/credits");
    const call = () => credits.admin(method, `/api/admin/${path(subject)}`, sent, { key: `${action}-key` });
    const before = await traces(subject);
    expect(await withoutAudit(async () => (await call()).status)).toBe(500);
    expect(await traces(subject)).toEqual(before);

    const already = (await actionsOf(subject)).length;
    expect((await call()).status).toBeLessThan(300);
    if (unkeyed !== true) await call();
    expect((await actionsOf(subject)).slice(already)).toEqual([action]);
  });
});

test("an opening whose audit row can't be written is not booked; booked, it has exactly one", async () => {
  const body = { items: [{ key: "open-1", userId: "newcomer", balance: 20 }] };
  const before = await traces("newcomer");
  const failed = await withoutAudit(() => admin("POST", "credits/openings", body));
  expect(failed.body.results[0].status).toBe(500);
  expect(await traces("newcomer")).toEqual(before);
  expect((await admin("POST", "credits/openings", body)).body.results[0].status).toBe(200);
  await admin("POST", "credits/openings", body);
  expect(await actionsOf("newcomer")).toEqual(["credits.open"]);
});

test("the list above holds every admin write there is", async () => {
  const { publicRoutes } = await import("@stipend/proto/http/catalogue");
  const writes = publicRoutes().filter(
    ({ owner: service, contract }) =>
      service === "credits" && contract.method !== "GET" && contract.roles.includes("admin"),
  );
  // A proposal is no route of its own; openings, approve and reject (approvals.int.test.ts) have tests of theirs.
  expect(writes.length).toBe(WRITES.length - 1 + 3);
});

test("a process that is killed in the middle leaves as many audit rows as changes", async () => {
  const database = await freshDatabase(testEngines().mysqlAdminUrl, "credits");
  const look = new Database({ url: database.ownerUrl, log: silentLog(), poolSize: 2 });
  onTestFinished(async () => {
    await look.stop();
    await database.drop();
  });
  const writer = fileURLToPath(new URL("./support/admin-writer.ts", import.meta.url));
  const count = async (sql: string) => Number((await look.query<{ n: unknown }>(sql))[0]?.n);
  for (let round = 0; round < 2; round++) {
    const child = spawn(process.execPath, [writer, database.url], { stdio: ["ignore", "pipe", "inherit"] });
    // At least one was acknowledged; after that it may die anywhere.
    await once(child.stdout, "data");
    await new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 120));
    child.kill("SIGKILL");
    await once(child, "close");
    // What it had sent last may still be under way in the server: the three counts are of one moment when they agree.
    const changes = await eventually(async () => {
      const rows = await count("SELECT COUNT(*) AS n FROM credit_transactions");
      const told = await count(`SELECT COUNT(*) AS n FROM credit_transactions t JOIN outbox o ON o.topic = 'admin.v1'
         AND o.subject = t.user_id AND JSON_VALUE(JSON_VALUE(o.payload, '$.after'), '$.transactionId') = t.id`);
      const written = await count("SELECT COUNT(*) AS n FROM outbox WHERE topic = 'admin.v1'");
      expect([told, written]).toEqual([rows, rows]);
      return rows;
    });
    expect(changes).toBeGreaterThan(0);
  }
});
