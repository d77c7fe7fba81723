import { pathsOf } from "@stipend/local/paths";
import { readPid } from "@stipend/local/process/pidfile";
import { eventually } from "@stipend/testing/eventually";
import { expect, inject, test } from "vitest";
import { newMember, spendElsewhere, useBench } from "./support/bench.ts";
import { Tab } from "./support/tab.ts";

const bench = useBench();

test("a network that was cut and restored: the pages say so, keep what they know, and catch up by themselves", async () => {
  const { context, site } = bench;
  const ola = await newMember("ola", 30);
  const tabs = [await Tab.open(context, site, ola), await Tab.open(context, site, ola)];
  for (const tab of tabs) await tab.until(({ spendable, live }) => spendable === 30 && live === "live");
  site.cut();
  for (const tab of tabs) await tab.until(({ live }) => live !== "live");
  expect(await tabs[0]?.consume(5)).toBe("network_failed");
  expect(await tabs[0]?.snapshot()).toMatchObject({ status: "ready", spendable: 30, pending: 0 });
  expect(await tabs[0]?.shownValues()).toEqual([30, 25, 30]);
  await spendElsewhere(ola, 7);
  site.restore();
  for (const tab of tabs) await tab.until(({ spendable, live }) => spendable === 23 && live === "live", 45_000);
  expect(await tabs[0]?.consume(3)).toBe("spent");
  for (const tab of tabs) await tab.untilSpendable(20);
});

test("a browser that was offline catches up as soon as it is online", async () => {
  const { context, site } = bench;
  const pia = await newMember("pia", 30);
  const tab = await Tab.open(context, site, pia);
  await tab.until(({ live }) => live === "live");
  await context.setOffline(true);
  site.cut();
  await tab.until(({ live }) => live === "retrying");
  await spendElsewhere(pia, 7);
  site.restore();
  await context.setOffline(false);
  await tab.until(({ spendable, live }) => spendable === 23 && live === "live", 30_000);
});

test("a gateway that is killed under open pages and started again: they go on without a reload", async () => {
  const { context, site } = bench;
  const quy = await newMember("quy", 30);
  const tabs = [await Tab.open(context, site, quy), await Tab.open(context, site, quy)];
  for (const tab of tabs) await tab.until(({ live }) => live === "live");
  const runDir = pathsOf(inject("running").home).run;
  const before = readPid(runDir, "gateway");
  process.kill(before?.pid ?? Number.NaN, "SIGKILL");
  await tabs[0]?.until(({ live }) => live === "retrying");
  await eventually(() => expect(readPid(runDir, "gateway")?.pid ?? before?.pid).not.toBe(before?.pid), {
    timeoutMs: 30_000,
  });
  for (const tab of tabs) await tab.until(({ live, error }) => live === "live" && error === null, 45_000);
  expect(await tabs[1]?.consume(4)).toBe("spent");
  for (const tab of tabs) await tab.untilSpendable(26);
  await spendElsewhere(quy, 6);
  for (const tab of tabs) await tab.untilSpendable(20);
});
