import { routesOf } from "@stipend/proto/http/catalogue";
import { routerDifferences } from "@stipend/testing/served-routes";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Answer, type CreditsHarness, startCredits } from "./harness.ts";

let credits: CreditsHarness;
beforeAll(async () => {
  credits = await startCredits();
}, 60_000);
afterAll(async () => {
  await credits?.stop();
}, 60_000);

const give = async (user: string, amount: number, more: object = {}) => {
  const answer = await credits.admin("POST", `/api/admin/users/${user}/credits/grants`, {
    amount,
    kind: "bonus",
    reason: "test",
    ...more,
  });
  expect(answer.status).toBe(200);
  return answer.body;
};
const spend = (user: string, amount: number, key?: string) =>
  credits.as(user, "POST", "/api/credits/consume", { amount, reason: "work" }, key === undefined ? {} : { key });
const code = (answer: Answer) => [answer.status, answer.body.code];

test("the router serves what the document says, and nothing else", () => {
  expect(routerDifferences(credits.app.http.app, routesOf("credits"))).toEqual([]);
});

describe("who may do what", () => {
  test("without an internal token nothing is answered", async () => {
    const answer = await credits.call("GET", "/api/credits", {
      user: "x",
      roles: "user",
      headers: { authorization: "Bearer a.b.c" },
    });
    expect(code(answer)).toEqual([401, "internal_token_required"]);
  });

  test("a user acts only on itself, and is told so before anything else is looked at", async () => {
    const body = { amount: -5, reason: "", userId: "somebody-else", surprise: true };
    expect(code(await credits.as("mallory", "POST", "/api/credits/consume", body))).toEqual([403, "forbidden"]);
    expect(code(await credits.as("mallory", "GET", "/api/credits?userId=alice&limit=x"))).toEqual([403, "forbidden"]);
    for (const path of ["", "/transactions", "/transactions.csv", "/usage", "/explain", "/packages", "/schedule"]) {
      expect(code(await credits.as("mallory", "GET", `/api/credits${path}?userId=alice`))).toEqual([403, "forbidden"]);
    }
  });

  test("a user can't do what services and admins do", async () => {
    const holds = { userId: "mallory", amount: 1, ttlSeconds: 5, reason: "x" };
    for (const [method, path, body] of [
      ["POST", "/api/credits/holds", holds],
      ["POST", "/api/credits/refund", { transactionId: "1", reason: "x" }],
      ["POST", "/api/credits/batch", { operations: [] }],
      ["POST", "/api/credits/packages/x/purchase", {}],
      ["POST", "/api/admin/users/mallory/credits/grants", { amount: 5, reason: "x" }],
      ["PUT", "/api/admin/packages/x", {}],
    ] as const) {
      expect(code(await credits.as("mallory", method, path, body))).toEqual([403, "role_required"]);
    }
  });

  test("a service names the user; support reads but does not write", async () => {
    expect(code(await credits.service("POST", "/api/credits/consume", { amount: 1, reason: "x" }))).toEqual([
      400,
      "validation_failed",
    ]);
    await give("sam", 5);
    const spent = await credits.service("POST", "/api/credits/consume", { amount: 1, reason: "x", userId: "sam" });
    expect(spent).toMatchObject({ status: 200, body: { userId: "sam", balanceAfter: 4 } });
    const support = (method: string, path: string, body?: unknown) =>
      credits.call(method, path, { user: "sue", roles: "support", body });
    expect((await support("GET", "/api/credits?userId=sam")).body).toMatchObject({ userId: "sam", balance: 4 });
    expect(code(await support("GET", "/api/credits?userId=nobody-ever"))).toEqual([404, "user_not_found"]);
    expect(code(await support("POST", "/api/admin/users/sam/credits/grants", { amount: 1, reason: "x" }))).toEqual([
      403,
      "role_required",
    ]);
  });

  test("a user's own first call creates it; ids are told apart byte for byte", async () => {
    expect((await credits.as("Newcomer", "GET", "/api/credits")).body).toMatchObject({
      userId: "Newcomer",
      balance: 0,
      version: 0,
      allowance: null,
      grants: [],
    });
    await give("Newcomer", 7);
    expect((await credits.as("newcomer", "GET", "/api/credits")).body).toMatchObject({
      userId: "newcomer",
      balance: 0,
    });
  });
});

