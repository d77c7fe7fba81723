import { Database } from "@stipend/platform/mysql/database";
import { MembershipCycle, MembershipStatus } from "@stipend/proto/events/membership/v1/events";
import { eventually } from "@stipend/testing/eventually";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CreditsHarness, type MembershipFacts, membershipEvent, startCredits } from "./harness.ts";

// The rules themselves are proven in allowance.unit.test.ts; here they meet the ledger, in a zone with clock changes.
let credits: CreditsHarness;
let owner: Database;
beforeAll(async () => {
  credits = await startCredits({ now: "2026-01-15T10:00:00.000Z", timeZone: "Europe/Berlin" });
  owner = new Database({ url: credits.database.ownerUrl, poolSize: 1, log: credits.log });
}, 60_000);
afterAll(async () => {
  await owner?.stop();
  await credits?.stop();
}, 60_000);

const account = async (user: string) => (await credits.as(user, "GET", "/api/credits")).body;
const rows = async (user: string): Promise<[string, number][]> =>
  (await credits.as(user, "GET", "/api/credits/transactions?limit=100")).body.data.map(
    (row: { type: string; amount: number }) => [row.type, row.amount],
  );
const schedule = async (
  user: string,
): Promise<{ month: number; status: string; amount: number; periodStart: string }[]> =>
  (await credits.as(user, "GET", "/api/credits/schedule")).body.data.toReversed();
const spend = (user: string, amount: number) =>
  credits.as(user, "POST", "/api/credits/consume", { amount, reason: "work" });

/** Tells of a membership and waits until credits has taken it in. */
async function told(facts: MembershipFacts): Promise<void> {
  await credits.publish([membershipEvent(facts)], "membership.v1");
  await eventually(async () => {
    const { body } = await credits.as(facts.userId, "GET", "/api/credits");
    const ended = facts.status !== undefined && facts.status !== MembershipStatus.ACTIVE;
    expect(body.allowance?.tier ?? null).toBe(ended ? null : (facts.tier ?? "pro"));
    if (!ended) expect(body.allowance.monthlyCredits).toBe(facts.credits ?? 250);
  });
}

test("the reset falls on midnight in Berlin: 23:00 in winter, 22:00 in summer", async () => {
  credits.clock.set("2026-03-20T10:00:00.000Z");
  await told({ userId: "dst", version: 1, startedAt: "2026-03-20T09:00:00Z" });
  expect(await account("dst")).toMatchObject({ allowance: { nextResetAt: "2026-03-31T22:00:00.000Z" } });
  await spend("dst", 200);
  credits.clock.set("2026-03-31T21:59:59.999Z");
  expect(await account("dst")).toMatchObject({ balance: 50 });
  credits.clock.set("2026-03-31T22:00:00.000Z");
  expect(await account("dst")).toMatchObject({ balance: 250, allowance: { nextResetAt: "2026-04-30T22:00:00.000Z" } });
  credits.clock.set("2026-10-31T23:00:00.000Z");
  expect(await account("dst")).toMatchObject({ allowance: { nextResetAt: "2026-11-30T23:00:00.000Z" } });
});

test("the machine was off for three months: one reset, and what was left may roll over up to the cap", async () => {
  credits.clock.set("2026-01-15T10:00:00.000Z");
  await told({ userId: "off", version: 1, startedAt: "2026-01-15T09:00:00Z" });
  await told({ userId: "off-roll", version: 1, startedAt: "2026-01-15T09:00:00Z", rolloverCap: 300 });
  await spend("off", 249);
  await spend("off-roll", 249);
  credits.clock.set("2026-05-03T10:00:00.000Z");
  expect(await account("off")).toMatchObject({ balance: 250 });
  expect(await rows("off")).toEqual([
    ["reset", 249],
    ["consume", -249],
    ["grant", 250],
  ]);
  // 1 left, three months of 250 unseen: more than the cap.
  expect(await account("off-roll")).toMatchObject({ balance: 550 });
});

