/** The scenario the product is for, step by step; each test stands on the one before. */
import { Account } from "@stipend/proto/http/credits/account";
import { Movement } from "@stipend/proto/http/credits/movement";
import { eventually } from "@stipend/testing/eventually";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { type Client, expectBody } from "../support/client.ts";
import { accountOf, giveCredits, newKey, type Person } from "../support/people.ts";
import { running } from "../support/running.ts";
import { DevClock, Membership, Problem, Rewritten, Shortfall, Transactions } from "../support/shapes.ts";
import { pathTo, readTrace, serviceOf } from "../support/traces.ts";

const TEXT = { text: "In order to decide, we basically need to take a look." };
const { people, tracesUrl, rewriteUrl } = running();

let admin: Client;
let alice: Person;
let bob: Person;

beforeAll(async () => {
  admin = await people.admin();
  alice = await people.newcomer("alice");
  bob = await people.newcomer("bob");
});

afterAll(async () => {
  expectBody(await admin.put("/api/dev/clock", { real: true }), DevClock);
});

async function historyOf(person: Person, limit: number) {
  const page = await person.client.get(`/api/credits/transactions?limit=${limit}`);
  return expectBody(page, Transactions).data;
}

describe("the scenario", () => {
  test("1. an admin makes alice a Pro member; credits allocates 250", async () => {
    const body = { tier: "pro", cycle: "monthly", reason: "bought Pro" };
    const answer = await admin.put(`/api/admin/users/${alice.name}/membership`, body);
    expect(expectBody(answer, Membership)).toMatchObject({ userId: alice.name, tier: "pro", status: "active" });
    expect(expectBody(await alice.client.get("/api/membership"), Membership)).toMatchObject({ tier: "pro" });

    const account = await eventually(async () => {
      const found = await accountOf(alice);
      expect(found.balance).toBe(250);
      return found;
    });
    expect(account).toMatchObject({ held: 0, available: 250, allowance: { tier: "pro", monthlyCredits: 250 } });
    expect(account.grants).toMatchObject([{ kind: "allowance", remaining: 250 }]);
  });

  test("2. a metered feature spends 1 credit and answers", async () => {
    const answer = await alice.client.post("/api/rewrite", TEXT);
    expect(expectBody(answer, Rewritten).text).not.toBe(TEXT.text);
    expect(answer.headers.get("stipend-credits-charged")).toBe("1");
    expect(answer.headers.get("stipend-credits-remaining")).toBe("249");
    expect(await accountOf(alice)).toMatchObject({ balance: 249, held: 0 });
    expect((await historyOf(alice, 2)).map((row) => [row.type, row.amount])).toEqual([
      ["consume", -1],
      ["hold", 0],
    ]);
  });

  test.each(["error", "cut", "crash"])(
    "3. the upstream fails (%s): the credit comes back, hold and release stand in the history",
    async (how) => {
      const before = await accountOf(alice);
      const answer = await alice.client.post("/api/rewrite", TEXT, { headers: { "rewrite-fail": how } });
      const problem = expectBody(answer, Problem, answer.status);
      expect(answer.status).toBeGreaterThanOrEqual(500);
      expect(problem.code).toBe("feature_failed");
      expect(answer.headers.get("content-type")).toContain("application/problem+json");
      expect(await accountOf(alice)).toMatchObject({ balance: before.balance, held: 0, available: before.balance });
      const [release, hold] = await historyOf(alice, 2);
      expect(hold).toMatchObject({ type: "hold", amount: 0, heldAfter: 1, balanceAfter: before.balance });
      expect(release).toMatchObject({ type: "release", amount: 0, heldAfter: 0, balanceAfter: before.balance });
      expect(release?.relatedId).toBe(hold?.relatedId);
    },
  );

  test("4. bob, no member, uses 3 credits; the fourth call answers 402 with what is missing and what he can do", async () => {
    await giveCredits(admin, bob, 3);
    // The crash of step 3 ended the sample upstream; the launcher starts it again.
    await eventually(async () => expect((await fetch(`${rewriteUrl}/healthz`)).status).toBe(200), {
      timeoutMs: 20_000,
    });
    for (const remaining of ["2", "1", "0"]) {
      const answer = await bob.client.post("/api/rewrite", TEXT);
      expectBody(answer, Rewritten);
      expect(answer.headers.get("stipend-credits-remaining")).toBe(remaining);
    }
    const refused = expectBody(await bob.client.post("/api/rewrite", TEXT), Shortfall, 402);
    expect(refused).toMatchObject({ code: "insufficient_credits", required: 1, available: 0, shortfall: 1 });
    expect(refused.options.map((option) => option.action)).toEqual(expect.arrayContaining(["top_up", "upgrade"]));
    expect(await accountOf(bob)).toMatchObject({ balance: 0, held: 0 });

    const direct = await bob.client.post("/api/credits/consume", { amount: 5, reason: "too much" }, { key: newKey() });
    expect(expectBody(direct, Shortfall, 402)).toMatchObject({ required: 5, available: 0, shortfall: 5 });
  });

  test("5. a month passes: alice is reset to 250, bob keeps what he has", async () => {
    await giveCredits(admin, bob, 2);
    const before = await accountOf(alice);
    const now = new Date(before.asOf);
    const boundary = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1)).toISOString();
    expectBody(await admin.put("/api/dev/clock", { now: boundary }), DevClock);

    const after = await accountOf(alice);
    expect(after).toMatchObject({ balance: 250, held: 0, allowance: { remaining: 250 } });
    expect(await historyOf(alice, 1)).toMatchObject([
      { type: "reset", amount: 250 - before.balance, balanceBefore: before.balance, balanceAfter: 250 },
    ]);
    expect(await accountOf(bob)).toMatchObject({ balance: 2, allowance: null });
    expect((await historyOf(bob, 1))[0]?.type).toBe("grant");
  });

  test("6. one trace leads from the HTTP request through outbox and Kafka to the transaction in credits", async () => {
    const auditor = await people.withRoles("otto-auditor", ["auditor"]);
    const AuditPage = z.object({ data: z.array(z.looseObject({ action: z.string(), traceId: z.string() })) });
    const traceId = await eventually(async () => {
      const page = expectBody(await auditor.get(`/api/admin/audit?target=${alice.name}`), AuditPage);
      const change = page.data.find((entry) => entry.action.startsWith("membership."));
      expect(change).toBeDefined();
      return change?.traceId ?? "";
    });
    await eventually(
      async () => {
        const spans = await readTrace({ engine: "zipkin", url: tracesUrl }, traceId);
        const inDatabase = spans.filter((span) => Object.keys(span.tags ?? {}).some((name) => name.startsWith("db.")));
        const ways = inDatabase.map((span) => [...new Set(pathTo(spans, span).map(serviceOf))].join(" → "));
        expect(ways).toContain("gateway → membership → credits");
      },
      { timeoutMs: 30_000, everyMs: 500 },
    );
  });

  test("the answers have the shapes of the contract", async () => {
    expect(Account.safeParse(await accountOf(alice)).success).toBe(true);
    const spent = await alice.client.post("/api/credits/consume", { amount: 2, reason: "a test" }, { key: newKey() });
    expect(expectBody(spent, Movement)).toMatchObject({
      userId: alice.name,
      amount: 2,
      balanceBefore: 250,
      balanceAfter: 248,
    });
  });
});
