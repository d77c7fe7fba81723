import { randomUUID } from "node:crypto";
import { create, toBinary } from "@bufbuild/protobuf";
import { createKafka } from "@stipend/platform/kafka/client";
import { EventConsumer } from "@stipend/platform/kafka/consumer";
import { type IncomingEvent, messageOf } from "@stipend/platform/kafka/events";
import {
  CreditsChangedSchema,
  LowBalanceRecoveredSchema,
  LowBalanceSchema,
  UsageRejectedSchema,
} from "@stipend/proto/events/credits/v1/events";
import { MembershipStatus, OnExpiry } from "@stipend/proto/events/membership/v1/events";
import { UsageReportedSchema } from "@stipend/proto/events/usage/v1/events";
import { eventually } from "@stipend/testing/eventually";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type CreditsHarness, membershipEvent, startCredits } from "./harness.ts";

let credits: CreditsHarness;
let heard: EventConsumer;
const events: IncomingEvent[] = [];
const PATIENCE = { timeoutMs: 30_000 };

beforeAll(async () => {
  credits = await startCredits({ env: { STIPEND_CREDITS_GAP_MS: "60000" } });
  const { log, prefix, config } = credits;
  heard = new EventConsumer({
    kafka: createKafka({ brokers: config.STIPEND_KAFKA_BROKERS, clientId: "test", log }),
    groupId: `${prefix}.test`,
    topics: [`${prefix}.credits.v1`],
    handler: {
      types: [CreditsChangedSchema, UsageRejectedSchema, LowBalanceSchema, LowBalanceRecoveredSchema],
      handle: async (batch) => {
        events.push(...batch);
      },
    },
    log,
  });
  await heard.start();
}, 60_000);
afterAll(async () => {
  await heard?.stop();
  await credits?.stop();
}, 60_000);
beforeEach(() => credits.clock.set("2026-01-15T10:00:00.000Z"));

const account = async (user: string) => (await credits.as(user, "GET", "/api/credits")).body;
const rows = async (user: string): Promise<[string, number][]> =>
  (await credits.as(user, "GET", "/api/credits/transactions?limit=100")).body.data.map(
    (row: { type: string; amount: number }) => [row.type, row.amount],
  );

/** Everything published before this has been applied once this returns: one more user of each partition has his allowance. */
async function caughtUp(): Promise<void> {
  const users = Array.from({ length: 8 }, () => `sync-${randomUUID()}`);
  await credits.publish(
    users.map((userId) => membershipEvent({ userId, version: 1, startedAt: "2026-01-01T00:00:00Z" })),
    "membership.v1",
  );
  await eventually(async () => {
    for (const user of users) expect((await account(user)).balance).toBeGreaterThan(0);
  }, PATIENCE);
}

/** What waits for news that never comes is taken on after a minute. */
async function patienceEnds(): Promise<void> {
  credits.clock.set(new Date(credits.clock.now().getTime() + 60_000).toISOString());
  await credits.app.sweeps.waiting.trigger();
}

function shuffled<T>(items: readonly T[], seed: number): T[] {
  const copy = [...items];
  let state = seed + 1;
  for (let index = copy.length - 1; index > 0; index -= 1) {
    state = (state * 48_271) % 2_147_483_647;
    const other = state % (index + 1);
    const kept = copy[index] as T;
    copy[index] = copy[other] as T;
    copy[other] = kept;
  }
  return copy;
}

