import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { running } from "../support/running.ts";
import {
  AppBrowser,
  expectAccessible,
  expectNoSidewaysScroll,
  expectReadable,
  settled,
  shoot,
  showTheme,
} from "./support/app.ts";
import { launchChromium } from "./support/chromium.ts";
import { type Story, tellStory } from "./support/story.ts";

const { baseUrl, token, people } = running();

let browser: Browser;
let story: Story;

beforeAll(async () => {
  [browser, story] = await Promise.all([launchChromium(), tellStory(people)]);
});
afterAll(() => browser?.close());

/** A page: the name of its picture, its address, its heading in both languages. USER stands for the member's id. */
const MEMBER = [
  ["member-balance", "/", "Your credits", "我的积分"],
  ["member-usage", "/usage", "Usage", "用量"],
  ["member-history", "/history", "History", "积分记录"],
  ["member-plans", "/plans", "Plans and packages", "方案与积分包"],
  ["member-try", "/try", "Try it", "试用"],
] as const;
const CONSOLE = [
  ["console-overview", "/admin", "Overview", "概览"],
  ["console-users", "/admin/users", "Users", "用户"],
  ["console-user", "/admin/users/USER", "USER", "USER"],
  ["console-approvals", "/admin/approvals", "Approvals", "审批"],
  ["console-catalogue", "/admin/catalogue", "Tiers and packages", "等级与积分包"],
  ["console-alerts", "/admin/alerts", "Alerts", "告警"],
  ["console-consistency", "/admin/consistency", "Consistency", "一致性"],
  ["console-audit", "/admin/audit", "Audit", "审计"],
] as const;
const SIGN_IN = [["sign-in", "/history", "Sign in", "登录"]] as const;

const named = (text: string): string => text.replace("USER", story.member.name);

/** Who looks: one sign-in and one browser's memory for all pages of a language. */
type PageRow = readonly [picture: string, path: string, english: string, chinese: string];
const LOOKS: readonly (readonly ["member" | "console" | "visitor", readonly PageRow[]])[] = [
  ["member", MEMBER],
  ["console", CONSOLE],
  ["visitor", SIGN_IN],
];

async function tokenFor(who: (typeof LOOKS)[number][0]): Promise<{ token?: string }> {
  if (who === "visitor") return {};
  return {
    token: await (who === "member" ? token(story.member.name, ["user"]) : token(story.adminName, ["admin", "auditor"])),
  };
}

async function visit(app: AppBrowser, path: string, title: string): Promise<Page> {
  const page = await app.visit(named(path));
  await settled(page, named(title));
  return page;
}

/** A page that was looked at: it fits, and the browser complained of nothing. */
async function leave(app: AppBrowser, page: Page): Promise<void> {
  await expectNoSidewaysScroll(page);
  expect(app.complaints).toEqual([]);
  await page.close();
}

describe.each(LOOKS)(
  "every page of the %s: accessible, fits, complains of nothing, and has its picture taken",
  (who, pages) => {
    const apps: AppBrowser[] = [];
    const openApp = async (view: { readonly locale?: string; readonly width?: number }): Promise<AppBrowser> => {
      const app = await AppBrowser.open(browser, { baseUrl, ...view, ...(await tokenFor(who)) });
      apps.push(app);
      return app;
    };
    let desk: AppBrowser;
    let phone: AppBrowser;
    beforeAll(async () => {
      desk = await openApp({});
      phone = await openApp({ locale: "zh-CN", width: 390 });
    });
    afterAll(() => Promise.all(apps.map((app) => app.close())));

    it.each(pages)("%s", async (picture, path, english, chinese) => {
      await Promise.all([
        (async () => {
          const page = await visit(desk, path, english);
          await shoot(page, `${picture}-light`);
          await expectAccessible(page);
          // The same page in other colours: what they may break is whether it can be read.
          await showTheme(page, "dark");
          await shoot(page, `${picture}-dark`);
          await expectReadable(page);
          await leave(desk, page);
        })(),
        (async () => {
          const page = await visit(phone, path, chinese);
          await shoot(page, `${picture}-phone-zh`);
          await expectAccessible(page);
          await showTheme(page, "dark");
          await shoot(page, `${picture}-phone-zh-dark`);
          await leave(phone, page);
        })(),
      ]);
    });
  },
);
