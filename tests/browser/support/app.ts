import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import { REPO_ROOT } from "@stipend/local/repo";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { expect } from "vitest";

export type Theme = "light" | "dark";

export interface AppOptions {
  readonly baseUrl: string;
  /** Undefined: nobody is signed in. */
  readonly token?: string;
  readonly theme?: Theme;
  /** BCP 47. */
  readonly locale?: string;
  readonly width?: number;
}

/** One person's browser: pages of it share storage, and every complaint of any of them is kept. */
export class AppBrowser {
  readonly context: BrowserContext;
  readonly #baseUrl: string;
  readonly #complaints: string[] = [];

  constructor(context: BrowserContext, baseUrl: string) {
    this.context = context;
    this.#baseUrl = baseUrl;
  }

  static async open(browser: Browser, options: AppOptions): Promise<AppBrowser> {
    const { baseUrl, token, theme = "light", locale = "en-US", width = 1_280 } = options;
    const viewport = { width, height: WINDOW_HEIGHT };
    const context = await browser.newContext({ colorScheme: theme, locale, viewport, reducedMotion: "reduce" });
    context.setDefaultTimeout(30_000);
    if (token !== undefined) {
      // Once for each window, as a sign-in would: a sign-out has to last.
      await context.addInitScript(
        ([key, value]) => {
          if (sessionStorage.getItem("seeded") === null) localStorage.setItem(key ?? "", value ?? "");
          sessionStorage.setItem("seeded", "yes");
        },
        ["stipend:session", token],
      );
    }
    return new AppBrowser(context, baseUrl);
  }

  async visit(path: string): Promise<Page> {
    const page = await this.context.newPage();
    page.on("pageerror", (error) => this.#complaints.push(`${path}: ${error.message}`));
    page.on("console", (message) => {
      const { url } = message.location();
      if (!["error", "warning"].includes(message.type())) return;
      this.#complaints.push(`${path}: ${message.text()} ${url}`);
    });
    await page.goto(`${this.#baseUrl}${path}`);
    return page;
  }

  /** What the browser complained about so far: errors of scripts, refused resources, broken policies. */
  get complaints(): readonly string[] {
    return this.#complaints;
  }

  close(): Promise<void> {
    return this.context.close();
  }
}

/** Until nothing is being loaded any more: the pages' own placeholders are gone. */
export async function settled(page: Page, title: string): Promise<void> {
  await page.getByRole("heading", { level: 1, name: title }).waitFor();
  await expect.poll(() => page.locator('[role="status"][aria-label]').count(), { timeout: 20_000 }).toBe(0);
}

/** Goes to a page as people do, by a link of the page at hand: what no page leads to is not found. */
export async function goTo(page: Page, path: string): Promise<void> {
  if (new URL(page.url()).pathname === path) return;
  // The console's own root has a slash at its end.
  await page.locator(`a[href="${path}"], a[href="${path}/"]`).first().click();
}

/** A theme, as when the machine's setting changes: nothing is loaded anew. */
export async function showTheme(page: Page, theme: Theme): Promise<void> {
  if ((await page.locator(`html[data-mantine-color-scheme="${theme}"]`).count()) > 0) return;
  await page.emulateMedia({ colorScheme: theme });
  await page.locator(`html[data-mantine-color-scheme="${theme}"]`).waitFor();
  // Colours fade from one to the other.
  await page.evaluate("Promise.all(document.getAnimations().map((each) => each.finished.catch(() => undefined)))");
}

/** @throws when axe finds a serious or critical fault on the page as it is now. */
export async function expectAccessible(page: Page): Promise<void> {
  await expectNoFaults(page, axeOf(page));
}

/** Of all that, what depends on colours alone. */
export async function expectReadable(page: Page): Promise<void> {
  await expectNoFaults(page, axeOf(page).withRules(["color-contrast", "link-in-text-block"]));
}

/** Our pages have no frames of other origins, for which axe opens a second page; and nobody reads what is right. Half the time. */
function axeOf(page: Page): AxeBuilder {
  return new AxeBuilder({ page }).setLegacyMode(true).options({ resultTypes: ["violations"] });
}

async function expectNoFaults(page: Page, axe: AxeBuilder): Promise<void> {
  const { violations } = await axe.analyze();
  const serious = violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`);
  expect(serious, page.url()).toEqual([]);
}

const SHOTS = join(REPO_ROOT, "screenshots");

/** Kept out of git, for people to look at. */
export async function shoot(page: Page, name: string): Promise<void> {
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: join(SHOTS, `${name}.png`) });
}

const WINDOW_HEIGHT = 900;

/** A window as tall as its page: what sticks to an edge of the window does not lie across the picture. */
export async function showWhole(page: Page): Promise<void> {
  const { width = 0 } = page.viewportSize() ?? {};
  const height = await page.evaluate<number>("document.documentElement.scrollHeight");
  await page.setViewportSize({ width, height: Math.max(height, WINDOW_HEIGHT) });
}

/** A window as people have them. */
export async function showWindow(page: Page): Promise<void> {
  const { width = 0 } = page.viewportSize() ?? {};
  await page.setViewportSize({ width, height: WINDOW_HEIGHT });
}

/** Nothing is wider than the window: a page that scrolls sideways on a phone is broken. */
export async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const over = await page.evaluate<number>(
    "document.documentElement.scrollWidth - document.documentElement.clientWidth",
  );
  expect(over, page.url()).toBeLessThanOrEqual(0);
  expect(await page.evaluate(cutTexts), page.url()).toEqual([]);
}

interface Box {
  readonly left: number;
  readonly right: number;
  readonly width: number;
}

/** The little of a document that is needed to look at its texts. */
interface Texts {
  createTreeWalker(root: unknown, what: number): { nextNode(): { parentElement: Holder; textContent: string } | null };
  createRange(): { selectNodeContents(node: unknown): void; getBoundingClientRect(): Box };
  querySelector(selector: string): unknown;
}

interface Holder {
  readonly parentElement: Holder | null;
  matches(selector: string): boolean;
  getBoundingClientRect(): Box;
}

/** Texts that stick out of the card or box they stand in, or are cut off by it; what can be scrolled to is in order. */
function cutTexts(): string[] {
  const { document, getComputedStyle } = globalThis as unknown as {
    document: Texts;
    getComputedStyle(element: unknown): { overflowX: string };
  };
  const cut: string[] = [];
  const SHOW_TEXT = 4;
  const texts = document.createTreeWalker(document.querySelector("main"), SHOW_TEXT);
  for (let text = texts.nextNode(); text !== null; text = texts.nextNode()) {
    const range = document.createRange();
    range.selectNodeContents(text);
    const { left, right, width } = range.getBoundingClientRect();
    let box: Holder | null = text.parentElement;
    const isBox = (each: Holder): boolean =>
      getComputedStyle(each).overflowX !== "visible" || each.matches("section, article, li, main");
    while (box !== null && !isBox(box)) box = box.parentElement;
    if (box === null || width <= 1 || /auto|scroll/.test(getComputedStyle(box).overflowX)) continue;
    const edges = box.getBoundingClientRect();
    if (right > edges.right + 1 || left < edges.left - 1) cut.push(text.textContent.trim().slice(0, 60));
  }
  return cut;
}