describe("membership events", () => {
  test("in any order, any number of times: what they would have given in order, and the newest state", async () => {
    const startedAt = "2026-01-10T00:00:00Z";
    const story = (userId: string) => [
      membershipEvent({ userId, version: 1, startedAt }),
      membershipEvent({ userId, version: 2, startedAt, tier: "premium", credits: 600 }),
      membershipEvent({
        userId,
        version: 3,
        startedAt,
        tier: "premium",
        credits: 600,
        pending: { tier: "lite", credits: 100 },
      }),
      membershipEvent({
        userId,
        version: 4,
        startedAt,
        tier: "premium",
        credits: 600,
        status: MembershipStatus.ENDED,
        endedAt: "2026-01-14T00:00:00Z",
      }),
      membershipEvent({ userId, version: 5, startedAt: "2026-01-14T12:00:00Z", tier: "lite", credits: 100 }),
    ];
    const users = Array.from({ length: 30 }, (_, n) => `order-${n}`);
    const all = users.flatMap((user, n) => {
      const told = story(user);
      return shuffled([...told, ...told, ...told.slice(0, n % 5)], n);
    });
    // One user's events stay in the order given here: that is the disorder.
    for (let from = 0; from < all.length; from += 17)
      await credits.publish(all.slice(from, from + 17), "membership.v1");
    await caughtUp();
    for (const user of users) {
      const { balance, allowance } = await account(user);
      expect(allowance).toMatchObject({ tier: "lite", monthlyCredits: 100 });
      expect(balance).toBe(600);
      // The rows of the story as it happened: what came early has waited for what came late.
      expect(await rows(user)).toEqual([
        ["grant", 350],
        ["grant", 250],
      ]);
    }
    // Everybody is reset to the newest tier, once.
    credits.clock.set("2026-02-01T00:00:00.000Z");
    for (const user of users) expect(await account(user)).toMatchObject({ balance: 100 });
    for (const user of users) expect((await rows(user)).filter(([type]) => type === "reset")).toHaveLength(1);
  }, 60_000);

  test("each told in order gives the difference at an upgrade, and coming back gives nothing twice", async () => {
    const startedAt = "2026-01-10T00:00:00Z";
    const userId = "inorder";
    for (const [version, over] of [
      [1, {}],
      [2, { tier: "premium", credits: 600 }],
      [3, { tier: "premium", credits: 600, status: MembershipStatus.ENDED, endedAt: "2026-01-14T00:00:00Z" }],
      [4, { tier: "premium", credits: 600 }],
    ] as const) {
      await credits.publish([membershipEvent({ userId, version, startedAt, ...over })], "membership.v1");
    }
    await eventually(async () => expect((await account(userId)).balance).toBe(600));
    await caughtUp();
    expect(await rows(userId)).toEqual([
      ["grant", 350],
      ["grant", 250],
    ]);
  });

  test("each alone, the newest first: nothing is given until the first has come, then all of it at once", async () => {
    const facts = { userId: "backwards", startedAt: "2026-01-10T00:00:00Z" };
    const story = [
      membershipEvent({ ...facts, version: 1, tier: "premium", credits: 600 }),
      membershipEvent({ ...facts, version: 2, status: MembershipStatus.ENDED, endedAt: "2026-01-14T00:00:00Z" }),
      membershipEvent({ ...facts, version: 3, startedAt: "2026-01-14T12:00:00Z", tier: "lite", credits: 100 }),
    ];
    for (const event of story.toReversed()) {
      expect(await account("backwards")).toMatchObject({ balance: 0 });
      await credits.publish([event, event], "membership.v1");
      await caughtUp();
    }
    expect(await account("backwards")).toMatchObject({
      balance: 600,
      allowance: { tier: "lite", monthlyCredits: 100 },
    });
    await patienceEnds();
    expect(await rows("backwards")).toEqual([["grant", 600]]);
  }, 60_000);

  test("an event that comes after the month it speaks of changes nothing any more", async () => {
    const startedAt = "2026-01-10T00:00:00Z";
    await credits.publish(
      [membershipEvent({ userId: "late", version: 7, startedAt, tier: "premium", credits: 600 })],
      "membership.v1",
    );
    await caughtUp();
    expect(await account("late")).toMatchObject({ balance: 0, allowance: null });
    await patienceEnds();
    await eventually(async () => expect((await account("late")).balance).toBe(600));
    credits.clock.set("2026-03-05T00:00:00.000Z");
    await credits.publish(
      [membershipEvent({ userId: "late", version: 6, startedAt, tier: "lite", credits: 100 })],
      "membership.v1",
    );
    await caughtUp();
    expect(await account("late")).toMatchObject({ balance: 600, allowance: { tier: "premium" } });
    expect(await rows("late")).toEqual([
      ["reset", 0],
      ["grant", 600],
    ]);
  });

  test("an end that forfeits takes what is left, reserved credits when their hold ends", async () => {
    const facts = { userId: "fay", startedAt: "2026-01-10T00:00:00Z", onExpiry: OnExpiry.FORFEIT };
    await credits.publish([membershipEvent({ ...facts, version: 1 })], "membership.v1");
    await eventually(async () => expect((await account("fay")).balance).toBe(250));
    const hold = await credits.service("POST", "/api/credits/holds", {
      userId: "fay",
      amount: 10,
      ttlSeconds: 600,
      reason: "job",
    });
    await credits.publish(
      [membershipEvent({ ...facts, version: 2, status: MembershipStatus.ENDED, endedAt: "2026-01-15T09:59:00Z" })],
      "membership.v1",
    );
    await eventually(async () =>
      expect(await account("fay")).toMatchObject({ balance: 10, held: 10, allowance: null }),
    );
    await credits.service("POST", `/api/credits/holds/${hold.body.holdId}/capture`, { amount: 4 });
    expect(await account("fay")).toMatchObject({ balance: 0, held: 0 });
    expect((await rows("fay")).map(([type]) => type)).toEqual(["expire", "consume", "expire", "hold", "grant"]);
  });

  test("one that can't be right goes to the dead letters, and those behind it are applied", async () => {
    const broken = membershipEvent({ userId: "broken", version: 1, startedAt: "2026-01-10T00:00:00Z", tier: "" });
    await credits.publish(
      [broken, membershipEvent({ userId: "broken", version: 2, startedAt: "2026-01-10T00:00:00Z" })],
      "membership.v1",
    );
    await caughtUp();
    expect((await account("broken")).balance).toBe(0);
    await patienceEnds();
    await eventually(async () => expect((await account("broken")).balance).toBe(250), PATIENCE);
    const admin = createKafka({
      brokers: credits.config.STIPEND_KAFKA_BROKERS,
      clientId: "test",
      log: credits.log,
    }).admin();
    await admin.connect();
    try {
      await eventually(async () => {
        const offsets = await admin.fetchTopicOffsets(`${credits.prefix}.membership.v1.dlq`);
        expect(offsets.reduce((sum, { high }) => sum + Number(high), 0)).toBe(1);
      });
    } finally {
      await admin.disconnect();
    }
  }, 40_000);
});

