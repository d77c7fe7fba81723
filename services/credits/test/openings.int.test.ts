import { Database } from "@stipend/platform/mysql/database";
import { parseJson } from "@stipend/platform/mysql/values";
import { MembershipCycle } from "@stipend/proto/events/membership/v1/events";
import { eventually } from "@stipend/testing/eventually";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type CreditsHarness, type MembershipFacts, membershipEvent, startCredits } from "./harness.ts";

// A team moves in on 20 March; its members joined on some day before.
const NOW = "2026-03-20T10:00:00.000Z";
let credits: CreditsHarness;
let owner: Database;
beforeAll(async () => {
  credits = await startCredits({ now: NOW });
  owner = new Database({ url: credits.database.ownerUrl, poolSize: 2, log: credits.log });
}, 60_000);
afterAll(async () => {
  await owner?.stop();
  await credits?.stop();
}, 60_000);
beforeEach(() => credits.clock.set(NOW));

const account = async (user: string) => (await credits.as(user, "GET", "/api/credits")).body;
const rows = async (user: string): Promise<[string, number, string | null][]> =>
  (await credits.as(user, "GET", "/api/credits/transactions?limit=100")).body.data
    .map((row: { type: string; amount: number; grantKind: string | null }) => [row.type, row.amount, row.grantKind])
    .toReversed();

async function open(items: readonly unknown[], more: object = {}) {
  const body = {
    reason: "moved in",
    items: items.map((item) => (typeof item === "object" ? { key: "import:move-in", ...item } : item)),
    ...more,
  };
  const answer = await credits.admin("POST", "/api/admin/credits/openings", body);
  expect(answer.status).toBe(200);
  return answer.body.results;
}

/** Tells of a membership and waits until credits has taken it in. */
async function told(facts: MembershipFacts): Promise<void> {
  await credits.publish([membershipEvent(facts)], "membership.v1");
  await eventually(async () => {
    expect((await account(facts.userId)).allowance?.monthlyCredits).toBe(facts.credits ?? 250);
  });
}

const pro = (remaining: number, more: object = {}) => ({
  allowance: { remaining, monthlyCredits: 250, cycle: "monthly", anchor: "calendar", ...more },
});

async function outboxOf(user: string): Promise<{ action: string; before: string; after: string; reason: string }[]> {
  const found = await owner.query<{ payload: unknown }>(
    "SELECT payload FROM outbox WHERE topic = 'admin.v1' AND subject = ? ORDER BY id",
    [user],
  );
  return found.map(({ payload }) => parseJson(payload) as Awaited<ReturnType<typeof outboxOf>>[number]);
}

test("who moves in mid-month keeps what is there: no second allowance, the rest of the month lapses at the reset", async () => {
  const [answer] = await open([{ userId: "mover", balance: 620, ...pro(120) }]);
  expect(answer).toMatchObject({ status: 200, replayed: false, userId: "mover", balanceAfter: 620, version: 2 });
  expect(await account("mover")).toMatchObject({ balance: 620, allowance: null });

  await told({ userId: "mover", version: 1, startedAt: "2025-11-17T09:00:00Z" });
  expect(await account("mover")).toMatchObject({
    balance: 620,
    allowance: { tier: "pro", remaining: 120, nextResetAt: "2026-04-01T00:00:00.000Z" },
  });
  expect(await rows("mover")).toEqual([
    ["grant", 120, "allowance"],
    ["grant", 500, "adjustment"],
  ]);
  const audits = await outboxOf("mover");
  expect(audits.map(({ action, reason }) => [action, reason])).toEqual([
    ["credits.open", "moved in"],
    ["credits.open", "moved in"],
  ]);
  expect(audits.map(({ before, after }) => [JSON.parse(before).balance, JSON.parse(after).balance])).toEqual([
    [0, 120],
    [120, 620],
  ]);

  credits.clock.set("2026-04-01T00:00:00.000Z");
  expect(await account("mover")).toMatchObject({ balance: 750, allowance: { remaining: 250 } });
  expect((await rows("mover")).at(-1)).toEqual(["reset", 130, "allowance"]);
});

test("an upgrade in the month of the move gives the difference of the quotas", async () => {
  await open([{ userId: "upgrader", balance: 10, ...pro(10) }]);
  await told({ userId: "upgrader", version: 1, startedAt: "2026-01-05T00:00:00Z" });
  await told({ userId: "upgrader", version: 2, tier: "premium", credits: 600, startedAt: "2026-01-05T00:00:00Z" });
  expect(await account("upgrader")).toMatchObject({ balance: 360, allowance: { remaining: 360 } });
});

test("nothing left of the month: a row of 0 keeps the key, and no allowance comes before the reset", async () => {
  await open([{ userId: "spent", balance: 0, ...pro(0) }]);
  await told({ userId: "spent", version: 1, startedAt: "2026-01-05T00:00:00Z" });
  expect(await rows("spent")).toEqual([["grant", 0, null]]);
  expect(await account("spent")).toMatchObject({ balance: 0, grants: [], allowance: { remaining: 0 } });
  credits.clock.set("2026-04-01T00:00:00.000Z");
  expect(await account("spent")).toMatchObject({ balance: 250 });
});

test("without an allowance it is only a balance: the membership gives its first month on top", async () => {
  await open([{ userId: "due", balance: 40 }]);
  await told({ userId: "due", version: 1, startedAt: "2026-01-05T00:00:00Z" });
  expect(await account("due")).toMatchObject({ balance: 290, allowance: { remaining: 250 } });
});

