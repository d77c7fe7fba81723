import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Lab, type TestWindow } from "./support/lab.ts";

let lab: Lab;
let window: TestWindow;

beforeEach(async () => {
  lab = new Lab();
  window = lab.window().open();
  await lab.advance(100);
});

afterEach(() => lab.close());

/** What a person sees on the way, without repeats. */
function watch(of: TestWindow): (number | null)[] {
  const seen: (number | null)[] = [of.spendable];
  of.store.subscribe(() => of.spendable !== seen.at(-1) && seen.push(of.spendable));
  return seen;
}

test("a spend shows before the server answers, and never twice", async () => {
  const seen = watch(window);
  const release = lab.server.hold();
  const spend = window.store.consume({ amount: 30, reason: "a picture" });
  expect(window.snapshot).toMatchObject({ spendable: 70, pending: 30, credits: { available: 100 } });
  release();
  expect(await spend).toMatchObject({ amount: 30, balanceAfter: 70, version: 2 });
  await lab.advance(100);
  expect(seen).toEqual([100, 70]);
  expect(window.snapshot).toMatchObject({ spendable: 70, pending: 0, credits: { balance: 70, version: 2 } });
  expect(window.snapshot.credits?.allowance?.remaining).toBe(70);
});

test("several at once add up, whatever order the answers and events come in", async () => {
  const seen = watch(window);
  await Promise.all([10, 20, 30].map((amount) => window.store.consume({ amount, reason: `a ${amount}` })));
  await Promise.all([5, 5, 5].map((amount) => window.store.consume({ amount, reason: "the same" })));
  await lab.advance(100);
  expect(window.snapshot).toMatchObject({ spendable: 25, pending: 0 });
  expect(seen.every((value, index) => index === 0 || (value ?? 0) <= (seen[index - 1] ?? 0))).toBe(true);
});

test("a refusal takes the guess back and says what is missing, until it is dismissed or topped up", async () => {
  const seen = watch(window);
  await expect(window.store.consume({ amount: 130, reason: "a film" })).rejects.toMatchObject({
    code: "insufficient_credits",
    status: 402,
  });
  expect(seen).toEqual([100, 0, 100]);
  expect(window.snapshot.shortfall).toEqual({
    required: 130,
    available: 100,
    shortfall: 30,
    options: [{ action: "top_up", packages: [{ code: "pack-100", credits: 100 }], href: "/api/credits/packages" }],
  });
  lab.server.spend("alice", -50);
  await lab.advance(0);
  expect(window.snapshot).toMatchObject({ spendable: 150, shortfall: null });
});

test("a lost answer is asked for again with the same key, and charged once", async () => {
  const keys: (string | null)[] = [];
  lab.server.refuse = (call) => {
    if (!call.path.endsWith("/consume")) return undefined;
    keys.push(call.key);
    return keys.length === 1 ? "lost" : keys.length === 2 ? "lost after" : undefined;
  };
  const spend = window.store.consume({ amount: 10, reason: "x" });
  await lab.advance(5_000);
  expect(await spend).toMatchObject({ amount: 10 });
  expect(new Set(keys).size).toBe(1);
  expect(keys).toHaveLength(3);
  expect(lab.server.account("alice").credits.balance).toBe(90);
  expect(window.spendable).toBe(90);
});

test("one whose outcome stays unknown comes back with its key, and the truth is asked for", async () => {
  lab.server.cutStreams();
  lab.server.refuse = (call) => (call.path.endsWith("/consume") ? "lost after" : { status: 503 });
  const spend = window.store.consume({ amount: 10, reason: "x", idempotencyKey: "mine" }).catch((error) => error);
  await lab.advance(10_000);
  expect(await spend).toMatchObject({ code: "network_failed", idempotencyKey: "mine" });
  lab.server.refuse = undefined;
  await lab.advance(40_000);
  expect(window.snapshot).toMatchObject({ spendable: 90, pending: 0 });
  expect(await window.store.consume({ amount: 10, reason: "x", idempotencyKey: "mine" })).toMatchObject({ version: 2 });
  expect(lab.server.account("alice").credits.balance).toBe(90);
});

