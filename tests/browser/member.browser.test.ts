import { readFile } from "node:fs/promises";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { running } from "../support/running.ts";
import { AppBrowser, settled, shoot } from "./support/app.ts";
import { launchChromium } from "./support/chromium.ts";
import { type Story, tellStory } from "./support/story.ts";

const { baseUrl, token, people } = running();

let browser: Browser;
let story: Story;
let app: AppBrowser;
let page: Page;

beforeAll(async () => {
  [browser, story] = await Promise.all([launchChromium(), tellStory(people)]);
  app = await AppBrowser.open(browser, { baseUrl });
});
afterAll(() => browser?.close());

const balance = async (): Promise<number> =>
  Number((await page.getByTestId("balance").textContent())?.replaceAll(",", ""));
const go = (name: string) => page.getByRole("navigation").getByRole("link", { name, exact: true }).click();

describe("a member, page by page", () => {
  it("signs in with a token, at the page that was asked for, and is refused with anything else", async () => {
    // Whether there are demo users is known late: nothing is offered until then that would give way to them.
    const known = Promise.withResolvers<void>();
    await app.context.route("**/api/dev/users", async (route) => {
      await known.promise;
      await route.continue();
    });
    page = await app.visit("/history");
    await page.getByRole("status", { name: "Loading …" }).waitFor();
    expect(await page.locator("form").count()).toBe(0);
    known.resolve();
    await page.locator("form, summary").first().waitFor();
    // Where demo users are offered, pasting stands behind a word.
    const demo = page.getByText("Use a token instead");
    if ((await demo.count()) > 0) await demo.click();
    const field = page.getByLabel("Token");
    await field.fill("not a token");
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByText("This is no token, or it has expired.").waitFor();
    await field.fill(await token(story.member.name, ["user"]));
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await settled(page, "History");
    expect(new URL(page.url()).pathname).toBe("/history");
  });

  it("sees the balance, its parts and when each lapses, and the allowance with its next reset", async () => {
    await go("Balance");
    await settled(page, "Your credits");
    const { body } = await story.member.client.get("/api/credits");
    const account = body as { available: number; allowance: { remaining: number } };
    expect(await balance()).toBe(account.available);
    const ring = page.getByRole("img", { name: /of this month’s allowance are left/ });
    expect(await ring.getAttribute("aria-label")).toContain(`${account.allowance.remaining} of 250`);
    await page.getByText(/^Starts anew on /).waitFor();
    await page.getByText(/^Lapses at the reset on /).waitFor();
    const gift = page.getByRole("listitem").filter({ hasText: "Gift" });
    expect(await gift.textContent()).toMatch(/Stays.*60/);
  });

  it("tries the metered feature: the balance falls by what was charged, and a toast tells of it", async () => {
    const before = await balance();
    await go("Try it");
    await page.getByRole("button", { name: "Rewrite for 1 credit" }).click();
    await page.getByText("1 credit charged").waitFor();
    expect(await page.getByTestId("rewritten").textContent()).not.toBe("");
    await page.getByText(/Spent −1/).waitFor();
    await go("Balance");
    await expect.poll(balance, { timeout: 10_000 }).toBe(before - 1);
  });

  it("reads the history, filters it, and takes it away as CSV", async () => {
    await go("History");
    await settled(page, "History");
    const rows = page.getByRole("table").getByRole("row");
    await page.getByLabel("Show", { exact: true }).first().click();
    await page.getByRole("option", { name: "Added" }).click();
    await expect.poll(async () => (await rows.allInnerTexts()).join(" ")).not.toContain("Draw a picture");
    expect((await rows.allInnerTexts()).join(" ")).toContain("thanks for the report");
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: "Export as CSV" }).click();
    const text = await readFile(await (await download).path(), "utf8");
    expect(text).toContain("the answer was cut off");
    expect(text).not.toContain("Draw a picture");
  });

  it("sees usage by day and feature, as a picture and as numbers", async () => {
    await go("Usage");
    await settled(page, "Usage");
    await page.getByText("Show the numbers").click();
    const header = await page.getByRole("columnheader").allInnerTexts();
    expect(header).toEqual(["When", "picture", "translate", "summarize", "Everything else"]);
    await page.getByText("12 months").click();
    await page.getByText("a month", { exact: true }).waitFor();
  });

  it("cancels the membership and takes it back", async () => {
    await go("Plans");
    await settled(page, "Plans and packages");
    await page.getByRole("button", { name: "Cancel membership" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Cancel it" }).click();
    await page.getByText("Ends on", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Keep my membership" }).click();
    await page.getByText("Renews on", { exact: true }).waitFor();
    expect((await story.member.client.get("/api/membership")).body).toMatchObject({ cancelAtPeriodEnd: false });
  });

  it("hears of a change that happened elsewhere, without asking", async () => {
    await go("Balance");
    const before = await balance();
    const grant = { amount: 25, kind: "bonus", reason: "a surprise" };
    const path = `/api/admin/users/${story.member.name}/credits/grants`;
    await story.admin.post(path, grant, { key: `surprise-${story.member.name}` });
    await page.getByText("Added +25").waitFor();
    await expect.poll(balance, { timeout: 10_000 }).toBe(before + 25);
  });

  it("goes by keyboard alone: past the navigation, into the menu, to another language and theme", async () => {
    await page.reload();
    await settled(page, "Your credits");
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement?.textContent")).toBe("Skip to the content");
    await page.getByRole("button", { name: "Language, theme and account" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("menuitem", { name: "简体中文" }).press("Enter");
    await settled(page, "我的积分");
    expect(await page.evaluate("document.documentElement.lang")).toBe("zh-CN");
    await page.getByRole("button", { name: "语言、主题与账户" }).press("Enter");
    await page.getByRole("menuitem", { name: "深色" }).press("Enter");
    expect(await page.evaluate("getComputedStyle(document.body).backgroundColor")).toBe("rgb(18, 20, 18)");
    await page.reload();
    await settled(page, "我的积分");
  });

  it("signs out, and nothing of the account is left to see", async () => {
    await page.getByRole("button", { name: "语言、主题与账户" }).click();
    await page.getByRole("menuitem", { name: "退出登录" }).click();
    await settled(page, "登录");
    const stored = await page.evaluate(() => JSON.stringify(localStorage));
    expect(stored).not.toContain(story.member.name);
    expect(app.complaints).toEqual([]);
  });
});

describe("on a phone", () => {
  it("notices lie above the navigation, not on it", async () => {
    const user = await token(story.member.name, ["user"]);
    const phone = await AppBrowser.open(browser, { baseUrl, token: user, width: 390 });
    page = await phone.visit("/try");
    await settled(page, "Try it");
    await page.getByRole("button", { name: "Rewrite for 1 credit" }).click();
    const notice = page.locator(".mantine-Notification-root", { hasText: /Spent −1/ });
    await notice.waitFor();
    const [shown, bar] = await Promise.all([notice.boundingBox(), page.getByRole("navigation").boundingBox()]);
    if (shown === null || bar === null) throw new Error("no notice, or no navigation");
    expect(bar.y).toBeGreaterThan(400);
    expect(shown.y + shown.height).toBeLessThanOrEqual(bar.y);
    await shoot(page, "member-notice-phone");
    await phone.close();
  });
});

describe("somebody without a membership and without credits", () => {
  it("is told so, and what can be done, instead of an error", async () => {
    const poor = await people.newcomer("noah");
    const other = await AppBrowser.open(browser, { baseUrl, token: await token(poor.name, ["user"]) });
    page = await other.visit("/");
    await settled(page, "Your credits");
    await page.getByText("No monthly allowance").waitFor();
    await page.getByText("Nothing here yet").waitFor();
    await go("Try it");
    await page.getByRole("button", { name: "Rewrite for 1 credit" }).click();
    await page.getByText("Not enough credits").waitFor();
    await page.getByRole("button", { name: /memberships/i }).click();
    await settled(page, "Plans and packages");
    await other.close();
  });
});
