import { AxeBuilder } from "@axe-core/playwright";
import { eventually } from "@stipend/testing/eventually";
import { describe, expect, test } from "vitest";
import { newMember, spendElsewhere, useBench } from "./support/bench.ts";
import { standStill } from "./support/standstill.ts";
import { Tab } from "./support/tab.ts";

const bench = useBench();

/** Milliseconds between this version's showing in one window and in the last of the others. */
async function delayOf(version: number, first: Tab, others: readonly Tab[]): Promise<number> {
  const began = await first.shownAt(version);
  const ended = await Promise.all(others.map((other) => other.shownAt(version)));
  return Math.max(...ended.map((at) => at ?? Number.POSITIVE_INFINITY)) - (began ?? 0);
}

test("what is spent in one window shows in two others at once, with one stream and at most one request", async () => {
  const { context, site } = bench;
  const ann = await newMember("ann", 50);
  const first = await Tab.open(context, site, ann);
  const others = [await Tab.open(context, site, ann), await Tab.open(context, site, ann)];
  for (const tab of [first, ...others]) await tab.until(({ spendable, live }) => spendable === 50 && live === "live");
  for (let spent = 1; spent <= 5; spent += 1) expect(await first.consume(1)).toBe("spent");
  for (const other of others) await other.untilSpendable(45);
  expect(await others[0]?.text()).toContain("45 credits");

  const delays = [];
  for (let version = 2; version <= 6; version += 1) delays.push(await delayOf(version, first, others));
  const [fastest = Number.NaN] = delays.sort((a, b) => a - b);
  console.log(`a change shows in the other windows after ${delays.map((ms) => ms.toFixed(1)).join(", ")} ms`);
  expect(fastest).toBeLessThan(200);

  // Each change is told once in every window, for toasts.
  for (const tab of [first, ...others]) {
    await eventually(async () =>
      expect((await tab.changes()).map(({ amount }) => amount)).toEqual([-1, -1, -1, -1, -1]),
    );
  }
  expect(site.count("/api/credits", ann.name)).toBeLessThanOrEqual(1);
  expect(site.count("/api/events", ann.name)).toBe(1);
  expect(site.seen.map(({ path }) => path).join()).not.toContain(ann.token.slice(0, 20));
});

test("another device shows it through the stream, and the next window takes the stream over", async () => {
  const { browser, context, site } = bench;
  const bea = await newMember("bea", 30);
  const phone = await browser.newContext();
  try {
    const holder = await Tab.open(context, site, bea);
    await holder.until(({ live }) => live === "live");
    const second = await Tab.open(context, site, bea);
    const far = await Tab.open(phone, site, bea);
    for (const tab of [second, far]) await tab.untilSpendable(30);
    expect(await far.consume(4)).toBe("spent");
    for (const tab of [holder, second]) await tab.untilSpendable(26);
    expect(site.count("/api/events", bea.name)).toBe(2);

    await holder.frame.page().close();
    await eventually(() => expect(site.count("/api/events", bea.name)).toBe(3));
    await second.until(({ live }) => live === "live");
    expect(await far.consume(1)).toBe("spent");
    await second.untilSpendable(25);
  } finally {
    await phone.close();
  }
});

test("five windows that come and go, the holder first each time: no balance is asked for, and one stream at a time", async () => {
  const { context, site } = bench;
  const vic = await newMember("vic", 30);
  const tabs: Tab[] = [];
  for (let opened = 0; opened < 5; opened += 1) {
    const tab = await Tab.open(context, site, vic);
    await tab.until(({ live, spendable }) => live === "live" && spendable === 30);
    tabs.push(tab);
  }
  for (let closed = 1; closed <= 4; closed += 1) {
    await tabs.shift()?.frame.page().close();
    await eventually(() => expect(site.count("/api/events", vic.name)).toBe(closed + 1));
    for (const tab of tabs) await tab.until(({ live }) => live === "live");
    const late = await Tab.open(context, site, vic);
    await late.untilSpendable(31 - closed);
    expect(await late.consume(1)).toBe("spent");
    for (const tab of tabs) await tab.untilSpendable(30 - closed);
    tabs.push(late);
  }
  expect([site.count("/api/credits", vic.name), site.count("/api/events", vic.name)]).toEqual([0, 5]);
}, 90_000);

