import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newKey } from "../support/people.ts";
import { running } from "../support/running.ts";
import { writeIntoCredits } from "../support/tables.ts";
import { AppBrowser, settled } from "./support/app.ts";
import { launchChromium } from "./support/chromium.ts";
import { type Story, tellStory } from "./support/story.ts";

const system = running();
const { baseUrl, token, people } = system;

let browser: Browser;
let story: Story;
let app: AppBrowser;
let page: Page;

beforeAll(async () => {
  [browser, story] = await Promise.all([launchChromium(), tellStory(people)]);
  app = await AppBrowser.open(browser, { baseUrl, token: await token(story.adminName, ["admin", "auditor"]) });
  page = await app.visit("/admin");
});
afterAll(() => browser?.close());

const go = (name: string) => page.getByRole("navigation").getByRole("link", { name }).click();
const dialog = (): Locator => page.getByRole("dialog");
const userPath = () => `/api/admin/users/${story.member.name}`;

/** Fills in the reason, which every act of an admin needs, and sends. */
async function act(submit: string, reason: string): Promise<void> {
  const send = dialog().getByRole("button", { name: submit, exact: true });
  expect(await send.isDisabled()).toBe(true);
  await dialog().getByLabel("Reason").fill(reason);
  await send.click();
  await dialog().waitFor({ state: "detached" });
}

