import { eventually } from "@stipend/testing/eventually";
import type { BrowserContext, Frame, Page } from "playwright-core";
import type { Person } from "../../support/people.ts";
import type { Site } from "./site.ts";

/** What the page of packages/react/test/page offers; only what tests use of it. */
interface Lab {
  readonly shown: readonly { readonly version: number; readonly spendable: number | null; readonly at: number }[];
  readonly changes: readonly { readonly id: string; readonly type: string; readonly amount: number }[];
  readonly ends: readonly { readonly reason: string; readonly nextUserId: string | null; readonly at: number }[];
  start(options: Readonly<Record<string, unknown>>): void;
  signIn(userId: string, token: string): void;
  consume(amount: number, reason?: string): Promise<string>;
  rewrite(text: string, cost: number): Promise<string>;
  snapshot(): Snapshot | undefined;
  readonly store: { signOut(): void; refresh(options: { force: boolean }): Promise<void> };
}

export interface Snapshot {
  readonly status: string;
  readonly userId: string | null;
  readonly spendable: number | null;
  readonly pending: number;
  readonly live: string;
  readonly credits: { readonly version: number; readonly available: number } | null;
  readonly membership: { readonly tier: string | null } | null;
  readonly error: { readonly code: string } | null;
}

declare global {
  var lab: Lab;
}

export interface Member extends Person {
  readonly token: string;
}

interface OpenOptions {
  /** Parts of the browser that are taken away before the page loads. */
  readonly without?: readonly ("BroadcastChannel" | "localStorage" | "locks")[];
  readonly allowedOrigins?: readonly string[];
  readonly locale?: string;
  /** Fills localStorage before the page loads, so that nothing more fits. */
  readonly fullStorage?: boolean;
  /** The page's clock stands until `runFor`, and with it that of every page of its context. */
  readonly clock?: boolean;
  /** Time can be leapt over, in this page alone: `leap`. */
  readonly leaps?: boolean;
}

/** A window of the lab page, or a frame in one. */
export class Tab {
  readonly frame: Frame;

  constructor(frame: Frame) {
    this.frame = frame;
  }

  /** Opens a window and signs in. */
  static async open(context: BrowserContext, site: Site, member: Member, options: OpenOptions = {}): Promise<Tab> {
    const page = await context.newPage();
    await takeAway(page, options.without ?? []);
    if (options.clock) await page.clock.install();
    if (options.leaps) await page.addInitScript(makeLeaps);
    await page.goto(`${site.origin}/`);
    if (options.fullStorage) await page.evaluate(fillStorage);
    const tab = new Tab(page.mainFrame());
    await tab.start(member, options);
    return tab;
  }

  async start({ name: userId, token }: Member, { allowedOrigins = [], locale = "en" }: OpenOptions = {}) {
    await this.frame.evaluate((options) => globalThis.lab.start(options), { userId, token, allowedOrigins, locale });
  }

  snapshot(): Promise<Snapshot | undefined> {
    return this.frame.evaluate(() => globalThis.lab.snapshot());
  }

  consume(amount: number, reason = "a test"): Promise<string> {
    return this.frame.evaluate(({ amount, reason }) => globalThis.lab.consume(amount, reason), { amount, reason });
  }

  rewrite(text: string, cost: number): Promise<string> {
    return this.frame.evaluate(({ text, cost }) => globalThis.lab.rewrite(text, cost), { text, cost });
  }

  refresh(): Promise<void> {
    return this.frame.evaluate(() => globalThis.lab.store.refresh({ force: true }));
  }

  signOut(): Promise<void> {
    return this.frame.evaluate(() => globalThis.lab.store.signOut());
  }

  signIn({ name, token }: Member): Promise<void> {
    return this.frame.evaluate(({ name, token }) => globalThis.lab.signIn(name, token), { name, token });
  }

  ends(): Promise<Lab["ends"]> {
    return this.frame.evaluate(() => globalThis.lab.ends);
  }

  changes(): Promise<Lab["changes"]> {
    return this.frame.evaluate(() => globalThis.lab.changes);
  }