test.each(["frozen", "paused"] as const)(
  "a %s window that holds the stream loses it to one that is seen, and follows that one when it wakes",
  async (how) => {
    const { context, site } = bench;
    const uma = await newMember("uma", 30);
    const holder = await Tab.open(context, site, uma);
    await holder.until(({ live }) => live === "live");
    const seen = await Tab.open(context, site, uma, { leaps: true });
    await seen.until(({ live, spendable }) => live === "live" && spendable === 30);
    const wake = await standStill(holder.frame.page(), how);
    await spendElsewhere(uma, 4);
    // Two heartbeats missed are no reason; a third is, at the next look at it.
    for (let looks = 0; looks < 2; looks += 1) await seen.leap(15_000);
    expect([site.count("/api/events", uma.name), (await seen.snapshot())?.spendable]).toEqual([1, 30]);
    for (let looks = 0; looks < 2; looks += 1) await seen.leap(15_000);
    await seen.until(({ live, spendable }) => live === "live" && spendable === 26);
    expect(site.count("/api/events", uma.name)).toBe(2);
    await wake();
    await holder.until(({ live, spendable }) => live === "live" && spendable === 26);
    expect(await holder.consume(1)).toBe("spent");
    for (const tab of [holder, seen]) await tab.untilSpendable(25);
    await spendElsewhere(uma, 1);
    for (const tab of [holder, seen]) await tab.untilSpendable(24);
    expect(site.count("/api/events", uma.name)).toBe(2);
  },
);

test("a sign-out reaches every window at once and leaves nothing behind; another device stays", async () => {
  const { browser, context, site } = bench;
  const cem = await newMember("cem", 40);
  const phone = await browser.newContext();
  try {
    const tabs = [
      await Tab.open(context, site, cem),
      await Tab.open(context, site, cem),
      await Tab.open(context, site, cem),
    ];
    const far = await Tab.open(phone, site, cem);
    for (const tab of [...tabs, far]) await tab.untilSpendable(40);
    await tabs[1]?.signOut();
    for (const tab of tabs) {
      await tab.until(({ status, credits, membership, userId }) => {
        return status === "signed_out" && credits === null && membership === null && userId === null;
      });
      expect(await tab.text()).not.toContain("40");
    }
    expect(await tabs[0]?.ends()).toMatchObject([{ reason: "signed_out", nextUserId: null }]);
    expect(await tabs[1]?.ends()).toEqual([]);
    expect(await tabs[0]?.stored()).not.toContain(cem.name);
    expect(await far.snapshot()).toMatchObject({ userId: cem.name, spendable: 40 });
  } finally {
    await phone.close();
  }
});

test("a change of user ends the other windows' sessions, and no window shows the other's data", async () => {
  const { context, site } = bench;
  const [dan, eve] = [await newMember("dan", 11), await newMember("eve", 22)];
  const [first, second] = [await Tab.open(context, site, dan), await Tab.open(context, site, dan)];
  for (const tab of [first, second]) await tab.untilSpendable(11);
  await second.signIn(eve);
  await second.untilSpendable(22);
  await first.until(({ status, credits }) => status === "signed_out" && credits === null);
  expect(await first.ends()).toMatchObject([{ reason: "user_changed", nextUserId: eve.name }]);
  expect(await first.stored()).not.toContain(dan.name);
  await spendElsewhere(dan, 1);
  await first.signIn(eve);
  await first.untilSpendable(22);
  expect(await second.consume(2)).toBe("spent");
  await first.untilSpendable(20);
});