describe("bad input", () => {
  test.each([
    ["a negative amount", { amount: -1, reason: "x" }],
    ["zero", { amount: 0, reason: "x" }],
    ["a fraction", { amount: 1.5, reason: "x" }],
    ["too much", { amount: 1_000_001, reason: "x" }],
    ["a text", { amount: "1", reason: "x" }],
    ["no reason", { amount: 1 }],
    ["an empty reason", { amount: 1, reason: "  " }],
    ["half a character", { amount: 1, reason: "\ud800" }],
    ["half a character in metadata", { amount: 1, reason: "x", metadata: { a: "\udfff" } }],
    ["NUL in metadata", { amount: 1, reason: "x", metadata: { a: "a\0b" } }],
    ["an unknown field", { amount: 1, reason: "x", free: true }],
    [
      "metadata too large",
      {
        amount: 1,
        reason: "x",
        metadata: Object.fromEntries(Array.from({ length: 10 }, (_, n) => [`k${n}`, "v".repeat(400)])),
      },
    ],
  ])("%s is refused", async (_, body) => {
    expect(code(await credits.as("ida", "POST", "/api/credits/consume", body))).toEqual([400, "validation_failed"]);
  });

  test("a missing key comes after validation", async () => {
    expect(
      code(await credits.as("ida", "POST", "/api/credits/consume", { amount: 1, reason: "x" }, { key: null })),
    ).toEqual([400, "idempotency_key_required"]);
    expect(
      code(await credits.as("ida", "POST", "/api/credits/consume", { amount: 0, reason: "x" }, { key: null })),
    ).toEqual([400, "validation_failed"]);
  });

  test("unknown paths, ids and cursors", async () => {
    expect(code(await credits.as("ida", "GET", "/api/credits/nothing"))).toEqual([404, "not_found"]);
    expect(code(await credits.as("ida", "GET", "/api/credits/transactions/999999999"))).toEqual([
      404,
      "transaction_not_found",
    ]);
    expect(code(await credits.as("ida", "GET", "/api/credits/transactions/abc"))).toEqual([400, "validation_failed"]);
    expect(code(await credits.as("ida", "GET", "/api/credits/transactions?cursor=abc"))).toEqual([
      400,
      "invalid_cursor",
    ]);
    expect(code(await credits.as("ida", "GET", "/api/credits/transactions?limit=101"))).toEqual([
      400,
      "validation_failed",
    ]);
    expect(
      code(await credits.as("ida", "GET", "/api/credits/usage?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z")),
    ).toEqual([400, "validation_failed"]);
    expect(code(await credits.service("POST", "/api/credits/holds/12345/capture", {}))).toEqual([
      404,
      "hold_not_found",
    ]);
    expect(code(await credits.service("POST", "/api/credits/refund", { transactionId: "12345", reason: "x" }))).toEqual(
      [404, "transaction_not_found"],
    );
  });
});

describe("idempotency", () => {
  test("100 copies of one request at once make one row and one answer", async () => {
    await give("carol", 10);
    const answers = await Promise.all(Array.from({ length: 100 }, () => spend("carol", 3, "same-key")));
    expect(answers.every((answer) => answer.status === 200)).toBe(true);
    expect(new Set(answers.map((answer) => JSON.stringify(answer.body))).size).toBe(1);
    expect(answers.filter((answer) => answer.headers.get("idempotent-replayed") === null)).toHaveLength(1);
    expect((await credits.as("carol", "GET", "/api/credits")).body).toMatchObject({ balance: 7, version: 2 });
  });

  test("the same key with another request is refused, for another account it is another key", async () => {
    await give("dave", 10);
    await give("erin", 10);
    expect((await spend("dave", 1, "k1")).status).toBe(200);
    expect(code(await spend("dave", 2, "k1"))).toEqual([422, "idempotency_key_reused"]);
    expect(code(await spend("dave", 1_000, "k1"))).toEqual([422, "idempotency_key_reused"]);
    expect((await spend("erin", 2, "k1")).body).toMatchObject({ balanceAfter: 8 });
  });

  test("a refusal is judged again", async () => {
    expect((await spend("frank", 5, "later")).status).toBe(402);
    await give("frank", 5);
    expect(await spend("frank", 5, "later")).toMatchObject({ status: 200, body: { balanceAfter: 0 } });
    const replay = await spend("frank", 5, "later");
    expect([replay.status, replay.headers.get("idempotent-replayed")]).toEqual([200, "true"]);
  });
});

