import { eventually } from "@stipend/testing/eventually";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CreditsHarness, membershipEvent, startCredits } from "./harness.ts";

let credits: CreditsHarness;
beforeAll(async () => {
  credits = await startCredits({ now: "2026-01-15T10:00:00.000Z" });
}, 60_000);
afterAll(async () => {
  await credits?.stop();
}, 60_000);

const account = async (user: string) => (await credits.as(user, "GET", "/api/credits")).body;

describe("the main job", () => {
  test("a membership event gives alice her allowance, once, however often it comes", async () => {
    const event = membershipEvent({ userId: "alice", version: 1, startedAt: "2026-01-15T09:00:00Z" });
    await credits.publish([event, event], "membership.v1");
    await eventually(async () => expect(await account("alice")).toMatchObject({ balance: 250 }));
    await credits.publish([event, { ...event, id: "another-delivery" }], "membership.v1");
    await credits.publish(
      [membershipEvent({ userId: "sync", version: 1, startedAt: "2026-01-15T09:00:00Z" })],
      "membership.v1",
    );
    await eventually(async () => expect(await account("sync")).toMatchObject({ balance: 250 }));
    expect(await account("alice")).toMatchObject({
      userId: "alice",
      balance: 250,
      held: 0,
      available: 250,
      version: 1,
      status: "active",
      allowance: { tier: "pro", monthlyCredits: 250, remaining: 250, nextResetAt: "2026-02-01T00:00:00.000Z" },
      grants: [{ kind: "allowance", remaining: 250, priority: 10, expiresAt: null }],
    });
  });

  test("a metered call: hold, capture; a failed one: hold, release", async () => {
    const hold = await credits.service("POST", "/api/credits/holds", {
      userId: "alice",
      amount: 1,
      ttlSeconds: 60,
      reason: "rewrite of a paragraph",
      feature: "rewrite",
    });
    expect(hold).toMatchObject({ status: 201, body: { amount: 1, heldAfter: 1, available: 249 } });
    const capture = await credits.service("POST", `/api/credits/holds/${hold.body.holdId}/capture`, {});
    expect(capture).toMatchObject({
      status: 200,
      body: { amount: 1, balanceBefore: 250, balanceAfter: 249, heldAfter: 0, status: "captured" },
    });
    const second = await credits.service("POST", "/api/credits/holds", {
      userId: "alice",
      amount: 1,
      ttlSeconds: 60,
      reason: "rewrite of a paragraph",
      feature: "rewrite",
    });
    const release = await credits.service("POST", `/api/credits/holds/${second.body.holdId}/release`, {});
    expect(release).toMatchObject({ status: 200, body: { balanceAfter: 249, available: 249, status: "released" } });

    const { body } = await credits.as("alice", "GET", "/api/credits/transactions");
    expect(body.data.map((row: { type: string; amount: number }) => [row.type, row.amount])).toEqual([
      ["release", 0],
      ["hold", 0],
      ["consume", -1],
      ["hold", 0],
      ["grant", 250],
    ]);
    expect(body.data[2]).toMatchObject({ reason: "rewrite of a paragraph", feature: "rewrite" });
  });

  test("bob, no member, spends what he was given and is told what he can do", async () => {
    const grant = await credits.admin("POST", "/api/admin/users/bob/credits/grants", {
      amount: 3,
      kind: "bonus",
      reason: "welcome",
    });
    expect(grant).toMatchObject({ status: 200, body: { balanceAfter: 3, userId: "bob" } });
    for (const left of [2, 1, 0]) {
      const spent = await credits.as("bob", "POST", "/api/credits/consume", { amount: 1, reason: "rewrite" });
      expect(spent).toMatchObject({
        status: 200,
        body: {
          userId: "bob",
          amount: 1,
          balanceBefore: left + 1,
          balanceAfter: left,
          draws: [{ kind: "bonus", amount: 1 }],
        },
      });
    }
    const refused = await credits.as("bob", "POST", "/api/credits/consume", { amount: 1, reason: "rewrite" });
    expect(refused).toMatchObject({
      status: 402,
      body: {
        code: "insufficient_credits",
        required: 1,
        available: 0,
        shortfall: 1,
        options: [{ action: "top_up" }, { action: "upgrade" }],
      },
    });
  });

  test("a month boundary passes: alice is reset, bob keeps what he has", async () => {
    await credits.admin("POST", "/api/admin/users/bob/credits/grants", { amount: 2, kind: "bonus", reason: "again" });
    credits.clock.set("2026-02-01T00:00:00.000Z");
    expect(await account("alice")).toMatchObject({
      balance: 250,
      allowance: { nextResetAt: "2026-03-01T00:00:00.000Z" },
    });
    expect(await account("bob")).toMatchObject({ balance: 2, allowance: null });
    const { body } = await credits.as("alice", "GET", "/api/credits/transactions?limit=1");
    expect(body.data[0]).toMatchObject({ type: "reset", amount: 1, balanceBefore: 249, balanceAfter: 250 });
  });
});
