// Four eyes: what is above the threshold waits for a second admin, happens once, and is in the audit log at each step.
import { silentLog } from "@stipend/platform/log/log";
import { Database } from "@stipend/platform/mysql/database";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Answer, type CreditsHarness, startCredits } from "./harness.ts";

let credits: CreditsHarness;
let owner: Database;
beforeAll(async () => {
  credits = await startCredits({ env: { STIPEND_FOUR_EYES_HOURS: "24" } });
  owner = new Database({ url: credits.database.ownerUrl, log: silentLog(), poolSize: 2 });
}, 60_000);
afterAll(async () => {
  await owner?.stop();
  await credits?.stop();
}, 60_000);

const LARGE = 200_000;
let keys = 0;
const newKey = () => `approval-${++keys}`;
const code = (answer: Answer) => [answer.status, answer.body.code];

const write = (user: string, what: string, body: object, key = newKey(), by = "ada") =>
  credits.admin("POST", `/api/admin/users/${user}/credits/${what}`, { reason: "a prize", ...body }, { user: by, key });
const decide = (id: string, decision: "approve" | "reject", by: string, reason = "checked") =>
  credits.admin("POST", `/api/admin/approvals/${id}/${decision}`, { reason }, { user: by, key: null });
const balance = async (user: string) =>
  (await credits.admin("GET", `/api/credits?userId=${user}`)).body.balance as number | undefined;
const rows = async (user: string) =>
  (await credits.admin("GET", `/api/credits/transactions?userId=${user}`)).body.data as {
    id: string;
    actor: string;
    reason: string;
    metadata: unknown;
  }[];

async function proposedGrant(user: string, key = newKey()): Promise<string> {
  const answer = await write(user, "grants", { amount: LARGE, kind: "bonus", priority: 7 }, key);
  expect(answer.status).toBe(202);
  return answer.body.approvalId;
}

/** The audit events that the service wrote about this user, in order. */
async function audited(user: string): Promise<Record<string, unknown>[]> {
  const found = await owner.query<{ payload: string | object }>(
    "SELECT payload FROM outbox WHERE topic = 'admin.v1' AND subject = ? ORDER BY id",
    [user],
  );
  return found.map(({ payload }) => (typeof payload === "string" ? JSON.parse(payload) : payload));
}