describe("refunds", () => {
  test("part by part, up to the original, back to the grant it came from", async () => {
    const grant = await give("gina", 10);
    const spent = (await spend("gina", 6)).body;
    const refund = (amount?: number) =>
      credits.service("POST", "/api/credits/refund", {
        transactionId: spent.transactionId,
        reason: "sorry",
        ...(amount === undefined ? {} : { amount }),
      });
    expect(await refund(2)).toMatchObject({
      status: 200,
      body: {
        amount: 2,
        balanceAfter: 6,
        refundedTransactionId: spent.transactionId,
        draws: [{ grantId: grant.grantId, kind: "bonus", amount: 2 }],
      },
    });
    const tooMuch = await refund(5);
    expect([...code(tooMuch), tooMuch.body.refundable]).toEqual([409, "refund_exceeds_original", 4]);
    expect((await refund()).body).toMatchObject({ amount: 4, balanceAfter: 10 });
    expect(code(await refund())).toEqual([409, "nothing_to_refund"]);
    expect(
      code(await credits.service("POST", "/api/credits/refund", { transactionId: grant.transactionId, reason: "x" })),
    ).toEqual([409, "not_refundable"]);
  });

  test("an admin's refund names the account; another's transaction is not found", async () => {
    await give("hal", 5);
    const spent = (await spend("hal", 5)).body;
    const body = { transactionId: spent.transactionId, reason: "x" };
    expect(code(await credits.admin("POST", "/api/admin/users/gina/credits/refunds", body))).toEqual([
      404,
      "transaction_not_found",
    ]);
    expect(await credits.admin("POST", "/api/admin/users/hal/credits/refunds", body)).toMatchObject({
      status: 200,
      body: { balanceAfter: 5 },
    });
  });
});

describe("holds", () => {
  const hold = (user: string, amount: number, more: object = {}) =>
    credits.service("POST", "/api/credits/holds", { userId: user, amount, ttlSeconds: 60, reason: "job", ...more });

  test("reserved credits can't be spent twice; part of a hold can be captured", async () => {
    await give("iris", 10);
    const held = (await hold("iris", 8)).body;
    expect((await credits.as("iris", "GET", "/api/credits")).body).toMatchObject({
      balance: 10,
      held: 8,
      available: 2,
    });
    expect(code(await spend("iris", 3))).toEqual([402, "insufficient_credits"]);
    const capture = (amount: number, key: string) =>
      credits.service("POST", `/api/credits/holds/${held.holdId}/capture`, { amount }, { key });
    const over = await capture(9, "over");
    expect([...code(over), over.body.held]).toEqual([409, "capture_exceeds_hold", 8]);
    expect((await capture(5, "c")).body).toMatchObject({
      amount: 5,
      balanceAfter: 5,
      heldAfter: 0,
      available: 5,
      status: "captured",
    });
    const again = await capture(5, "c");
    expect([again.status, again.headers.get("idempotent-replayed")]).toEqual([200, "true"]);
    const ended = await credits.service("POST", `/api/credits/holds/${held.holdId}/release`, {});
    expect([...code(ended), ended.body.holdStatus]).toEqual([409, "hold_ended", "captured"]);
    expect((await credits.service("GET", `/api/credits/holds/${held.holdId}`)).body).toMatchObject({
      status: "captured",
      captured: 5,
    });
    expect(code(await credits.as("mallory", "GET", `/api/credits/holds/${held.holdId}`))).toEqual([
      404,
      "hold_not_found",
    ]);
  });

  test("what is reserved can be listed", async () => {
    await give("hope", 10);
    const first = (await hold("hope", 2)).body;
    const second = (await hold("hope", 3, { feature: "draw" })).body;
    await credits.service("POST", `/api/credits/holds/${first.holdId}/release`, {});
    const { body } = await credits.as("hope", "GET", "/api/credits/holds");
    expect(body.data).toMatchObject([{ holdId: second.holdId, amount: 3, status: "open", feature: "draw" }]);
    expect(body.data).toHaveLength(1);
  });

  test("nobody comes back: the clock releases it, in what is read at once and in the ledger at the next touch", async () => {
    await give("jack", 4);
    const held = (await hold("jack", 4, { ttlSeconds: 30 })).body;
    credits.clock.advance({ seconds: 31 });
    expect((await credits.service("GET", `/api/credits/holds/${held.holdId}`)).body).toMatchObject({
      status: "expired",
    });
    expect((await credits.as("jack", "GET", "/api/credits")).body).toMatchObject({ balance: 4, held: 0, available: 4 });
    const late = await credits.service("POST", `/api/credits/holds/${held.holdId}/capture`, {});
    expect(code(late)).toEqual([409, "hold_ended"]);
    expect((await spend("jack", 4)).status).toBe(200);
  });
});