describe("the allowance that is due", () => {
  test("is given in the middle of a consumption that needs it", async () => {
    await credits.publish(
      [membershipEvent({ userId: "lazy", version: 1, startedAt: "2026-01-10T00:00:00Z" })],
      "membership.v1",
    );
    await eventually(async () => expect((await account("lazy")).balance).toBe(250));
    await credits.as("lazy", "POST", "/api/credits/consume", { amount: 250, reason: "all of it" });
    credits.clock.set("2026-02-01T00:00:00.000Z");
    const spent = await credits.as("lazy", "POST", "/api/credits/consume", { amount: 200, reason: "a new month" });
    expect(spent).toMatchObject({ status: 200, body: { balanceBefore: 250, balanceAfter: 50, version: 4 } });
    expect(await rows("lazy")).toEqual([
      ["consume", -200],
      ["reset", 250],
      ["consume", -250],
      ["grant", 250],
    ]);
  });

  test("is given once when 50 calls meet it at the same moment", async () => {
    await credits.publish(
      [membershipEvent({ userId: "rush", version: 1, startedAt: "2026-01-10T00:00:00Z" })],
      "membership.v1",
    );
    await eventually(async () => expect((await account("rush")).balance).toBe(250));
    credits.clock.set("2026-02-01T00:00:00.000Z");
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        n % 2 === 0
          ? credits.as("rush", "POST", "/api/credits/consume", { amount: 10, reason: "rush" })
          : credits.as("rush", "GET", "/api/credits"),
      ),
    );
    expect(answers.every((answer) => answer.status === 200)).toBe(true);
    expect(await account("rush")).toMatchObject({ balance: 0 });
    expect((await rows("rush")).filter(([type]) => type === "reset")).toHaveLength(1);
  });

  test("an admin's reset sets a member to the quota, once for a key", async () => {
    await credits.publish(
      [membershipEvent({ userId: "ria", version: 1, startedAt: "2026-01-10T00:00:00Z" })],
      "membership.v1",
    );
    await eventually(async () => expect((await account("ria")).balance).toBe(250));
    await credits.as("ria", "POST", "/api/credits/consume", { amount: 100, reason: "x" });
    const reset = () =>
      credits.admin("POST", "/api/admin/users/ria/credits/reset", { reason: "outage" }, { key: "r1" });
    expect((await reset()).body).toMatchObject({ reset: true, balanceBefore: 150, balanceAfter: 250 });
    await credits.as("ria", "POST", "/api/credits/consume", { amount: 5, reason: "x" });
    const again = await reset();
    expect([again.headers.get("idempotent-replayed"), again.body.balanceAfter]).toEqual(["true", 250]);
    expect((await account("ria")).balance).toBe(245);
  });
});

describe("sweeps", () => {
  test("two instances reset everybody, each account once", async () => {
    const users = Array.from({ length: 600 }, (_, n) => `sweep-${n}`);
    await credits.publish(
      users.map((userId) => membershipEvent({ userId, version: 1, startedAt: "2026-01-10T00:00:00Z" })),
      "membership.v1",
    );
    await caughtUp();
    credits.clock.set("2026-02-01T00:00:00.000Z");
    const other = await credits.another();
    try {
      await Promise.all([credits.app.sweeps.resets.trigger(), other.app.sweeps.resets.trigger()]);
      const { body } = await credits.call("POST", "/internal/check", { body: { userIds: users.slice(0, 500) } });
      expect(body.data).toHaveLength(500);
      for (const item of body.data) expect(item).toMatchObject({ version: 2, balance: 250, problems: [] });
    } finally {
      await other.stop();
    }
  }, 60_000);

  test("a hold whose owner died is freed by the clock, and says so in the ledger", async () => {
    await credits.admin("POST", "/api/admin/users/dora/credits/grants", { amount: 5, kind: "bonus", reason: "x" });
    const other = await credits.another();
    await credits.service("POST", "/api/credits/holds", { userId: "dora", amount: 5, ttlSeconds: 20, reason: "job" });
    await other.stop();
    credits.clock.advance({ seconds: 21 });
    await credits.app.sweeps.lapsed.trigger();
    const { body } = await credits.call("POST", "/internal/check", { body: { userIds: ["dora"] } });
    expect(body.data).toMatchObject([{ balance: 5, held: 0, version: 3, problems: [] }]);
    expect((await rows("dora"))[0]).toEqual(["release", 0]);
  });
});

