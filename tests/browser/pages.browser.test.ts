import { readFileSync } from "node:fs";
import { join } from "node:path";
import { REPO_ROOT } from "@stipend/local/repo";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { running } from "../support/running.ts";
import {
  AppBrowser,
  expectAccessible,
  expectNoSidewaysScroll,
  expectReadable,
  goTo,
  settled,
  shoot,
  showTheme,
  showWhole,
  showWindow,
  type Theme,
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

/** A page: the name of its picture, its address, its heading in both languages. USER stands for the member's id. Each is a click away from the one before. */
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

const named = (text: string): string => text.replace("USER", story.member.name);

const THEMES: readonly Theme[] = ["light", "dark"];

type PageRow = readonly [picture: string, path: string, english: string, chinese: string];

/** One window of somebody, at the first of the pages. */
interface View {
  readonly app: AppBrowser;
  readonly page: Page;
}

async function openView(who: "member" | "console" | "visitor", path: string, phone: boolean): Promise<View> {
  const view = phone ? { locale: "zh-CN", width: 390 } : {};
  const signedIn = {
    member: () => token(story.member.name, ["user"]),
    console: () => token(story.adminName, ["admin", "auditor"]),
    visitor: () => undefined,
  };
  const theirs = await signedIn[who]();
  const app = await AppBrowser.open(browser, { baseUrl, ...view, ...(theirs === undefined ? {} : { token: theirs }) });
  return { app, page: await app.visit(path) };
}

/** The page as it is: in both themes, whole, with whatever axe finds; the browser has nothing to complain of. */
async function look({ app, page }: View, picture: string): Promise<void> {
  await expectNoSidewaysScroll(page);
  await showWhole(page);
  for (const theme of THEMES) {
    await showTheme(page, theme);
    await shoot(page, `${picture}-${theme}`);
    // The same page in other colours: what they may break is whether it can be read.
    if (theme === "light") await expectAccessible(page);
    else await expectReadable(page);
  }
  await showWindow(page);
  expect(app.complaints).toEqual([]);
}

/** In two windows side by side: a desk with English and a phone with Chinese. */
async function lookTwice(desk: View, phone: View, [picture, path, english, chinese]: PageRow): Promise<void> {
  await Promise.all([
    (async () => {
      await goTo(desk.page, named(path));
      await settled(desk.page, named(english));
      await look(desk, picture);
    })(),
    (async () => {
      await goTo(phone.page, named(path));
      await settled(phone.page, named(chinese));
      await look(phone, `${picture}-phone-zh`);
    })(),
  ]);
}

describe.each([
  ["member", MEMBER as readonly PageRow[]],
  ["console", CONSOLE as readonly PageRow[]],
] as const)(
  "every page of the %s: a click away, accessible, fits, complains of nothing, and has its picture taken",
  (who, pages) => {
    let views: readonly [View, View];
    beforeAll(async () => {
      const first = pages[0]?.[1] ?? "/";
      views = await Promise.all([openView(who, first, false), openView(who, first, true)]);
    });
    afterAll(() => Promise.all(views.map(({ app }) => app.close())));

    it.each(pages)("%s", (...row) => lookTwice(...views, row));
  },
);

describe("whoever is not signed in", () => {
  it("sees the sign-in page instead, accessible, in both languages", async () => {
    const views = await Promise.all([openView("visitor", "/history", false), openView("visitor", "/history", true)]);
    await lookTwice(...views, ["sign-in", "/history", "Sign in", "登录"]);
    await Promise.all(views.map(({ app }) => app.close()));
  });
});

it("each of these addresses can be opened by itself", async () => {
  const apps = JSON.parse(readFileSync(join(REPO_ROOT, "web", "pages.json"), "utf8")) as Record<string, string[]>;
  const paths = [...MEMBER, ...CONSOLE].map(([, path]) => path.replace("USER", ":userId"));
  expect(Object.values(apps).flat()).toEqual(expect.arrayContaining(paths));
  for (const path of paths) {
    const answer = await fetch(`${baseUrl}${path.replace(":userId", story.member.name)}`);
    expect([path, answer.status, answer.headers.get("content-type")]).toEqual([path, 200, "text/html; charset=utf-8"]);
  }
});