  /** When this version first showed, by the machine's clock; undefined when it has not. */
  async shownAt(version: number): Promise<number | undefined> {
    const shown = await this.frame.evaluate(() => globalThis.lab.shown);
    return shown.find((one) => one.version >= version)?.at;
  }

  /** What a person saw, without repeats, from the first known balance on. */
  async shownValues(): Promise<number[]> {
    const shown = await this.frame.evaluate(() => globalThis.lab.shown);
    const values = shown.map(({ spendable }) => spendable).filter((value) => value !== null);
    return values.filter((value, index) => value !== values[index - 1]);
  }

  /** All of localStorage, as text. */
  stored(): Promise<string> {
    return this.frame.evaluate(() => {
      const { localStorage } = globalThis as unknown as { localStorage: Record<string, string> };
      return Object.entries(localStorage)
        .filter(([key]) => !key.startsWith("filler"))
        .join();
    });
  }

  /** Needs the option `clock`. */
  async runFor(ms: number): Promise<void> {
    await this.frame.page().clock.runFor(ms);
  }

  /** So much time has gone by for the page, as when a machine sleeps. Needs the option `leaps`. */
  async leap(ms: number): Promise<void> {
    await this.frame.evaluate((by) => (globalThis as unknown as { leap(ms: number): void }).leap(by), ms);
  }

  /** As when somebody chooses the window's tab. */
  async comeIntoSight(): Promise<void> {
    await this.frame.evaluate(() => {
      const { document } = globalThis as unknown as { document: EventTarget };
      document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
    });
  }

  async text(): Promise<string> {
    return (await this.frame.locator("#root").textContent()) ?? "";
  }

  /** Waits until the store says so. */
  async until(what: (snapshot: Snapshot) => boolean, timeoutMs = 15_000): Promise<Snapshot> {
    return await eventually(
      async () => {
        const snapshot = await this.snapshot();
        if (snapshot === undefined || !what(snapshot)) throw new Error(`the store says ${JSON.stringify(snapshot)}`);
        return snapshot;
      },
      { timeoutMs },
    );
  }

  async untilSpendable(amount: number, timeoutMs?: number): Promise<void> {
    await this.until((snapshot) => snapshot.spendable === amount, timeoutMs);
  }
}

/** Puts `leap(ms)` into a page: the steady clock jumps, and what was due by then happens. */
function makeLeaps(): void {
  const real = performance.now.bind(performance);
  const { setTimeout: set, clearTimeout: clear } = globalThis;
  const waiting = new Map<unknown, { readonly due: number; readonly run: () => void }>();
  let leapt = 0;
  performance.now = () => real() + leapt;
  const end = (id: unknown): void => {
    const timer = waiting.get(id);
    if (waiting.delete(id)) timer?.run();
  };
  const patched = {
    setTimeout: (run: () => void, ms = 0): unknown => {
      const id: unknown = set(() => end(id), ms);
      waiting.set(id, { due: performance.now() + ms, run });
      return id;
    },
    clearTimeout: (id: unknown): void => {
      waiting.delete(id);
      clear(id as number);
    },
    leap: (ms: number): void => {
      leapt += ms;
      for (const [id, { due }] of [...waiting]) if (due <= performance.now()) end(id);
    },
  };
  Object.assign(globalThis, patched);
}

/** Adds less and less until not one character fits. */
function fillStorage(): void {
  const { localStorage } = globalThis as unknown as {
    localStorage: { setItem(key: string, value: string): void };
  };
  let count = 0;
  for (let size = 4_000_000; size >= 1; ) {
    try {
      localStorage.setItem(`filler${count}`, "x".repeat(size));
      count += 1;
    } catch {
      size = Math.floor(size / 2);
    }
  }
}

async function takeAway(page: Page, names: readonly string[]): Promise<void> {
  for (const name of names) {
    await page.addInitScript((gone) => {
      const refuse = (): never => {
        throw new Error(`${gone} is not here`);
      };
      if (gone === "locks") Object.defineProperty(navigator, "locks", { get: () => undefined });
      else Object.defineProperty(globalThis, gone, { get: refuse });
    }, name);
  }
}