describe("above the threshold", () => {
  test("nothing is given until another admin approves; then the ledger row names both", async () => {
    const id = await proposedGrant("alice");
    expect(await balance("alice")).toBe(0);
    const [waiting] = (await credits.admin("GET", "/api/admin/approvals?status=pending&userId=alice")).body.data;
    expect(waiting).toMatchObject({
      id,
      status: "pending",
      operation: "grant",
      userId: "alice",
      amount: LARGE,
      kind: "bonus",
      priority: 7,
      reason: "a prize",
      proposedBy: "ada",
      proposedAt: "2026-01-15T10:00:00.000Z",
      expiresAt: "2026-01-16T10:00:00.000Z",
      transactionId: null,
    });
    const approved = await decide(id, "approve", "ben");
    expect(approved).toMatchObject({ status: 200, body: { id, status: "approved", decidedBy: "ben" } });
    expect(await balance("alice")).toBe(LARGE);
    const [row] = await rows("alice");
    expect(row).toMatchObject({
      id: approved.body.transactionId,
      actor: "ben",
      reason: "a prize",
      metadata: { approvalId: id, proposedBy: "ada", approvedBy: "ben" },
    });
  });

  test("each step is audited with who, why and what", async () => {
    const id = await proposedGrant("ann");
    await decide(id, "approve", "ben", "saw the contract");
    const events = await audited("ann");
    expect(events.map(({ action, actor, reason }) => [action, actor, reason])).toEqual([
      ["approval.propose", "ada", "a prize"],
      ["approval.approve", "ben", "saw the contract"],
      ["credits.grant", "ben", `a prize (approval ${id}, proposed by ada, approved by ben)`],
    ]);
    expect(JSON.parse(String(events[1]?.["before"]))).toEqual({ approvalId: id, status: "pending" });
    expect(JSON.parse(String(events[1]?.["after"]))).toMatchObject({
      approvalId: id,
      status: "approved",
      operation: "grant",
      amount: LARGE,
      proposedBy: "ada",
      request: { kind: "bonus", priority: 7 },
    });
  });

  test.each([
    [100_000, 200],
    [100_001, 202],
  ])("a grant of %d answers %d", async (amount, status) => {
    expect((await write(`edge-${amount}`, "grants", { amount })).status).toBe(status);
  });

  test("an adjustment counts in both directions", async () => {
    await write("carl", "grants", { amount: 100_000 });
    await write("carl", "grants", { amount: 100_000 });
    const down = await write("carl", "adjustments", { amount: -150_000 });
    expect(down.status).toBe(202);
    expect((await decide(down.body.approvalId, "approve", "ben")).status).toBe(200);
    expect(await balance("carl")).toBe(50_000);
  });

  test("a gift of a large package waits, and is refused when the package was changed since", async () => {
    const put = (amount: number) =>
      credits.admin("PUT", "/api/admin/packages/huge", { name: "Huge", credits: amount, reason: "stock" });
    await put(300_000);
    const gift = await write("dora", "packages", { code: "huge" });
    expect(gift.status).toBe(202);
    await put(400_000);
    expect(code(await decide(gift.body.approvalId, "approve", "ben"))).toEqual([409, "approval_outdated"]);
    expect(await balance("dora")).toBe(0);
    await put(300_000);
    expect((await decide(gift.body.approvalId, "approve", "ben")).status).toBe(200);
    expect(await balance("dora")).toBe(300_000);
  });

  test("an opening is no way around it", async () => {
    const items = [
      { key: "large", userId: "mole", balance: LARGE },
      { key: "small", userId: "newt", balance: 100_000 },
    ];
    const answer = await credits.admin("POST", "/api/admin/credits/openings", { reason: "moving in", items });
    expect(answer.body.results).toMatchObject([{ status: 403, code: "second_admin_required" }, { status: 200 }]);
    expect(await balance("mole")).toBeUndefined();
  });

  test("a refund of a large consumption waits as well, with and without an amount", async () => {
    for (let n = 0; n < 2; n++) await write("emil", "grants", { amount: 100_000 });
    const spent = await credits.as("emil", "POST", "/api/credits/consume", { amount: 150_000, reason: "work" });
    const all = await write("emil", "refunds", { transactionId: spent.body.transactionId });
    expect(all.status).toBe(202);
    const part = await write("emil", "refunds", { transactionId: spent.body.transactionId, amount: 1_000 });
    expect(part.status).toBe(200);
    expect((await decide(all.body.approvalId, "approve", "ben")).status).toBe(200);
    expect(await balance("emil")).toBe(200_000);
  });
});

