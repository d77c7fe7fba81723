import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { running } from "../support/running.ts";
import {
  AppBrowser,
  expectAccessible,
  expectNoSidewaysScroll,
  goTo,
  settled,
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

/** Every call is answered as the gateway does while the service behind it is down; `restore` lets all but the streams through. */
async function takeAway(context: BrowserContext): Promise<{ restore(): void }> {
  let isAway = true;
  const problem = {
    code: "upstream_unavailable",
    title: "The service is away",
    status: 503,
    requestId: "01a20ed1-bb5d",
  };
  const answer = { status: 503, contentType: "application/problem+json", body: JSON.stringify(problem) };
  await context.route("**/api/**", async (route) => {
    // A stream that comes back has everything asked for anew by itself.
    if (isAway || route.request().url().endsWith("/events")) await route.fulfill(answer);
    else await route.continue();
  });
  return {
    restore: () => {
      isAway = false;
    },
  };
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
    ["/history", "History"],
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
    ["/admin/users", "Users"],
  ],
] as const)("the %s while the services are away", (who, roles, pages, back) => {
  it("says on each page what is wrong and what can be done, and shows it all once they are back and one tries again", async () => {
    const app = await openApp([...roles], nobody, {});
    await app.context.clock.install();
    const services = await takeAway(app.context);
    const [[start]] = pages;
    const page = await app.visit(start);
    for (const [path, title] of pages) {
      await goTo(page, path);
      await untilFailed(page, title);
      await picture(page, `${who}-${title.toLowerCase().replaceAll(" ", "-")}-error`);
    }
    await expectAccessible(page);
    await goTo(page, back[0]);
    await untilFailed(page, back[1]);
    services.restore();
    // The console asks by itself as well while its stream is away, and may have been faster.
    const retry = page.getByRole("button", { name: "Try again" }).first();
    await retry.click({ timeout: 3_000 }).catch((error) => expect(error).toMatchObject({ name: "TimeoutError" }));
    await page.getByRole("alert").waitFor({ state: "detached" });
    await page
      .getByText(who === "member" ? "Nothing to show" : nobody)
      .first()
      .waitFor();
    expect(app.complaints.filter((complaint) => !complaint.includes("503"))).toEqual([]);
    await app.close();
  }, 120_000);
});

const NOTHING = { status: 200, contentType: "application/json", body: JSON.stringify({ data: [], nextCursor: null }) };

describe.each([
  [
    "member",
    ["user"],
    [
      ["/", "我的积分"],
      ["/usage", "用量"],
      ["/history", "积分记录"],
      ["/plans", "方案与积分包"],
      ["/try", "试用"],
    ],
  ],
  [
    "console",
    ADMIN,
    [
      ["/admin/users", "用户"],
      ["/admin/approvals", "审批"],
      ["/admin/catalogue", "等级与积分包"],
      ["/admin/alerts", "告警"],
      ["/admin/audit", "审计"],
    ],
  ],
] as const)("the %s while there is nothing to show yet", (who, roles, pages) => {
  it("says so on each page, on a phone, in Chinese and in the dark", async () => {
    const app = await openApp([...roles], nobody, { width: 390, locale: "zh-CN", theme: "dark" });
    await app.context.route(/\/api\/admin\/(users|approvals|tiers|packages|alerts|audit)(\?|$)/, (route) =>
      route.fulfill(NOTHING),
    );
    const page = await app.visit(pages[0][0]);
    for (const [path, title] of pages) {
      await goTo(page, path);
      await settled(page, title);
      await picture(page, `${who}-${path.split("/").at(-1) || "balance"}-empty`);
    }
    await expectAccessible(page);
    expect(app.complaints).toEqual([]);
    await app.close();
  });
});