test("expiring on the 2nd: reset on the 1st, then what is left stays and nothing more comes", async () => {
  credits.clock.set("2026-01-15T10:00:00.000Z");
  await told({ userId: "exp", version: 1, startedAt: "2026-01-15T09:00:00Z", expiresAt: "2026-02-02T00:00:00Z" });
  await spend("exp", 100);
  credits.clock.set("2026-01-31T23:00:00.000Z");
  expect(await account("exp")).toMatchObject({ balance: 250, allowance: { nextResetAt: null } });
  await spend("exp", 30);
  credits.clock.set("2026-02-02T00:00:00.000Z");
  expect(await account("exp")).toMatchObject({ balance: 220, allowance: null });
  expect((await spend("exp", 20)).body).toMatchObject({ balanceAfter: 200 });
  credits.clock.set("2026-04-01T00:00:00.000Z");
  expect(await account("exp")).toMatchObject({ balance: 200, allowance: null });
});

describe("a yearly member", () => {
  const base = {
    userId: "year",
    startedAt: "2026-01-31T09:00:00Z",
    cycle: MembershipCycle.YEARLY,
    periodEnd: "2027-01-31T09:00:00Z",
  };

  test("sees twelve months, one given a month on the join day, clamped", async () => {
    credits.clock.set("2026-01-31T09:30:00.000Z");
    await told({ ...base, version: 1 });
    const months = await schedule("year");
    expect(months.map(({ month }) => month)).toEqual(Array.from({ length: 12 }, (_, n) => n + 1));
    expect(months.map(({ status }) => status)).toEqual(["given", ...Array<string>(11).fill("scheduled")]);
    // 10:00 in Berlin, on the last days of short months; an hour earlier in UTC from April on.
    expect(months.slice(0, 4).map(({ periodStart }) => periodStart)).toEqual([
      "2026-01-31T09:00:00.000Z",
      "2026-02-28T09:00:00.000Z",
      "2026-03-31T08:00:00.000Z",
      "2026-04-30T08:00:00.000Z",
    ]);
    await spend("year", 250);
    credits.clock.set("2026-02-28T08:59:59.999Z");
    expect(await account("year")).toMatchObject({ balance: 0 });
    credits.clock.set("2026-02-28T09:00:00.000Z");
    expect(await account("year")).toMatchObject({ balance: 250 });
    expect((await schedule("year")).map(({ status }) => status)).toEqual([
      "given",
      "given",
      ...Array<string>(10).fill("scheduled"),
    ]);
  });

  test("is raised for the months to come by an upgrade, and for this one at once", async () => {
    await told({ ...base, version: 2, tier: "premium", credits: 600 });
    expect(await account("year")).toMatchObject({ balance: 600 });
    const months = await schedule("year");
    expect(months.slice(2).every(({ amount }) => amount === 600)).toBe(true);
  });

  test("loses the months nobody was there for, and the rest when it ends", async () => {
    credits.clock.set("2026-06-10T09:00:00.000Z");
    expect(await account("year")).toMatchObject({ balance: 600 });
    expect((await schedule("year")).map(({ status }) => status)).toEqual([
      "given",
      "given",
      "skipped",
      "skipped",
      "given",
      ...Array<string>(7).fill("scheduled"),
    ]);
    await told({
      ...base,
      version: 3,
      tier: "premium",
      credits: 600,
      status: MembershipStatus.ENDED,
      endedAt: "2026-06-10T08:00:00Z",
    });
    expect((await schedule("year")).map(({ status }) => status).slice(5)).toEqual(Array<string>(7).fill("cancelled"));
    credits.clock.set("2026-08-01T09:00:00.000Z");
    expect(await account("year")).toMatchObject({ balance: 600, allowance: null });
  });
});