describe("admin", () => {
  const admin = (user: string, what: string, body: object, key?: string) =>
    credits.admin("POST", `/api/admin/users/${user}/credits/${what}`, body, key === undefined ? {} : { key });

  test("adjustments take at most what is available", async () => {
    expect((await admin("kate", "adjustments", { amount: 10, reason: "found" })).body).toMatchObject({
      amount: 10,
      balanceAfter: 10,
    });
    expect((await admin("kate", "adjustments", { amount: -4, reason: "lost" })).body).toMatchObject({
      amount: -4,
      balanceAfter: 6,
    });
    expect((await admin("kate", "adjustments", { amount: -100, reason: "lost" })).body).toMatchObject({
      amount: -6,
      balanceAfter: 0,
    });
    expect(code(await admin("kate", "adjustments", { amount: -1, reason: "lost" }))).toEqual([
      402,
      "insufficient_credits",
    ]);
    expect(code(await admin("kate", "adjustments", { amount: 0, reason: "x" }))).toEqual([400, "validation_failed"]);
  });

  test("a frozen account spends and reserves nothing, but may be given to", async () => {
    await give("liam", 5);
    expect((await admin("liam", "freeze", { reason: "fraud" }, "f1")).body).toMatchObject({ status: "frozen" });
    expect((await admin("liam", "freeze", { reason: "fraud" }, "f1")).headers.get("idempotent-replayed")).toBe("true");
    expect(code(await admin("liam", "freeze", { reason: "fraud" }))).toEqual([409, "account_already_frozen"]);
    expect(code(await spend("liam", 1))).toEqual([403, "account_frozen"]);
    expect(
      code(
        await credits.service("POST", "/api/credits/holds", { userId: "liam", amount: 1, ttlSeconds: 5, reason: "x" }),
      ),
    ).toEqual([403, "account_frozen"]);
    await give("liam", 1);
    expect((await admin("liam", "unfreeze", { reason: "cleared" })).body).toMatchObject({ status: "active" });
    expect(code(await admin("liam", "unfreeze", { reason: "cleared" }))).toEqual([409, "account_not_frozen"]);
    expect((await spend("liam", 6)).status).toBe(200);
  });

  test("an expiring grant is spent first and lapses by the clock", async () => {
    await give("mia", 5);
    const soon = new Date(credits.clock.now().getTime() + 60_000).toISOString();
    await give("mia", 5, { expiresAt: soon });
    expect((await spend("mia", 2)).body.draws).toMatchObject([{ amount: 2 }]);
    credits.clock.advance({ minutes: 2 });
    expect((await credits.as("mia", "GET", "/api/credits")).body).toMatchObject({ balance: 5 });
    const past = await admin("mia", "grants", { amount: 1, kind: "bonus", reason: "x", expiresAt: soon });
    expect(code(past)).toEqual([400, "validation_failed"]);
  });

  test("a grant that has expired since is still answered as it was when it is asked for again", async () => {
    const expiresAt = new Date(credits.clock.now().getTime() + 1_000).toISOString();
    const grant = () => admin("otto", "grants", { amount: 2, kind: "bonus", reason: "x", expiresAt }, "g1");
    const first = await grant();
    credits.clock.advance({ seconds: 5 });
    const again = await grant();
    expect([again.status, again.headers.get("idempotent-replayed"), again.body]).toEqual([200, "true", first.body]);
  });

  test("everybody sets the threshold of a low balance for themselves", async () => {
    const set = (threshold: number | null) =>
      credits.as("olga", "PUT", "/api/credits/low-balance-threshold", { threshold });
    expect((await set(7)).body).toMatchObject({ userId: "olga", lowBalanceThreshold: 7 });
    expect((await set(null)).body).toMatchObject({ lowBalanceThreshold: 0 });
    expect(code(await set(-1))).toEqual([400, "validation_failed"]);
  });

  test("packages: made, offered, bought once a payment, given away", async () => {
    const put = (packageCode: string, body: object, headers: Record<string, string> = {}) =>
      credits.admin(
        "PUT",
        `/api/admin/packages/${packageCode}`,
        { name: "P", credits: 50, reason: "catalogue", ...body },
        { headers },
      );
    expect((await put("open-50", { requiresMembership: false, validDays: 30 })).body).toMatchObject({
      version: 1,
      requiresMembership: false,
    });
    expect((await put("members-50", {})).status).toBe(200);
    expect(code(await put("open-50", { credits: 60 }, { "if-match": '"7"' }))).toEqual([412, "precondition_failed"]);
    const offers = (await credits.as("nora", "GET", "/api/credits/packages")).body.data;
    expect(offers).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ code: "open-50", available: true, unavailableBecause: null }),
        expect.objectContaining({ code: "members-50", available: false, unavailableBecause: "membership_required" }),
      ]),
    );
    const buy = (user: string, packageCode: string, paymentReference: string) =>
      credits.service("POST", `/api/credits/packages/${packageCode}/purchase`, { userId: user, paymentReference });
    expect(await buy("nora", "open-50", "pay-1")).toMatchObject({
      status: 200,
      body: { amount: 50, balanceAfter: 50, code: "open-50" },
    });
    const again = await buy("nora", "open-50", "pay-1");
    expect([again.status, again.headers.get("idempotent-replayed"), again.body.balanceAfter]).toEqual([
      200,
      "true",
      50,
    ]);
    expect(code(await buy("oscar", "open-50", "pay-1"))).toEqual([409, "payment_reference_used"]);
    expect(code(await buy("nora", "members-50", "pay-2"))).toEqual([409, "membership_required"]);
    expect(code(await buy("nora", "nothing", "pay-3"))).toEqual([404, "package_not_found"]);
    expect((await admin("nora", "packages", { code: "members-50", reason: "gift" })).body).toMatchObject({
      balanceAfter: 100,
    });
    await put("open-50", { active: false, requiresMembership: false });
    expect(code(await buy("nora", "open-50", "pay-4"))).toEqual([409, "package_inactive"]);
    expect((await credits.as("nora", "GET", "/api/credits")).body.grants).toEqual(
      expect.arrayContaining([expect.objectContaining({ kind: "package", remaining: 50 })]),
    );
  });

  test("a reset leaves a non-member as it is", async () => {
    await give("pete", 5);
    expect((await admin("pete", "reset", { reason: "please" })).body).toMatchObject({
      reset: false,
      transactionId: null,
      balanceAfter: 5,
    });
  });
});

