import type { Browser, BrowserContext } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from "vitest";
import { giveCredits } from "../support/people.ts";
import { running } from "../support/running.ts";
import { launchChromium } from "./support/chromium.ts";
import { Site } from "./support/site.ts";
import { type Member, Tab } from "./support/tab.ts";

const { baseUrl, people, token } = running();
let browser: Browser;
let site: Site;
let context: BrowserContext;

beforeAll(async () => {
  [browser, site] = await Promise.all([launchChromium(), Site.start(inject("labPage"), baseUrl)]);
});

afterAll(async () => {
  await browser.close();
  await site.stop();
});

beforeEach(async () => {
  context = await browser.newContext();
});

afterEach(async () => {
  await context.close();
});

async function member(name: string, credits: number): Promise<Member> {
  const person = await people.newcomer(name);
  await giveCredits(await people.admin(), person, credits);
  return { ...person, token: await token(person.name) };
}

test("what is spent in one window shows in two others, without a request of theirs", async () => {
  const ann = await member("ann", 50);
  const tabs = [];
  for (let count = 0; count < 3; count += 1) tabs.push(await Tab.open(context, site, ann));
  const [first, ...others] = tabs;
  for (const tab of tabs) await tab.untilSpendable(50);
  for (let spent = 1; spent <= 5; spent += 1) expect(await first?.consume(1)).toBe("spent");
  for (const other of others) await other.untilSpendable(45);
  expect(site.count("/api/credits", ann.name)).toBeLessThanOrEqual(1);
  expect(site.count("/api/events", ann.name)).toBe(1);
});