describe("who may decide", () => {
  test("nobody approves their own, also with more roles, and nothing moves", async () => {
    const id = await proposedGrant("fay");
    expect(code(await decide(id, "approve", "ada"))).toEqual([403, "own_proposal"]);
    expect(await balance("fay")).toBe(0);
    expect((await audited("fay")).map(({ action }) => action)).toEqual(["approval.propose"]);
  });

  test("nor under the own name in other letters", async () => {
    const id = await proposedGrant("fern");
    for (const actor of ["Ada", "ADA"]) expect(code(await decide(id, "approve", actor))).toEqual([403, "own_proposal"]);
    expect(await balance("fern")).toBe(0);
    expect((await decide(id, "approve", "adam")).status).toBe(200);
  });

  test("the table itself refuses it, whoever calls", async () => {
    const id = await proposedGrant("fred");
    const forge = owner.query(
      "UPDATE credit_approvals SET status = 'approved', decided_by = proposed_by, decided_at = proposed_at WHERE id = ?",
      [id],
    );
    await expect(forge).rejects.toThrow("credit_approvals_four_eyes");
  });

  test("its maker may take it back, another admin may reject it; then nobody approves it", async () => {
    const own = await proposedGrant("gus");
    expect((await decide(own, "reject", "ada", "a mistake")).body).toMatchObject({ status: "rejected" });
    const other = await proposedGrant("gus");
    expect((await decide(other, "reject", "ben")).status).toBe(200);
    for (const id of [own, other]) {
      expect(code(await decide(id, "approve", "cleo"))).toEqual([409, "approval_decided"]);
    }
    expect(await balance("gus")).toBe(0);
  });

  test("support, auditors and users may neither see nor decide", async () => {
    const id = await proposedGrant("hal");
    for (const roles of ["support", "auditor", "user", "service"]) {
      const as = { user: "x", roles };
      expect(code(await credits.call("GET", "/api/admin/approvals", as))).toEqual([403, "role_required"]);
      const approve = credits.call("POST", `/api/admin/approvals/${id}/approve`, { ...as, body: { reason: "x" } });
      expect(code(await approve)).toEqual([403, "role_required"]);
    }
  });

  test("a decision needs a reason, and a proposal that exists", async () => {
    const id = await proposedGrant("ida");
    const blank = await credits.admin("POST", `/api/admin/approvals/${id}/approve`, { reason: " " }, { user: "ben" });
    expect(code(blank)).toEqual([400, "validation_failed"]);
    expect(code(await decide("999999", "approve", "ben"))).toEqual([404, "approval_not_found"]);
  });
});

describe("once", () => {
  test("the proposing key answers with the same proposal, whatever became of it; another request under it is refused", async () => {
    const key = newKey();
    const id = await proposedGrant("jan", key);
    const again = await write("jan", "grants", { amount: LARGE, kind: "bonus", priority: 7 }, key);
    expect(again).toMatchObject({ status: 202, body: { approvalId: id } });
    expect(again.headers.get("idempotent-replayed")).toBe("true");
    expect(code(await write("jan", "grants", { amount: LARGE + 1 }, key))).toEqual([422, "idempotency_key_reused"]);
    expect(code(await write("jan", "grants", { amount: 5 }, key))).toEqual([422, "idempotency_key_reused"]);
    await decide(id, "approve", "ben");
    expect((await write("jan", "grants", { amount: LARGE, kind: "bonus", priority: 7 }, key)).body.approvalId).toBe(id);
    expect(await balance("jan")).toBe(LARGE);
  });

  test("copies of one proposing request at the same moment make one proposal", async () => {
    const key = newKey();
    const answers = await Promise.all(Array.from({ length: 8 }, () => write("kim", "grants", { amount: LARGE }, key)));
    expect(new Set(answers.map((answer) => answer.body.approvalId)).size).toBe(1);
    expect((await audited("kim")).length).toBe(1);
  });

  test("a crowd that approves at the same moment does it once", async () => {
    const id = await proposedGrant("leo");
    const admins = ["ben", "ben", "cleo", "dan", "eve", "ben", "cleo"];
    const answers = await Promise.all(admins.map((by) => decide(id, "approve", by)));
    const [first] = answers.filter((answer) => answer.status === 200);
    const winner = first?.body.decidedBy;
    answers.forEach((answer, n) => {
      expect(answer.status).toBe(admins[n] === winner ? 200 : 409);
    });
    expect(await balance("leo")).toBe(LARGE);
    expect(await rows("leo")).toHaveLength(1);
    expect((await audited("leo")).map(({ action }) => action)).toEqual([
      "approval.propose",
      "approval.approve",
      "credits.grant",
    ]);
  });

  test("approve against reject: one of them wins, and the balance says which", async () => {
    for (let n = 0; n < 3; n++) {
      const user = `race-${n}`;
      const id = await proposedGrant(user);
      const [approved, rejected] = await Promise.all([decide(id, "approve", "ben"), decide(id, "reject", "cleo")]);
      expect([approved.status, rejected.status].sort()).toEqual([200, 409]);
      expect(await balance(user)).toBe(approved.status === 200 ? LARGE : 0);
    }
  });

  test("an answer that was lost is given again to the same admin", async () => {
    const id = await proposedGrant("mia");
    const first = await decide(id, "approve", "ben");
    const second = await decide(id, "approve", "ben");
    expect(second).toMatchObject({ status: 200, body: first.body });
    expect(second.headers.get("idempotent-replayed")).toBe("true");
  });

  test("a key that the ledger has served stays with the ledger, also above the threshold", async () => {
    const key = newKey();
    const small = await write("ned", "grants", { amount: 5 }, key);
    expect(small.status).toBe(200);
    expect(code(await write("ned", "grants", { amount: LARGE }, key))).toEqual([422, "idempotency_key_reused"]);
    expect((await credits.admin("GET", "/api/admin/approvals?userId=ned")).body.data).toEqual([]);
  });
});

