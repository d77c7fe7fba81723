import { pathsOf } from "@stipend/local/paths";
import { readPid } from "@stipend/local/process/pidfile";
import { eventually } from "@stipend/testing/eventually";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import type { Client } from "../support/client.ts";
import { newKey } from "../support/people.ts";
import { running } from "../support/running.ts";
import { AppBrowser, settled } from "./support/app.ts";
import { launchChromium } from "./support/chromium.ts";

const { baseUrl, token, people } = running();

let browser: Browser;
let admin: Client;
let app: AppBrowser;
let page: Page;

beforeAll(async () => {
  [browser, admin] = await Promise.all([launchChromium(), people.admin()]);
  app = await AppBrowser.open(browser, { baseUrl, token: await token("olga-oncall", ["support"]) });
  page = await app.visit("/admin/alerts");
  await page.getByText("Live", { exact: true }).waitFor();
});
afterAll(() => browser?.close());

/** Gives so much to somebody new that the monitor raises an alert; answers whom it is about. */
async function raiseAlert(): Promise<string> {
  const { name } = await people.newcomer("una");
  const grant = { amount: 20_000, kind: "bonus", reason: "far too much" };
  const { status } = await admin.post(`/api/admin/users/${name}/credits/grants`, grant, { key: newKey() });
  expect(status).toBe(200);
  return name;
}

const rowOf = (name: string) =>
  page.getByRole("article").filter({ hasText: "A large change of a balance" }).filter({ hasText: name });
const openCount = async (): Promise<number> =>
  Number(
    (await page
      .getByRole("navigation")
      .getByRole("link", { name: /^Alerts/ })
      .locator("span")
      .nth(1)
      .textContent({ timeout: 100 })
      .catch(() => "0")) ?? "0",
  );

/** When the monitor raised it, by its own clock; the machine's is the same. */
async function raisedAt(name: string): Promise<number> {
  const { body } = await admin.get(`/api/admin/alerts?userId=${name}&rule=large_change`);
  const [alert] = (body as { data: { raisedAt: string }[] }).data;
  return Date.parse(alert?.raisedAt ?? "");
}

/** As when somebody chooses another tab, and this one again. */
async function becomes(state: "hidden" | "visible"): Promise<void> {
  await page.evaluate((value) => {
    const { document } = globalThis as unknown as { document: EventTarget };
    Object.defineProperty(document, "visibilityState", { configurable: true, get: () => value });
    document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
  }, state);
}

describe("an open console", () => {
  it("shows an alert well within a second after it was raised, with a word about it and one more to count", async () => {
    await settled(page, "Alerts");
    const before = await openCount();
    const delays: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      const name = await raiseAlert();
      await rowOf(name).waitFor({ timeout: 20_000 });
      const shownAt = Date.now();
      delays.push(shownAt - (await raisedAt(name)));
    }
    await expect.poll(openCount).toBeGreaterThanOrEqual(before + 3);
    await page
      .locator(".mantine-Notification-root")
      .filter({ hasText: "A large change of a balance" })
      .first()
      .waitFor();
    console.log(`an alert shows ${delays.join(", ")} ms after it was raised`);
    expect(Math.min(...delays)).toBeLessThan(500);
    expect(Math.max(...delays)).toBeLessThan(2_000);
  });

  it("hears at once what another admin does to an alert, and what waits for a second admin", async () => {
    const name = await raiseAlert();
    await rowOf(name).waitFor();
    const { body } = await admin.get(`/api/admin/alerts?userId=${name}&rule=large_change`);
    const [alert] = (body as { data: { id: string }[] }).data;
    const began = Date.now();
    await admin.post(`/api/admin/alerts/${alert?.id}/resolve`, { reason: "it was meant to be" });
    await rowOf(name).waitFor({ state: "detached" });
    // By asking now and then it would be a minute.
    expect(Date.now() - began).toBeLessThan(10_000);
  });

  it("asks for nothing but what has happened: no list is read over and over while it is live", async () => {
    const asked: string[] = [];
    page.on("request", (request) => void asked.push(new URL(request.url()).pathname));
    const name = await raiseAlert();
    await rowOf(name).waitFor();
    const lists = asked.filter((path) => path === "/api/admin/alerts");
    expect(lists.length).toBeLessThanOrEqual(4);
    expect(asked.filter((path) => path === "/api/admin/events")).toEqual([]);
    expect(asked.join()).not.toContain("Bearer");
  });
});

describe("a gateway that is killed under an open console", () => {
  it("is missed, said so, and nothing is missed when it is back: neither what came while it was away nor what came right after", async () => {
    const runDir = pathsOf(inject("running").home).run;
    const before = readPid(runDir, "gateway");
    const during = await raiseAlert();
    process.kill(before?.pid ?? Number.NaN, "SIGKILL");
    await page.getByText("Not live", { exact: true }).waitFor();
    await eventually(() => expect(readPid(runDir, "gateway")?.pid ?? before?.pid).not.toBe(before?.pid), {
      timeoutMs: 30_000,
    });
    // As soon as it answers, long before it hears what Kafka tells.
    const after = await eventually(raiseAlert, { timeoutMs: 30_000 });
    for (const name of [during, after]) await rowOf(name).waitFor({ timeout: 30_000 });
    await page.getByText("Live", { exact: true }).waitFor({ timeout: 30_000 });
  });
});

describe("who looks at another window", () => {
  it("keeps no connection open, and is told of what came meanwhile on coming back", async () => {
    await becomes("hidden");
    const name = await raiseAlert();
    await eventually(async () => expect(Number.isNaN(await raisedAt(name))).toBe(false), { timeoutMs: 20_000 });
    await becomes("visible");
    await rowOf(name).waitFor();
    expect(app.complaints.filter((complaint) => !/ERR_|Failed to load|50[234]/.test(complaint))).toEqual([]);
  });

  it("ends with the session: a revoked token leaves nothing to see", async () => {
    const other = await AppBrowser.open(browser, { baseUrl, token: await token("rita-revoked", ["support"]) });
    const console = await other.visit("/admin/alerts");
    await settled(console, "Alerts");
    await console.getByText("Live", { exact: true }).waitFor();
    const { status } = await admin.post("/api/admin/revocations", { userId: "rita-revoked", reason: "left the team" });
    expect(status).toBeLessThan(300);
    await settled(console, "Sign in");
    await other.close();
  });
});