describe("reading", () => {
  test("pages stay right while rows are added", async () => {
    await give("quinn", 100);
    for (let n = 0; n < 7; n += 1) await spend("quinn", 1);
    const seen: number[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor === null ? "limit=3" : `limit=3&cursor=${cursor}`;
      const { body } = await credits.as("quinn", "GET", `/api/credits/transactions?${query}`);
      seen.push(...body.data.map((row: { version: number }) => row.version));
      cursor = body.nextCursor;
      await spend("quinn", 1);
    } while (cursor !== null);
    expect(seen).toEqual([8, 7, 6, 5, 4, 3, 2, 1]);
    const { body } = await credits.as("quinn", "GET", "/api/credits/transactions?type=grant,refund");
    expect(body).toMatchObject({ data: [{ type: "grant" }], nextCursor: null });
    const one = await credits.as("quinn", "GET", `/api/credits/transactions/${body.data[0].id}`);
    expect(one.body).toEqual(body.data[0]);
    expect(code(await credits.as("mallory", "GET", `/api/credits/transactions/${body.data[0].id}`))).toEqual([
      404,
      "transaction_not_found",
    ]);
  });

  test("the balance of any past moment is explained grant by grant", async () => {
    const before = credits.clock.now().toISOString();
    credits.clock.advance({ hours: 1 });
    const first = await give("rosa", 10);
    credits.clock.advance({ hours: 1 });
    await spend("rosa", 4);
    const after = credits.clock.now();
    const at = async (moment: string) => (await credits.as("rosa", "GET", `/api/credits/explain?at=${moment}`)).body;
    expect(await at(before)).toMatchObject({ balance: 0, version: 0, grants: [] });
    expect(await at(new Date(after.getTime() - 60_000).toISOString())).toMatchObject({
      balance: 10,
      version: 1,
      grants: [{ id: first.grantId, kind: "bonus", remaining: 10 }],
    });
    expect(await at(after.toISOString())).toMatchObject({
      balance: 6,
      available: 6,
      grants: [{ remaining: 6 }],
      lines: [expect.stringContaining("6 left of bonus"), "6 credits in total"],
    });
  });

  test("use over time, by feature", async () => {
    await give("sven", 20);
    const use = (amount: number, feature: string) =>
      credits.as("sven", "POST", "/api/credits/consume", { amount, reason: "x", feature });
    const spent = await use(5, "rewrite");
    await credits.service("POST", "/api/credits/refund", {
      transactionId: spent.body.transactionId,
      amount: 2,
      reason: "x",
    });
    await use(1, "draw");
    const { body } = await credits.as("sven", "GET", "/api/credits/usage?interval=day&groupBy=feature");
    expect(body.data).toHaveLength(30);
    expect(body.data.at(-1)).toMatchObject({ consumed: 6, refunded: 2, net: 4 });
    expect(body.data.at(-1).features).toEqual(
      expect.arrayContaining([expect.objectContaining({ feature: "draw", consumed: 1, refunded: 0 })]),
    );
  });

  test("the ledger as CSV", async () => {
    await give("tina", 5, { reason: '=cmd|"a",b' });
    await spend("tina", 2);
    const answer = await credits.as("tina", "GET", "/api/credits/transactions.csv");
    expect(answer.headers.get("content-type")).toBe("text/csv; charset=utf-8");
    const lines = (answer.body as string).trimEnd().split("\r\n");
    expect(lines[0]).toMatch(/^id,createdAt,type,amount/);
    expect(lines.slice(1).map((line) => line.split(",")[2])).toEqual(["grant", "consume"]);
    expect(lines[1]).toContain(`"'=cmd|""a"",b"`);
  });
});