describe("usage events", () => {
  const usage = (userId: string, amount: number, id: string = randomUUID(), feature = "export") => ({
    id,
    type: UsageReportedSchema.typeName,
    subject: userId,
    data: toBinary(
      UsageReportedSchema,
      create(UsageReportedSchema, { userId, amount: BigInt(amount), feature, reason: "export of a report" }),
    ),
  });

  test("are charged once for each id, and what can't be charged is answered with why", async () => {
    await credits.admin("POST", "/api/admin/users/ursula/credits/grants", { amount: 10, kind: "bonus", reason: "x" });
    await credits.admin("POST", "/api/admin/users/frozen/credits/grants", { amount: 10, kind: "bonus", reason: "x" });
    await credits.admin("POST", "/api/admin/users/frozen/credits/freeze", { reason: "x" });
    const first = usage("ursula", 4, "usage-1");
    const tooMuch = usage("ursula", 100, "usage-2");
    await credits.publish(
      [
        first,
        first,
        tooMuch,
        usage("ursula", 0, "usage-3"),
        usage("frozen", 1, "usage-4"),
        usage("bad id", 1, "usage-5"),
        first,
        usage("ursula", 3, "usage-6"),
      ],
      "usage.v1",
    );
    await eventually(async () => expect((await account("ursula")).balance).toBe(3), PATIENCE);
    await credits.publish([first, tooMuch], "usage.v1");
    await credits.publish([usage("ursula", 1, "usage-7")], "usage.v1");
    await eventually(async () => expect((await account("ursula")).balance).toBe(2), PATIENCE);
    expect((await rows("ursula")).map(([type, amount]) => [type, amount])).toEqual([
      ["consume", -1],
      ["consume", -3],
      ["consume", -4],
      ["grant", 10],
    ]);
    await eventually(() => {
      const rejected = events
        .map((event) => messageOf(event, UsageRejectedSchema))
        .filter((message) => message !== undefined);
      expect(rejected.map(({ usageId, code }) => [usageId, code]).sort()).toEqual([
        ["usage-2", "insufficient_credits"],
        ["usage-3", "validation_failed"],
        ["usage-4", "account_frozen"],
        ["usage-5", "validation_failed"],
      ]);
    }, PATIENCE);
  }, 60_000);
});

describe("what is told to others", () => {
  test("every row of the ledger is an event with balance and version, without gaps", async () => {
    await credits.admin("POST", "/api/admin/users/tell/credits/grants", { amount: 10, kind: "bonus", reason: "x" });
    await Promise.all(
      Array.from({ length: 9 }, () => credits.as("tell", "POST", "/api/credits/consume", { amount: 1, reason: "x" })),
    );
    await eventually(() => {
      const told = events
        .map((event) => messageOf(event, CreditsChangedSchema))
        .filter((message) => message?.userId === "tell");
      expect(
        told.map((message) => [Number(message?.version), Number(message?.balance), message?.transaction?.type]),
      ).toEqual([[1, 10, "grant"], ...Array.from({ length: 9 }, (_, n) => [n + 2, 9 - n, "consume"])]);
    });
  });

  test("a low balance is told when the threshold is crossed, and its recovery", async () => {
    await credits.publish(
      [membershipEvent({ userId: "low", version: 1, startedAt: "2026-01-10T00:00:00Z" })],
      "membership.v1",
    );
    await eventually(async () => expect((await account("low")).balance).toBe(250));
    const spend = (amount: number) => credits.as("low", "POST", "/api/credits/consume", { amount, reason: "x" });
    await spend(220);
    await spend(10);
    await spend(1);
    await credits.admin("POST", "/api/admin/users/low/credits/grants", { amount: 100, kind: "bonus", reason: "x" });
    await eventually(() => {
      const low = events
        .map((event) => messageOf(event, LowBalanceSchema))
        .filter((message) => message?.userId === "low");
      const recovered = events
        .map((event) => messageOf(event, LowBalanceRecoveredSchema))
        .filter((message) => message?.userId === "low");
      expect(low.map((message) => [Number(message?.available), Number(message?.threshold)])).toEqual([[20, 25]]);
      expect(recovered.map((message) => Number(message?.available))).toEqual([119]);
    });
  });
});
