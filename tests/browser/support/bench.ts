import { randomUUID } from "node:crypto";
import type { Browser, BrowserContext } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, inject } from "vitest";
import { giveCredits } from "../../support/people.ts";
import { running } from "../../support/running.ts";
import { launchChromium } from "./chromium.ts";
import { Site } from "./site.ts";
import type { Member } from "./tab.ts";

/** A browser, a product's site in front of the real gateway, and a second one of another origin. */
export interface Bench {
  readonly browser: Browser;
  readonly site: Site;
  readonly partner: Site;
  /** A fresh profile for each test. */
  readonly context: BrowserContext;
}

/** Set up before the file's tests and each of them; closed after. */
export function useBench(): Bench {
  const { baseUrl } = running();
  const bench: { -readonly [K in keyof Bench]?: Bench[K] } = {};
  beforeAll(async () => {
    const folder = inject("labPage");
    [bench.browser, bench.site, bench.partner] = await Promise.all([
      launchChromium(),
      Site.start(folder, baseUrl),
      Site.start(folder, baseUrl),
    ]);
  });
  afterAll(async () => {
    await bench.browser?.close();
    await Promise.all([bench.site?.stop(), bench.partner?.stop()]);
  });
  beforeEach(async () => {
    if (bench.browser !== undefined) bench.context = await bench.browser.newContext();
    for (const site of [bench.site, bench.partner]) site?.reset();
  });
  afterEach(async () => {
    await bench.context?.close();
  });
  return bench as Bench;
}

/** Somebody new with credits to spend. */
export async function newMember(name: string, credits: number): Promise<Member> {
  const { people, token } = running();
  const person = await people.person(`${name}-${randomUUID().slice(0, 8)}`);
  if (credits > 0) await giveCredits(await people.admin(), person, credits);
  return { ...person, token: await token(person.name) };
}

/** The member spends on another device. */
export async function spendElsewhere(member: Member, amount: number): Promise<void> {
  const body = { amount, reason: "another device" };
  const answer = await member.client.post("/api/credits/consume", body, { key: randomUUID() });
  if (answer.status !== 200) throw new Error(`the spend answered ${answer.status}`);
}