describe("batch", () => {
  test("an outcome for each, in order; one bad item fails no other; order is kept for an account", async () => {
    await give("una", 10);
    const reason = "batch";
    const answer = await credits.service("POST", "/api/credits/batch", {
      operations: [
        { op: "consume", key: "b1", userId: "una", amount: 4, reason },
        { op: "consume", key: "b2", userId: "una", amount: 100, reason },
        { op: "nonsense", key: "b3", userId: "una" },
        { op: "consume", key: "b4", userId: "vera", amount: 1, reason },
        { op: "hold", key: "b5", userId: "una", amount: 5, ttlSeconds: 60, reason },
        { op: "consume", key: "b6", userId: "una", amount: 2, reason },
        { op: "consume", key: "b1", userId: "una", amount: 4, reason },
        { op: "consume", key: "b1", userId: "una", amount: 5, reason },
        { op: "consume", key: "b7", userId: "una", amount: 1, reason, extra: 1 },
        17,
      ],
    });
    expect(answer.status).toBe(200);
    expect(answer.body.results).toMatchObject([
      { key: "b1", status: 200, replayed: false, balanceAfter: 6 },
      { key: "b2", status: 402, code: "insufficient_credits", shortfall: 94 },
      { key: "b3", status: 400, code: "validation_failed" },
      { key: "b4", status: 402 },
      { key: "b5", status: 201, heldAfter: 5, available: 1 },
      { key: "b6", status: 402 },
      { key: "b1", status: 200, replayed: true, balanceAfter: 6 },
      { key: "b1", status: 422, code: "idempotency_key_reused" },
      { key: "b7", status: 400 },
      { key: null, status: 400 },
    ]);
    const tooMany = await credits.service("POST", "/api/credits/batch", {
      operations: Array.from({ length: 1_001 }, () => ({})),
    });
    expect(code(tooMany)).toEqual([400, "validation_failed"]);
  });

  test("1,000 operations on 50 accounts add up", async () => {
    const users = Array.from({ length: 50 }, (_, n) => `w${n}`);
    await Promise.all(users.map((user) => give(user, 20)));
    const operations = Array.from({ length: 1_000 }, (_, n) => ({
      op: "consume",
      key: `k${n}`,
      userId: users[n % 50],
      amount: 1 + (n % 2),
      reason: "load",
    }));
    const { body } = await credits.service("POST", "/api/credits/batch", { operations });
    const spent = body.results.reduce(
      (sum: number, result: { status: number; amount?: number }) =>
        sum + (result.status === 200 ? (result.amount ?? 0) : 0),
      0,
    );
    const balances = await Promise.all(
      users.map(async (user) => (await credits.as(user, "GET", "/api/credits")).body.balance),
    );
    expect(spent + balances.reduce((sum, balance) => sum + balance, 0)).toBe(1_000);
    expect(Math.min(...balances)).toBeGreaterThanOrEqual(0);
  });
});