test("a yearly member: the months up to now were given, the next comes on the join day", async () => {
  const startedAt = "2025-12-31T12:00:00Z";
  await open([{ userId: "yearly", balance: 70, ...pro(70, { cycle: "yearly", startedAt }) }]);
  await told({
    userId: "yearly",
    version: 1,
    startedAt,
    cycle: MembershipCycle.YEARLY,
    periodEnd: "2026-12-31T12:00:00Z",
  });
  const months = async (): Promise<string[]> =>
    (await credits.as("yearly", "GET", "/api/credits/schedule")).body.data
      .map((month: { status: string }) => month.status)
      .toReversed();
  expect((await months()).slice(0, 5)).toEqual(["given", "given", "given", "scheduled", "scheduled"]);
  expect(await account("yearly")).toMatchObject({
    balance: 70,
    allowance: { remaining: 70, nextResetAt: "2026-03-31T12:00:00.000Z" },
  });
  credits.clock.set("2026-03-31T12:00:00.000Z");
  expect(await account("yearly")).toMatchObject({ balance: 250 });
  expect((await months()).slice(0, 5)).toEqual(["given", "given", "given", "given", "scheduled"]);
});

test("the same again changes nothing, even later and with another tier's figures; other values are refused", async () => {
  const item = { userId: "again", balance: 100, ...pro(60) };
  await open([item]);
  credits.clock.set("2026-03-25T00:00:00.000Z");
  expect(await open([item])).toMatchObject([{ status: 200, replayed: true, balanceAfter: 100 }]);
  const edited = { ...item, allowance: { ...item.allowance, monthlyCredits: 999, anchor: "anniversary" } };
  expect(await open([edited])).toMatchObject([{ status: 200, replayed: true }]);
  const reused = { status: 422, code: "idempotency_key_reused" };
  expect(await open([{ ...item, balance: 101 }])).toMatchObject([reused]);
  // All of it was allowance, so no row stands under the balance's own key: the sibling's is found.
  await open([{ userId: "again-2", balance: 60, ...pro(60) }]);
  expect(await open([{ userId: "again-2", balance: 60 }])).toMatchObject([reused]);
  await open([{ userId: "again-3", balance: 60 }]);
  expect(await open([{ userId: "again-3", balance: 60, ...pro(60) }])).toMatchObject([reused]);
  expect(await rows("again")).toHaveLength(2);
  expect(await rows("again-2")).toHaveLength(1);
  expect(await rows("again-3")).toHaveLength(1);
  expect(await outboxOf("again")).toHaveLength(2);
});

test("20 copies at once book once", async () => {
  const item = { userId: "storm", balance: 90, ...pro(30) };
  const answers = (await Promise.all(Array.from({ length: 20 }, () => open([item])))).flat();
  expect(answers.filter(({ replayed }) => replayed === false)).toHaveLength(1);
  expect(await account("storm")).toMatchObject({ balance: 90, version: 2 });
});

test("one bad item fails no other, and a refusal takes both parts of an account with it", async () => {
  await told({ userId: "member", version: 1, startedAt: "2026-01-05T00:00:00Z" });
  const results = await open([
    { userId: "good-1", balance: 5 },
    { userId: "bad", balance: -1 },
    { userId: "bad", balance: 1, ...pro(2) },
    { userId: "early", balance: 1, ...pro(0, { startedAt: "2026-03-20T10:00:00.001Z" }) },
    { userId: "member", balance: 500, ...pro(100) },
    { userId: "good-1", balance: 5 },
    { userId: "good-2", balance: 7, ...pro(7) },
    { key: "with blank", userId: "good-3", balance: 7 },
    "nonsense",
  ]);
  expect(results.map(({ status, code }: { status: number; code?: string }) => code ?? status)).toEqual([
    200,
    "validation_failed",
    "validation_failed",
    "validation_failed",
    "allowance_served",
    "validation_failed",
    200,
    "validation_failed",
    "validation_failed",
  ]);
  expect(await account("member")).toMatchObject({ balance: 250 });
  expect(await account("good-1")).toMatchObject({ balance: 5 });
  expect(await account("good-2")).toMatchObject({ balance: 7 });
});

test("a dry run answers the same and keeps nothing", async () => {
  await open([{ userId: "dry-old", balance: 3 }]);
  const items = [
    { userId: "dry", balance: 620, ...pro(120) },
    { userId: "dry-old", balance: 3 },
    { userId: "dry-old-2", balance: 3, ...pro(4) },
  ];
  expect(await open(items, { dryRun: true })).toMatchObject([
    { status: 200, replayed: false, balanceAfter: 620 },
    { status: 200, replayed: true },
    { status: 400 },
  ]);
  expect(await account("dry")).toMatchObject({ balance: 0, version: 0 });
  expect(await outboxOf("dry")).toEqual([]);
  expect(await open(items)).toMatchObject([{ status: 200, replayed: false }, { replayed: true }, { status: 400 }]);
});

test("is for admins, with a reason, in bounded batches", async () => {
  const path = "/api/admin/credits/openings";
  const items = [{ key: "k", userId: "x", balance: 1 }];
  for (const roles of ["user", "support", "auditor", "service"]) {
    const answer = await credits.call("POST", path, { body: { reason: "x", items }, user: "eve", roles });
    expect(answer).toMatchObject({ status: 403, body: { code: "role_required" } });
  }
  expect(await credits.admin("POST", path, { items })).toMatchObject({ status: 400 });
  const many = Array.from({ length: 501 }, (_, n) => ({ key: "k", userId: `x${n}`, balance: 1 }));
  expect(await credits.admin("POST", path, { reason: "x", items: many })).toMatchObject({ status: 400 });
});

test("the books of everybody who moved in agree with themselves", async () => {
  const accounts = await owner.call<{ user_id: string; problems: string }>("CheckCreditsSync", "", 500, null);
  expect(accounts.length).toBeGreaterThan(10);
  expect(accounts.filter(({ problems }) => problems !== "[]")).toEqual([]);
});