test.each([
  ["BroadcastChannel", ["BroadcastChannel"]],
  ["localStorage", ["localStorage"]],
  ["Web Locks", ["locks"]],
  ["all three", ["BroadcastChannel", "localStorage", "locks"]],
] as const)("without %s every window is right all the same", async (_, without) => {
  const { context, site } = bench;
  const fay = await newMember("fay", 20);
  const tabs = [await Tab.open(context, site, fay, { without }), await Tab.open(context, site, fay, { without })];
  for (const tab of tabs) await tab.untilSpendable(20);
  expect(await tabs[0]?.consume(3)).toBe("spent");
  for (const tab of tabs) await tab.untilSpendable(17);
  await tabs[1]?.signOut();
  const canTell = without.length < 3;
  if (canTell) for (const tab of tabs) await tab.until(({ status }) => status === "signed_out");
});

test("with storage full every window is right, and no old balance is left in it", async () => {
  const { context, site } = bench;
  const gus = await newMember("gus", 20);
  const tabs = [await Tab.open(context, site, gus, { fullStorage: true }), await Tab.open(context, site, gus)];
  for (const tab of tabs) await tab.untilSpendable(20);
  expect(await tabs[0]?.consume(3)).toBe("spent");
  for (const tab of tabs) await tab.untilSpendable(17);
  expect(await tabs[0]?.stored()).not.toContain(gus.name);
});

describe("freshness", () => {
  test("a window that comes into sight asks when its data is older than two minutes, not before", async () => {
    const { context, site } = bench;
    site.refuse("/api/events");
    const hal = await newMember("hal", 10);
    const tab = await Tab.open(context, site, hal, { clock: true });
    await tab.runFor(3_000);
    await tab.untilSpendable(10);
    const asked = site.count("/api/credits", hal.name);
    await spendElsewhere(hal, 1);
    await tab.runFor(60_000);
    await tab.comeIntoSight();
    expect(site.count("/api/credits", hal.name)).toBe(asked);
    await tab.runFor(70_000);
    await tab.comeIntoSight();
    await tab.untilSpendable(9);
    expect(site.count("/api/credits", hal.name)).toBe(asked + 1);
  });

  test("a reload within five minutes shows the balance before anything is asked", async () => {
    const { context, site } = bench;
    const ida = await newMember("ida", 10);
    const tab = await Tab.open(context, site, ida);
    await tab.until(({ status }) => status === "ready");
    site.refuse("/api/events", "/api/credits", "/api/membership");
    await tab.frame.page().reload();
    await tab.start(ida);
    expect(await tab.snapshot()).toMatchObject({ status: "ready", spendable: 10 });
  });
});

describe("spending", () => {
  test("shows before the answer, and goes back when it is refused, with the way out", async () => {
    const { context, site } = bench;
    const jan = await newMember("jan", 10);
    const tab = await Tab.open(context, site, jan, { locale: "zh-CN" });
    await tab.untilSpendable(10);
    expect(await tab.consume(25)).toBe("insufficient_credits");
    expect(await tab.shownValues()).toEqual([10, 0, 10]);
    await eventually(async () => expect(await tab.text()).toMatch(/10 积分.*积分不足.*还差 15/s));
    const { violations } = await new AxeBuilder({ page: tab.frame.page() }).include("#root").analyze();
    expect(violations.filter(({ impact }) => impact === "serious" || impact === "critical")).toEqual([]);
    await tab.frame.getByRole("button", { name: "以后再说" }).click();
    await eventually(async () => expect(await tab.text()).not.toContain("积分不足"));
  });

  test("a metered call is charged once and seen by every window", async () => {
    const { context, site } = bench;
    const kim = await newMember("kim", 10);
    const tabs = [await Tab.open(context, site, kim), await Tab.open(context, site, kim)];
    for (const tab of tabs) await tab.untilSpendable(10);
    expect(await tabs[0]?.rewrite("We basically need to look.", 1)).toBe("spent");
    for (const tab of tabs) await tab.until(({ spendable, pending }) => spendable === 9 && pending === 0);
    await eventually(async () => expect(await tabs[1]?.text()).toContain("Spent"));
    expect(await tabs[0]?.shownValues()).toEqual([10, 9]);
  });
});
