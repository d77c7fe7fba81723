// No admin change exists without its audit row: where the row can't be written, nothing was changed.
import { silentLog } from "@stipend/platform/log/log";
import { Database } from "@stipend/platform/mysql/database";
import { publicRoutes } from "@stipend/proto/http/catalogue";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Harness, startHarness } from "./app-support.ts";

let h: Harness;
let owner: Database;
beforeAll(async () => {
  h = await startHarness();
  owner = new Database({ url: h.schema.ownerUrl, log: silentLog(), poolSize: 2 });
});
afterAll(async () => {
  await owner?.stop();
  await h?.close();
});

const NO_AUDIT = `CREATE TRIGGER no_audit BEFORE INSERT ON outbox FOR EACH ROW
  BEGIN IF NEW.topic = 'admin.v1' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'planted fault'; END IF; END`;

const PRO = { tier: "pro", cycle: "monthly", reason: "paid by invoice" };
const WRITES = [
  { action: "membership.set", method: "PUT", path: "/api/admin/users/alice/membership", subject: "alice", body: PRO },
  {
    action: "membership.end",
    method: "DELETE",
    path: "/api/admin/users/alice/membership",
    subject: "alice",
    body: { reason: "chargeback" },
  },
  {
    action: "tier.set",
    method: "PUT",
    path: "/api/admin/tiers/team",
    subject: "team",
    body: { displayName: "Team", monthlyCredits: 2_000, rank: 40, reason: "new offer" },
  },
  {
    action: "user.tokens.revoke",
    method: "POST",
    path: "/api/admin/revocations",
    subject: "alice",
    body: { userId: "alice", reason: "laptop stolen" },
  },
] as const;

/** Everything that such a write could have left behind. */
async function traces() {
  const all = async (table: string) => await owner.query(`SELECT * FROM ${table}`);
  return {
    memberships: await all("memberships"),
    history: await all("membership_history"),
    tiers: await all("membership_tiers"),
    revocations: await all("token_revocations"),
    events: await owner.query("SELECT event_id FROM outbox WHERE topic IN ('admin.v1', 'membership.v1')"),
  };
}

describe.each(WRITES)("$action", ({ action, method, path, subject, body }) => {
  it("is rolled back when its audit row can't be written; done, it has exactly one", async () => {
    const before = await traces();
    await owner.query(NO_AUDIT);
    try {
      expect((await h.call(method, path, { body })).status).toBe(500);
    } finally {
      await owner.query("DROP TRIGGER no_audit");
    }
    expect(await traces()).toEqual(before);
    const already = await told(subject, action);
    expect((await h.call(method, path, { body })).status).toBeLessThan(300);
    expect(await told(subject, action)).toBe(already + 1);
  });

  it("needs a reason", async () => {
    const { reason: _, ...unexplained } = body;
    expect(await h.call(method, path, { body: unexplained })).toMatchObject({
      status: 400,
      body: { code: "validation_failed" },
    });
  });
});

it("a batch of users whose audit rows can't be written leaves no membership; booked, each has exactly one", async () => {
  const items = ["bo", "cy"].map((userId) => ({ key: userId, userId, membership: { tier: "pro", cycle: "monthly" } }));
  const body = { reason: "moving in", items };
  const { memberships, history } = await traces();
  await owner.query(NO_AUDIT);
  try {
    const failed = await h.call("POST", "/api/admin/users/batch", { body });
    for (const result of failed.body.results ?? [failed]) expect(result.status).toBeGreaterThanOrEqual(500);
  } finally {
    await owner.query("DROP TRIGGER no_audit");
  }
  expect(await traces()).toMatchObject({ memberships, history });
  for (let n = 0; n < 2; n++) expect((await h.call("POST", "/api/admin/users/batch", { body })).status).toBe(200);
  expect([await told("bo"), await told("cy")]).toEqual([1, 1]);
});

it("the list above holds every admin write there is", () => {
  const writes = publicRoutes().filter(
    ({ owner: service, contract }) =>
      service === "membership" && contract.method !== "GET" && contract.roles.includes("admin"),
  );
  // And the batch.
  expect(writes.length).toBe(WRITES.length + 1);
});

async function told(subject: string, action?: string): Promise<number> {
  const rows = await owner.query<{ payload: string | { action: string } }>(
    "SELECT payload FROM outbox WHERE topic = 'admin.v1' AND subject = ?",
    [subject],
  );
  const actions = rows.map(({ payload }) => (typeof payload === "string" ? JSON.parse(payload) : payload).action);
  return actions.filter((one) => action === undefined || one === action).length;
}
