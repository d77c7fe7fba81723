import type { Browser, Page, Route } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { running } from "../support/running.ts";
import {
  AppBrowser,
  expectAccessible,
  expectNoSidewaysScroll,
  goTo,
  shoot,
  showWhole,
  showWindow,
} from "./support/app.ts";
import { launchChromium } from "./support/chromium.ts";

const { baseUrl, token, people } = running();

let browser: Browser;
/** Somebody who has done nothing yet. */
let nobody: string;

beforeAll(async () => {
  browser = await launchChromium();
  const newcomer = await people.newcomer("nell");
  nobody = newcomer.name;
  await newcomer.client.get("/api/credits");
});
afterAll(() => browser?.close());

const AWAY = "A service behind this one is away";

/** Every call is answered as the gateway does while the service behind it is down. */
async function takeAway(route: Route): Promise<void> {
  const problem = {
    code: "upstream_unavailable",
    title: "The service is away",
    status: 503,
    requestId: "01a20ed1-bb5d",
  };
  await route.fulfill({ status: 503, contentType: "application/problem+json", body: JSON.stringify(problem) });
}

/** The clock runs as usual, and can be put forward: what is tried again waits seconds in between. */
async function untilFailed(page: Page, title: string): Promise<void> {
  await page.getByRole("heading", { level: 1, name: title }).waitFor();
  const done = async (): Promise<boolean> => {
    await page.clock.fastForward(2_000);
    const loading = await page.locator('[role="status"][aria-label]').count();
    return loading === 0 && (await page.getByRole("alert").filter({ hasText: AWAY }).count()) > 0;
  };
  await expect.poll(done, { timeout: 20_000 }).toBe(true);
}

async function openApp(roles: string[], who: string, options: { width?: number; locale?: string; theme?: "dark" }) {
  return await AppBrowser.open(browser, { baseUrl, token: await token(who, roles), ...options });
}

async function picture(page: Page, name: string): Promise<void> {
  await expectNoSidewaysScroll(page);
  await showWhole(page);
  await shoot(page, name);
  await showWindow(page);
}

const ADMIN = ["admin", "auditor"];

describe.each([
  [
    "member",
    ["user"],
    [
      ["/", "Your credits"],
      ["/usage", "Usage"],
      ["/history", "History"],
      ["/plans", "Plans and packages"],
    ],
    "/history",
  ],
  [
    "console",
    ADMIN,
    [
      ["/admin", "Overview"],
      ["/admin/users", "Users"],
      ["/admin/approvals", "Approvals"],
      ["/admin/catalogue", "Tiers and packages"],
      ["/admin/alerts", "Alerts"],
      ["/admin/consistency", "Consistency"],
      ["/admin/audit", "Audit"],
    ],
    "/admin/users",
  ],
] as const)("the %s while the services are away", (who, roles, pages, back) => {
  it("says on each page what is wrong and what can be done, and shows it all once they are back and one tries again", async () => {
    const app = await openApp([...roles], nobody, {});
    await app.context.clock.install();
    await app.context.route("**/api/**", takeAway);
    const [[start]] = pages;
    const page = await app.visit(start);
    for (const [path, title] of pages) {
      await goTo(page, path);
      await untilFailed(page, title);
      await picture(page, `${who}-${title.toLowerCase().replaceAll(" ", "-")}-error`);
    }
    await expectAccessible(page);
    await goTo(page, back);
    await app.context.unroute("**/api/**");
    await page.getByRole("button", { name: "Try again" }).first().click();
    await page.getByRole("alert").waitFor({ state: "detached" });
    await page
      .getByText(who === "member" ? "Nothing here yet" : nobody)
      .first()
      .waitFor();
    expect(app.complaints.filter((complaint) => !complaint.includes("503"))).toEqual([]);
    await app.close();
  });
});
