import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { running } from "../support/running.ts";
import {
  AppBrowser,
  type AppOptions,
  expectAccessible,
  expectNoSidewaysScroll,
  settled,
  shoot,
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

type View = Pick<AppOptions, "theme" | "locale" | "width">;
const VIEWS: readonly (readonly [name: string, view: View])[] = [
  ["light", { theme: "light" }],
  ["dark", { theme: "dark" }],
  ["phone-zh", { theme: "light", locale: "zh-CN", width: 390 }],
];

const named = (text: string): string => text.replace("USER", story.member.name);

describe.each(VIEWS)(
  "every page, %s: accessible, fits, complains of nothing, and has its picture taken",
  (name, view) => {
    const look = async (person: string | undefined, picture: string, path: string, title: string): Promise<void> => {
      const app = await AppBrowser.open(browser, {
        baseUrl,
        ...view,
        ...(person === undefined ? {} : { token: person }),
      });
      const page = await app.visit(named(path));
      await settled(page, named(title));
      await shoot(page, `${picture}-${name}`);
      await expectNoSidewaysScroll(page);
      await expectAccessible(page);
      expect(app.complaints).toEqual([]);
      await app.close();
    };
    const titleOf = (english: string, chinese: string): string => (view.locale === "zh-CN" ? chinese : english);

    it.each(MEMBER)("%s", async (picture, path, english, chinese) => {
      await look(await token(story.member.name, ["user"]), picture, path, titleOf(english, chinese));
    });

    it.each(CONSOLE)("%s", async (picture, path, english, chinese) => {
      await look(await token(story.adminName, ["admin", "auditor"]), picture, path, titleOf(english, chinese));
    });

    it.each(SIGN_IN)("%s", async (picture, path, english, chinese) => {
      await look(undefined, picture, path, titleOf(english, chinese));
    });
  },
);
