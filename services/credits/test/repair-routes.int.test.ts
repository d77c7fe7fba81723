// The monitor's door to repairs: what it may see, in whose name it asks, what waits for a second admin, what is audited.
import { silentLog } from "@stipend/platform/log/log";
import { Database } from "@stipend/platform/mysql/database";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
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

let keys = 0;
const newKey = () => `repair-${++keys}`;

/** An account of 60 whose row says `balance`. */
async function broken(user: string, balance: number): Promise<string> {
  const given = { amount: 60, kind: "bonus", reason: "a prize" };
  expect((await credits.admin("POST", `/api/admin/users/${user}/credits/grants`, given)).status).toBe(200);
  await owner.query("UPDATE profiles SET balance = ? WHERE user_id = ?", [balance, user]);
  return user;
}
const planOf = async (user: string) =>
  (await credits.service("POST", "/internal/repair-plans", { userIds: [user] }, { key: null })).body.data[0];
const repair = (userId: string, proposal: string, options: { key?: string; by?: string; roles?: string } = {}) =>
  credits.call("POST", "/internal/repair-books", {
    body: { userId, proposal, key: options.key ?? newKey(), reason: "somebody wrote into the table" },
    key: null,
    user: options.by ?? "ada",
    roles: options.roles ?? "admin",
  });
const problemsOf = async (user: string) =>
  (await credits.service("POST", "/internal/check", { userIds: [user] }, { key: null })).body.data[0].problems;
const audited = async (user: string): Promise<Record<string, unknown>[]> => {
  const rows = await owner.query<{ payload: string | object }>(
    "SELECT payload FROM outbox WHERE topic = 'admin.v1' AND subject = ? ORDER BY id",
    [user],
  );
  return rows.map(({ payload }) => (typeof payload === "string" ? JSON.parse(payload) : payload));
};

describe("one admin", () => {
  test("has an account mended by what was proposed, and the audit log says who, why and what", async () => {
    const user = await broken("ann", 75);
    const plan = await planOf(user);
    expect(plan).toMatchObject({
      restates: false,
      found: { balance: 75 },
      told: { balance: 60 },
      after: { balance: 60 },
    });
    expect(await problemsOf(user)).not.toEqual([]);
    const answer = await repair(user, plan.proposal);
    expect(answer).toMatchObject({ status: 200, body: { userId: user, outcome: "repaired", approvalId: null } });
    expect(await problemsOf(user)).toEqual([]);
    const [row] = (await credits.admin("GET", `/api/credits/transactions?userId=${user}`)).body.data;
    expect(row).toMatchObject({
      id: answer.body.transactionId,
      type: "adjust",
      amount: 0,
      actor: "ada",
      reason: "somebody wrote into the table",
      metadata: { repair: { found: { balance: 75 }, after: { balance: 60 } } },
    });
    expect((await audited(user)).at(-1)).toMatchObject({
      action: "credits.repair",
      actor: "ada",
      target: user,
      reason: "somebody wrote into the table",
      after: expect.stringContaining(String(answer.body.transactionId)),
    });
  });

  test("asks twice and is told that nothing is left; the same request again is answered as it was", async () => {
    const user = await broken("ben", 61);
    const { proposal } = await planOf(user);
    const first = await repair(user, proposal, { key: "one" });
    expect((await repair(user, proposal, { key: "one" })).body).toEqual(first.body);
    expect((await repair(user, proposal)).body).toMatchObject({ outcome: "nothing_to_repair" });
    expect((await audited(user)).filter(({ action }) => action === "credits.repair")).toHaveLength(1);
  });

  test("is refused when something else differs by now, and without the role", async () => {
    const user = await broken("cid", 62);
    const { proposal } = await planOf(user);
    expect((await repair(user, proposal, { roles: "support" })).status).toBe(403);
    await owner.query("UPDATE profiles SET balance = 99 WHERE user_id = ?", [user]);
    expect((await repair(user, proposal)).body).toMatchObject({ outcome: "proposal_outdated", transactionId: null });
    expect(await problemsOf(user)).not.toEqual([]);
  });

  test("does nothing at all when the audit row can't be written", async () => {
    const user = await broken("dot", 63);
    const { proposal } = await planOf(user);
    await owner.query(`CREATE TRIGGER no_audit BEFORE INSERT ON outbox FOR EACH ROW
      BEGIN IF NEW.topic = 'admin.v1' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'planted fault'; END IF; END`);
    try {
      expect((await repair(user, proposal)).status).toBe(500);
    } finally {
      await owner.query("DROP TRIGGER no_audit");
    }
    expect(await planOf(user)).toMatchObject({ proposal });
    expect((await repair(user, proposal)).body).toMatchObject({ outcome: "repaired" });
  });

  test("learns that a repair would not do, and nothing is done, when the books would still not agree", async () => {
    const user = await broken("eve", 64);
    const { proposal } = await planOf(user);
    // As if there were a kind of damage that the repair does not know: whatever is posted leaves a phantom hold.
    await owner.query(`CREATE TRIGGER new_damage AFTER INSERT ON outbox FOR EACH ROW
      INSERT IGNORE INTO credit_holds (user_id, origin_version, amount, expires_at, reason, actor, created_at)
      VALUES (NEW.subject, 900, 5, '2027-01-01', 'x', 'x', '2026-01-01')`);
    try {
      expect((await repair(user, proposal)).body).toMatchObject({ outcome: "impossible", transactionId: null });
    } finally {
      await owner.query("DROP TRIGGER new_damage");
    }
    expect(await planOf(user)).toMatchObject({ proposal });
  });
});

describe("a repair that changes more than one admin may", () => {
  const decide = (id: string, by: string) =>
    credits.admin("POST", `/api/admin/approvals/${id}/approve`, { reason: "looked at it" }, { user: by, key: null });

  test("waits for another admin, names both, and is then done as proposed", async () => {
    const user = await broken("fay", 500_060);
    const { proposal } = await planOf(user);
    const waits = await repair(user, proposal);
    expect(waits).toMatchObject({ status: 200, body: { outcome: "waits", transactionId: null } });
    expect(await problemsOf(user)).not.toEqual([]);
    const [approval] = (await credits.admin("GET", `/api/admin/approvals?userId=${user}`)).body.data;
    expect(approval).toMatchObject({
      id: waits.body.approvalId,
      operation: "repair",
      amount: -500_000,
      status: "pending",
    });
    expect((await decide(approval.id, "ada")).status).toBe(403);
    const approved = await decide(approval.id, "ben");
    expect(approved).toMatchObject({ status: 200, body: { status: "approved", decidedBy: "ben" } });
    expect(await problemsOf(user)).toEqual([]);
    const [row] = (await credits.admin("GET", `/api/credits/transactions?userId=${user}`)).body.data;
    expect(row).toMatchObject({
      id: approved.body.transactionId,
      actor: "ben",
      metadata: { proposedBy: "ada", approvedBy: "ben", repair: { after: { balance: 60 } } },
    });
    expect((await audited(user)).map(({ action }) => action)).toEqual([
      "credits.grant",
      "approval.propose",
      "approval.approve",
      "credits.repair",
    ]);
  });

  test("is not done any more when something else differs by the time it is approved", async () => {
    const user = await broken("gus", 600_060);
    const { proposal } = await planOf(user);
    const { approvalId } = (await repair(user, proposal)).body;
    await owner.query("UPDATE profiles SET balance = 61 WHERE user_id = ?", [user]);
    expect(await decide(approvalId, "ben")).toMatchObject({ status: 409, body: { code: "approval_outdated" } });
    expect(await problemsOf(user)).not.toEqual([]);
  });
});