test("the check of the books finds nothing wrong, page by page", async () => {
  const seen: string[] = [];
  let after: string | undefined;
  do {
    const answer: Answer = await credits.call("POST", "/internal/check", {
      body: after === undefined ? { limit: 20 } : { after, limit: 20 },
    });
    expect(answer.status).toBe(200);
    for (const item of answer.body.data) {
      expect(item).toMatchObject({ problems: [] });
      seen.push(item.userId);
    }
    after = answer.body.nextAfter ?? undefined;
  } while (after !== undefined);
  expect(seen).toEqual([...seen].sort());
  expect(seen).toContain("una");
  const named = await credits.call("POST", "/internal/check", { body: { userIds: ["una", "nobody"] } });
  expect(named.body).toMatchObject({ data: [{ userId: "una" }], nextAfter: null });
});

test("a batch ends holds and says so beside each item's HTTP status", async () => {
  await give("ended-in-batch", 10);
  const made = async () =>
    (
      await credits.service("POST", "/api/credits/holds", {
        userId: "ended-in-batch",
        amount: 2,
        ttlSeconds: 60,
        reason: "x",
      })
    ).body.holdId;
  const item = { userId: "ended-in-batch", reason: "x" };
  const operations = [
    { op: "capture", key: "c", holdId: await made(), ...item },
    { op: "release", key: "r", holdId: await made(), ...item },
  ];
  const answer = await credits.service("POST", "/api/credits/batch", { operations });
  expect(answer.status).toBe(200);
  expect(answer.body.results).toMatchObject([
    { key: "c", status: 200, holdStatus: "captured", amount: 2 },
    { key: "r", status: 200, holdStatus: "released", amount: 2 },
  ]);
  expect((await credits.as("ended-in-batch", "GET", "/api/credits")).body).toMatchObject({ balance: 8, held: 0 });
});