test("from monthly to yearly inside a month: the month is finished, its rest is a share, then the year's months", async () => {
  credits.clock.set("2026-02-10T10:00:00.000Z");
  const base = { userId: "switch", startedAt: "2026-01-15T11:00:00Z" };
  await told({ ...base, version: 1 });
  credits.clock.set("2026-02-20T10:00:00.000Z");
  await credits.publish(
    [
      membershipEvent({
        ...base,
        version: 2,
        cycle: MembershipCycle.YEARLY,
        tier: "pro2",
        periodEnd: "2027-02-15T11:00:00Z",
      }),
    ],
    "membership.v1",
  );
  await eventually(async () => expect((await account("switch")).allowance.tier).toBe("pro2"));
  expect(await account("switch")).toMatchObject({ balance: 250 });
  credits.clock.set("2026-02-28T23:00:00.000Z");
  // 14 of the 28 days from 15 February to 15 March.
  expect(await account("switch")).toMatchObject({ balance: 125 });
  credits.clock.set("2026-03-15T11:00:00.000Z");
  expect(await account("switch")).toMatchObject({ balance: 250 });
  expect(await rows("switch")).toEqual([
    ["reset", 125],
    ["reset", -125],
    ["grant", 250],
  ]);
  const { body } = await credits.call("POST", "/internal/check", {
    body: { userIds: ["switch", "year", "off", "off-roll", "exp", "dst"] },
  });
  for (const item of body.data) expect(item).toMatchObject({ problems: [] });
});

test("a history that arrives weeks late gives what it would have given in time", async () => {
  const story = (userId: string) => {
    const base = { userId, startedAt: "2026-01-10T09:00:00Z" };
    return [
      { ...base, version: 1, tier: "premium", credits: 600, occurredAt: "2026-01-10T09:00:00Z" },
      {
        ...base,
        version: 2,
        tier: "premium",
        credits: 600,
        pending: { tier: "lite", credits: 100 },
        occurredAt: "2026-01-12T09:00:00Z",
      },
      { ...base, version: 3, tier: "lite", credits: 100, occurredAt: "2026-02-10T09:00:00Z" },
      {
        ...base,
        version: 4,
        tier: "lite",
        credits: 100,
        status: MembershipStatus.ENDED,
        endedAt: "2026-03-05T09:00:00Z",
        occurredAt: "2026-03-05T09:00:00Z",
      },
    ];
  };
  const settled = async (userId: string, publish: (facts: MembershipFacts[]) => Promise<void>) => {
    await publish(story(userId));
    // Asked of the database: a request would be a touch, and of a member whose end is not known yet it books what is due by then.
    await eventually(async () =>
      expect(await owner.query("SELECT version FROM membership_state WHERE user_id = ?", [userId])).toEqual([
        { version: 4 },
      ]),
    );
  };
  const oneByOne = async (facts: readonly MembershipFacts[]) => {
    for (const fact of facts) await credits.publish([membershipEvent(fact)], "membership.v1");
  };

  for (const moment of [
    "2026-01-10T09:00:00Z",
    "2026-01-12T09:00:00Z",
    "2026-02-10T09:00:00Z",
    "2026-03-05T09:00:00Z",
  ]) {
    credits.clock.set(moment);
    const [fact] = story("live").filter(({ occurredAt }) => occurredAt === moment);
    if (fact === undefined) throw new Error("no such moment");
    await credits.publish([membershipEvent(fact)], "membership.v1");
    const version = fact.version;
    await eventually(async () => {
      const { allowance } = await account("live");
      expect(allowance?.tier ?? null).toBe(version === 4 ? null : version === 3 ? "lite" : "premium");
    });
  }
  credits.clock.set("2026-04-20T09:00:00Z");
  const live = { rows: await rows("live"), balance: (await account("live")).balance };
  expect(live).toEqual({
    balance: 100,
    rows: [
      ["reset", -500],
      ["reset", 0],
      ["grant", 600],
    ],
  });

  await settled("late-batch", (facts) => credits.publish(facts.map(membershipEvent), "membership.v1"));
  await settled("late-singly", oneByOne);
  await settled("late-thrice", async (facts) => oneByOne([...facts, ...facts, ...facts]));
  for (const user of ["late-batch", "late-singly", "late-thrice"]) {
    expect(await account(user)).toMatchObject({ balance: 100, allowance: null });
    expect(await rows(user)).toEqual(live.rows);
  }
});