describe("what can't be done", () => {
  test("an adjustment that finds nothing is not approved: the proposal waits, and nothing is half done", async () => {
    const down = await write("olga", "adjustments", { amount: -LARGE });
    const id = down.body.approvalId;
    expect(code(await decide(id, "approve", "ben"))).toEqual([402, "insufficient_credits"]);
    const [still] = (await credits.admin("GET", "/api/admin/approvals?userId=olga")).body.data;
    expect(still).toMatchObject({ id, status: "pending", decidedBy: null });
    expect((await audited("olga")).map(({ action }) => action)).toEqual(["approval.propose"]);
  });

  test("a proposal waits a bounded time", async () => {
    const id = await proposedGrant("pia");
    credits.clock.advance({ hours: 24 });
    try {
      expect(code(await decide(id, "approve", "ben"))).toEqual([409, "approval_expired"]);
      const expired = (await credits.admin("GET", "/api/admin/approvals?status=expired&userId=pia")).body.data;
      expect(expired).toMatchObject([{ id, status: "expired" }]);
      expect((await credits.admin("GET", "/api/admin/approvals?status=pending&userId=pia")).body.data).toEqual([]);
      expect(await balance("pia")).toBe(0);
    } finally {
      credits.clock.advance({ hours: -24 });
    }
  });

  test("a grant whose own end came while it waited is not given", async () => {
    const body = { amount: LARGE, expiresAt: "2026-01-15T11:00:00.000Z" };
    const { approvalId } = (await write("quin", "grants", body)).body;
    credits.clock.advance({ hours: 2 });
    try {
      expect(code(await decide(approvalId, "approve", "ben"))).toEqual([409, "approval_outdated"]);
      expect(code(await write("quin", "grants", body))).toEqual([400, "validation_failed"]);
    } finally {
      credits.clock.advance({ hours: -2 });
    }
  });

  test("lists page without gaps", async () => {
    const made = [await proposedGrant("rosa"), await proposedGrant("rosa"), await proposedGrant("rosa")];
    const first = (await credits.admin("GET", "/api/admin/approvals?userId=rosa&limit=2")).body;
    const second = (await credits.admin("GET", `/api/admin/approvals?userId=rosa&limit=2&cursor=${first.nextCursor}`))
      .body;
    const ids = [...first.data, ...second.data].map((one: { id: string }) => one.id);
    expect(ids).toEqual(made.reverse());
    expect(second.nextCursor).toBeNull();
  });
});

describe("a fault between the decision and its end", () => {
  test("the audit row can't be written: the approval and the credits are rolled back together", async () => {
    const id = await proposedGrant("sven");
    await owner.query(`CREATE TRIGGER no_audit BEFORE INSERT ON outbox FOR EACH ROW
      BEGIN IF NEW.topic = 'admin.v1' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'planted fault'; END IF; END`);
    try {
      expect((await decide(id, "approve", "ben")).status).toBe(500);
      expect((await write("sven", "grants", { amount: LARGE })).status).toBe(500);
    } finally {
      await owner.query("DROP TRIGGER no_audit");
    }
    expect(await balance("sven")).toBe(0);
    expect((await credits.admin("GET", "/api/admin/approvals?userId=sven")).body.data).toHaveLength(1);
    expect((await decide(id, "approve", "ben")).status).toBe(200);
    expect(await balance("sven")).toBe(LARGE);
  });
});