test("a refusal for good is not repeated", async () => {
  lab.server.refuse = (call) =>
    call.path.endsWith("/consume") ? { status: 403, body: { code: "account_frozen" } } : undefined;
  await expect(window.store.consume({ amount: 10, reason: "x" })).rejects.toMatchObject({ code: "account_frozen" });
  expect(lab.server.count("/api/credits/consume", "POST")).toBe(1);
  expect(window.spendable).toBe(100);
});

test("a token that was refused is asked for anew, once", async () => {
  const asked: boolean[] = [];
  let token = "alice:old";
  lab.server.acceptedTokens = (given) => given !== "alice:old";
  window.store.signIn({
    userId: "alice",
    getToken: ({ refresh }) => {
      asked.push(refresh);
      if (refresh) token = "alice:new";
      return token;
    },
  });
  await window.store.refresh({ force: true });
  expect(asked.filter((refresh) => refresh).length).toBeGreaterThanOrEqual(1);
  lab.server.acceptedTokens = () => false;
  await expect(window.store.refresh({ force: true })).rejects.toMatchObject({ code: "token_expired", status: 401 });
});

test.each([
  ["none", () => null],
  ["an error", () => Promise.reject(new Error("no refresh token"))],
])("a session that answers %s says so", async (_, getToken) => {
  window.store.signIn({ userId: "alice", getToken });
  await expect(window.store.refresh({ force: true })).rejects.toMatchObject({ code: "token_unavailable" });
  expect(window.snapshot).toMatchObject({ status: "ready", spendable: 100 });
});

test("a request goes to the API's own origin, whatever its path says", async () => {
  for (const path of ["//evil.example/x", "/\\evil.example", "https://evil.example/", "api"]) {
    await expect(window.store.request(path)).rejects.toMatchObject({ code: "path_refused" });
  }
});

describe("metered calls", () => {
  const charged = {
    status: 200,
    body: { text: "ok" },
    headers: { "stipend-credits-charged": "3", "stipend-credits-remaining": "97" },
  };

  test("take their cost off at once, and let go when the account shows it", async () => {
    const seen = watch(window);
    lab.server.refuse = (call) => (call.path === "/api/rewrite" ? charged : undefined);
    const answer = await window.store.callMetered("/api/rewrite", { body: { text: "x" }, cost: 3 });
    expect(answer).toEqual({ data: { text: "ok" }, charged: 3, remaining: 97 });
    expect(window.snapshot).toMatchObject({ spendable: 97, pending: 3 });
    lab.server.spend("alice", 3, "rewrite");
    await lab.advance(1_000);
    expect(window.snapshot).toMatchObject({ spendable: 97, pending: 0 });
    expect(seen).toEqual([100, 97]);
  });

  test("are asked about when nothing tells of them", async () => {
    lab.server.refuse = (call) => (call.path === "/api/rewrite" ? charged : undefined);
    await window.store.callMetered("/api/rewrite", { cost: 3 });
    await lab.advance(6_000);
    expect(window.snapshot).toMatchObject({ spendable: 100, pending: 0 });
    expect(lab.server.count("/api/credits")).toBe(1);
  });

  test("give it back when they fail", async () => {
    lab.server.refuse = (call) =>
      call.path === "/api/rewrite" ? { status: 502, body: { code: "feature_failed" } } : undefined;
    const call = window.store.callMetered("/api/rewrite", { cost: 3 });
    expect(window.spendable).toBe(97);
    await expect(call).rejects.toMatchObject({ code: "feature_failed", idempotencyKey: expect.any(String) });
    expect(window.spendable).toBe(100);
    expect(lab.server.count("/api/rewrite", "POST")).toBe(1);
  });
});
