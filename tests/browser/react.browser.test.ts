import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { running } from "../support/running.ts";
import { newMember, spendElsewhere, useBench } from "./support/bench.ts";
import { buildHydration } from "./support/page.ts";
import { Site } from "./support/site.ts";

const bench = useBench();

/** What packages/react/test/page/hydrate.tsx offers. */
declare global {
  var hydration: {
    readonly version: string;
    readonly html: string;
    readonly errors: readonly string[];
    wakeUp(userId: string, token: string): void;
  };
}

async function servePage(react: 18 | 19): Promise<Site> {
  const folder = await mkdtemp(join(tmpdir(), "stipend-hydration-"));
  await buildHydration(folder, react);
  const site = await Site.start(folder, running().baseUrl);
  onTestFinished(async () => {
    await site.stop();
    await rm(folder, { recursive: true });
  });
  return site;
}

describe.each([18, 19] as const)("React %i, in StrictMode", (react) => {
  test("a page from a server wakes up without a complaint, with one stream, spends, is put off and on, and signs out", async () => {
    const [site, ria] = await Promise.all([servePage(react), newMember("ria", 50)]);
    const page = await bench.context.newPage();
    const complaints: string[] = [];
    page.on("pageerror", ({ message }) => complaints.push(message));
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) complaints.push(message.text());
    });
    await page.goto(`${site.origin}/hydrate.html`);
    await page.evaluate(({ name, token }) => globalThis.hydration.wakeUp(name, token), ria);
    expect(await page.evaluate(() => globalThis.hydration.version)).toMatch(new RegExp(`^${react}\\.`));
    expect(await page.evaluate(() => globalThis.hydration.html)).toContain("Loading …");
    await page.getByText("awake").waitFor();
    await page.getByRole("button", { name: "Spend two of 50" }).click();
    await page.getByRole("button", { name: "Spend two of 48" }).waitFor();
    await spendElsewhere(ria, 3);
    await page.getByRole("button", { name: "Spend two of 45" }).waitFor();
    // Everything mounts twice here; the stream is opened once, and nothing is asked for beside it.
    expect([site.count("/api/events", ria.name), site.count("/api/credits", ria.name)]).toEqual([1, 0]);

    await page.getByRole("button", { name: "Toggle" }).click();
    await page.getByRole("button", { name: /Spend/ }).waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Toggle" }).click();
    await page.getByRole("button", { name: "Spend two of 45" }).waitFor();
    await page.getByRole("button", { name: "Leave" }).click();
    await page.getByText("Signed out").first().waitFor();
    expect(await page.evaluate(() => JSON.stringify(localStorage))).not.toContain(ria.name);
    expect([complaints, await page.evaluate(() => globalThis.hydration.errors)]).toEqual([[], []]);
  });
});