describe("an admin, page by page", () => {
  it("sees the state of everything, drawn and in numbers", async () => {
    await settled(page, "Overview");
    await page.getByText("Show the numbers").first().click();
    await expect
      .poll(async () => ((await page.getByRole("table").first().textContent()) ?? "").length)
      .toBeGreaterThan(100);
    const tiers = page.getByRole("region", { name: "Active members by tier" });
    expect(await tiers.textContent()).toMatch(/Pro\s*\d+/);
  });

  it("finds a user by the beginning of the id, and by status", async () => {
    await go("Users");
    await settled(page, "Users");
    await page.getByLabel("Search").fill(story.member.name.slice(0, 10));
    await page.getByRole("link", { name: story.member.name }).waitFor();
    await page.getByLabel("Status").first().click();
    await page.getByRole("option", { name: "Ended" }).click();
    await page.getByText("Nobody was found").waitFor();
    await page.getByLabel("Status").first().click();
    await page.getByRole("option", { name: "Active" }).click();
    await page.getByRole("link", { name: story.member.name }).click();
    await settled(page, story.member.name);
  });

  it("sees what happened to the user, membership and ledger in one order, and what is open", async () => {
    const timeline = page.getByRole("region", { name: "What happened" });
    await page.getByRole("button", { name: "Show more" }).click();
    await timeline.getByText("Became a member · Pro").waitFor();
    await timeline.getByText("the answer was cut off").waitFor();
    expect(await page.getByRole("region", { name: "Grants" }).first().textContent()).toMatch(/Gift\s*never\s*60/);
    expect(await page.getByRole("region", { name: "Reservations" }).first().textContent()).toContain("Draw a picture");
    expect(await page.getByRole("region", { name: "The year, month by month" }).first().textContent()).toContain(
      "Scheduled",
    );
  });

  it("gives credits, with a reason; they are there, for the member too", async () => {
    await page.getByRole("button", { name: "Give credits" }).click();
    await dialog().getByLabel("Credits").fill("75");
    await act("Give credits", "for the trouble");
    await page.getByText("75 credits were given").waitFor();
    await page.getByRole("region", { name: "What happened" }).getByText("for the trouble").waitFor();
    const { body } = await story.member.client.get("/api/credits");
    expect((body as { grants: { remaining: number }[] }).grants.map(({ remaining }) => remaining)).toContain(75);
  });

  it("refunds what was spent, freezes the account and unfreezes it", async () => {
    await page.getByRole("button", { name: "Refund" }).first().click();
    await act("Refund", "it was a mistake");
    await page.getByText("It was refunded").waitFor();
    for (const [action, status] of [
      ["Freeze the account", "frozen"],
      ["Unfreeze the account", "active"],
    ] as const) {
      await page.getByRole("button", { name: "More", exact: true }).click();
      await page.getByRole("menuitem", { name: action }).click();
      await act(action, "checking something");
      const { body } = await story.member.client.get("/api/credits");
      expect(body).toMatchObject({ status });
      await page
        .getByText("Frozen", { exact: true })
        .first()
        .waitFor({ state: status === "frozen" ? "visible" : "detached" });
    }
  });

  it("changes the membership, and is told when somebody else was faster", async () => {
    await page.getByRole("button", { name: "Membership" }).click();
    await dialog().getByLabel("Tier").first().click();
    await page.getByRole("option", { name: /Premium/ }).click();
    await story.admin.put(`${userPath()}/membership`, { tier: "lite", cycle: "yearly", reason: "somebody was faster" });
    await dialog().getByLabel("Reason").fill("upgrade by phone");
    await dialog().getByRole("button", { name: "Save" }).click();
    await dialog().getByText("Somebody else has changed this meanwhile").waitFor();
    await dialog().getByRole("button", { name: "Cancel" }).click();
  });

  it("sees an alert arrive, takes it, and resolves it", async () => {
    await go("Alerts");
    await settled(page, "Alerts");
    const grant = { amount: 20_000, kind: "bonus", reason: "far too much" };
    await story.admin.post(`${userPath()}/credits/grants`, grant, { key: newKey() });
    const alert = page
      .getByRole("article")
      .filter({ hasText: "A large change of a balance" })
      .filter({ hasText: story.member.name });
    await alert.waitFor({ timeout: 30_000 });
    await alert.getByRole("button", { name: "Acknowledge" }).click();
    await act("Acknowledge", "looking into it");
    await alert.waitFor({ state: "detached" });
    await page.getByText("Acknowledged", { exact: true }).first().click();
    await alert.getByText(`Taken by ${story.adminName}`).waitFor();
    await alert.getByRole("button", { name: "Resolve" }).click();
    await act("Resolve", "it was meant to be");
    await page.getByText("Resolved", { exact: true }).first().click();
    await alert.getByText("it was meant to be").waitFor();
  });

  it("approves what another admin proposed, and can't approve what is their own", async () => {
    const second = AppBrowser.open(browser, { baseUrl, token: await token(`${story.adminName}-2`, ["admin"]) });
    const proposal = { amount: 200_000, kind: "bonus", reason: "a very large gift" };
    const { status } = await story.admin.post(`${userPath()}/credits/grants`, proposal, { key: newKey() });
    expect(status).toBe(202);
    const waiting = (where: Page) =>
      where.getByRole("article").filter({ hasText: story.member.name }).filter({ hasText: "a very large gift" });
    await go("Approvals");
    await settled(page, "Approvals");
    await waiting(page).waitFor();
    expect(await waiting(page).getByRole("button", { name: "Approve" }).count()).toBe(0);
    const other = await (await second).visit("/admin/approvals");
    await settled(other, "Approvals");
    await waiting(other).getByRole("button", { name: "Approve" }).click();
    await other.getByRole("dialog").getByLabel("Reason").fill("it was agreed");
    await other.getByRole("dialog").getByRole("button", { name: "Approve", exact: true }).click();
    await waiting(other).waitFor({ state: "detached" });
    const { body } = await story.member.client.get("/api/credits");
    expect((body as { grants: { remaining: number }[] }).grants.map(({ remaining }) => remaining)).toContain(200_000);
    expect((await second).complaints).toEqual([]);
  });

  it("changes a package and adds a tier", async () => {
    await go("Tiers and packages");
    await settled(page, "Tiers and packages");
    const code = `team-${newKey().slice(4, 12)}`;
    await page.getByRole("region", { name: "Tiers" }).first().getByRole("button", { name: "New" }).click();
    await dialog().getByLabel("Code").fill(code);
    await dialog().getByLabel("Name").fill("Team");
    await dialog().getByLabel("On offer").press(" ");
    await act("Save", "for companies");
    await page.getByRole("row").filter({ hasText: code }).getByText("Retired").waitFor();
    const packages = page.getByRole("region", { name: "Packages" }).first();
    const [first = ""] = await packages
      .getByRole("button", { name: /^Edit/ })
      .evaluateAll((all) => all.map((each) => each.ariaLabel ?? ""));
    await packages.getByRole("button", { name: first }).click();
    await dialog().getByLabel("Price", { exact: true }).fill("777");
    await act("Save", "a new price");
    await packages.getByText("$7.77").waitFor();
  });

  it("compares the books of one account", async () => {
    await go("Consistency");
    await settled(page, "Consistency");
    await page.getByLabel("User id").fill(story.member.name);
    await page.getByRole("button", { name: "Compare" }).click();
    await page.getByText(/^1 compared: 0 different/).waitFor();
    await page.getByLabel("User id").fill("nobody-of-that-name");
    await page.getByRole("button", { name: "Compare" }).click();
    await page.getByText("There is no such user").waitFor();
  });

  it("shows what a repair would do to books that somebody wrote into, and has it done", async () => {
    const { name } = await people.newcomer("rob");
    const path = `/api/admin/users/${name}/credits/grants`;
    const gift = { amount: 40, kind: "bonus", reason: "a gift" };
    expect((await story.admin.post(path, gift, { key: newKey() })).status).toBe(200);
    await writeIntoCredits(system, "UPDATE profiles SET balance = 90 WHERE user_id = ?", name);

    await go("Consistency");
    await settled(page, "Consistency");
    await page.getByLabel("User id").fill(name);
    await page.getByRole("button", { name: "Compare" }).click();
    const row = page.getByRole("row").filter({ hasText: name });
    await row.getByText("The books are set right").waitFor();
    await row.getByRole("button", { name: "Repair" }).click();
    const shown = (await dialog().textContent()) ?? "";
    expect(shown).toContain(`The ledger of ${name} is whole`);
    expect(shown).toMatch(/The customer was told\s*40.*The account says\s*90.*Afterwards\s*40/s);
    await act("Repair", "a hand in the table");
    await row.waitFor({ state: "detached", timeout: 20_000 });
    const account = await story.admin.get(`/api/credits?userId=${name}`);
    expect(account.body).toMatchObject({ balance: 40, version: 2 });
  });

  it("finds each of these acts in the audit log, with what it changed, and proves the log", async () => {
    await go("Audit");
    await settled(page, "Audit");
    await page.getByLabel("To whom").fill(story.member.name);
    const entry = page
      .getByRole("group")
      .filter({ hasText: `membership.set → ${story.member.name}` })
      .filter({ hasText: "bought Pro for a year" });
    await entry.click();
    expect(await entry.getByRole("table").textContent()).toMatch(/tier–?pro/);
    await page.getByRole("button", { name: "Verify" }).click();
    await page.getByText("Whole", { exact: true }).waitFor();
  });
});

describe("what a role may not do", () => {
  it("is not offered: support reads, an auditor sees the log, a member is turned away", async () => {
    const supporter = await AppBrowser.open(browser, { baseUrl, token: await token("sam-support", ["support"]) });
    const support = await supporter.visit(`/admin/users/${story.member.name}`);
    await settled(support, story.member.name);
    expect(await support.getByRole("button", { name: "Give credits" }).count()).toBe(0);
    expect(await support.getByRole("button", { name: "Refund" }).count()).toBe(0);
    expect(supporter.complaints).toEqual([]);
    await supporter.close();

    const auditing = await AppBrowser.open(browser, { baseUrl, token: await token("ann-auditor", ["auditor"]) });
    await settled(await auditing.visit("/admin"), "Audit");
    expect(auditing.complaints).toEqual([]);
    await auditing.close();

    const member = await AppBrowser.open(browser, { baseUrl, token: await token(story.member.name, ["user"]) });
    await settled(await member.visit("/admin"), "This console is not for this account");
    await member.close();
  });
});
