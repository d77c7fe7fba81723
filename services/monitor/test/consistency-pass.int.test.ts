// The rolling comparison: goes over every account, remembers where it stands, and looks again at what was not equal.
import { silentLog } from "@stipend/platform/log/log";
import { Database } from "@stipend/platform/mysql/database";
import { testEngines } from "@stipend/testing/engines/test-engines";
import { type FreshDatabase, freshDatabase } from "@stipend/testing/fresh-database";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { CreditsSide, ViewSide } from "../src/domain/consistency.ts";
import { readRuleBook } from "../src/rules/all.ts";
import { MysqlCheckStore } from "../src/store/check-store.ts";
import { checkNextPage, checkUnequal } from "../src/usecases/check-consistency.ts";
import type { CheckSource } from "../src/usecases/ports.ts";
import { minutes, T0 } from "./builders.ts";

const { book } = readRuleBook(undefined);

/** Accounts as two services would tell them; a test may set any of them wrong. */
class Accounts implements CheckSource {
  readonly credits = new Map<string, CreditsSide>();
  readonly shown = new Map<string, ViewSide>();
  readonly asked: string[] = [];

  add(...names: readonly string[]): void {
    for (const userId of names) {
      this.credits.set(userId, { userId, version: 5, balance: 50, held: 0, status: "active", problems: [] });
      this.shown.set(userId, { userId, balance: 50, held: 0, balanceVersion: 5 });
    }
  }

  show(userId: string, over: Partial<ViewSide>): void {
    this.shown.set(userId, { userId, balance: 50, held: 0, balanceVersion: 5, ...over });
  }

  page(after: string | null, limit: number) {
    const ids = [...this.credits.keys()].sort().filter((id) => after === null || id > after);
    const page = ids.slice(0, limit);
    this.asked.push(...page);
    const next = ids.length > limit ? (page.at(-1) ?? null) : null;
    return Promise.resolve({ accounts: page.flatMap((id) => this.credits.get(id) ?? []), next });
  }

  accounts(ids: readonly string[]) {
    return Promise.resolve(ids.flatMap((id) => this.credits.get(id) ?? []));
  }

  views(ids: readonly string[]) {
    return Promise.resolve(ids.flatMap((id) => this.shown.get(id) ?? []));
  }

  plans() {
    return Promise.resolve(new Map());
  }
}

describe("the rolling comparison", () => {
  let schema: FreshDatabase;
  let db: Database;
  let owner: Database;
  let store: MysqlCheckStore;
  let source: Accounts;

  beforeAll(async () => {
    schema = await freshDatabase(testEngines().mysqlAdminUrl, "monitor");
    db = new Database({ url: schema.url, log: silentLog(), poolSize: 4, acquireTimeoutMs: 15_000 });
    owner = new Database({ url: schema.ownerUrl, log: silentLog(), poolSize: 1, acquireTimeoutMs: 15_000 });
    store = new MysqlCheckStore(db);
  }, 60_000);

  afterAll(async () => {
    await db?.stop();
    await owner?.stop();
    await schema?.drop();
  });

  beforeEach(async () => {
    for (const table of ["alerts", "account_checks"]) await owner.query(`DELETE FROM ${table}`);
    await owner.query("UPDATE consistency_progress SET after_user_id = NULL, pass_checked = 0, passes = 0");
    source = new Accounts();
    source.add("a", "b", "c", "d", "e");
  });

  const step = async (now = T0, limit = 2) => await checkNextPage(source, store, book.jobs, limit, now);
  const open = async () =>
    (await owner.query<{ fingerprint: string }>("SELECT fingerprint FROM alerts WHERE status = 'open' ORDER BY 1")).map(
      ({ fingerprint }) => fingerprint,
    );

  it("comes by every account once in a pass, in order, and begins anew", async () => {
    const reports = [await step(), await step(), await step()];
    expect(reports.map(({ checked, passEnded }) => [checked, passEnded])).toEqual([
      [2, false],
      [2, false],
      [1, true],
    ]);
    expect(source.asked).toEqual(["a", "b", "c", "d", "e"]);
    expect(await store.passState()).toMatchObject({ after: null, passes: 1, lastChecked: 5 });
    await step();
    expect(source.asked.slice(5)).toEqual(["a", "b"]);
  });

  it("goes on after a restart where it was, with the accounts that have come since", async () => {
    await step();
    source.add("aa", "bb");
    store = new MysqlCheckStore(db);
    await step();
    expect(source.asked).toEqual(["a", "b", "bb", "c"]);
  });

  it("is one pass, though two instances walk it", async () => {
    // Both have read where the pass stands before either has moved it.
    const together = Promise.withResolvers<void>();
    const page = source.page.bind(source);
    let waiting = 0;
    source.page = async (after, limit) => {
      waiting += 1;
      if (waiting === 2) together.resolve();
      await together.promise;
      return await page(after, limit);
    };
    await Promise.all([step(), step()]);
    expect(await store.passState()).toMatchObject({ after: "b", checked: 2 });
  });

  it("finds what differs without being asked, and comes back to it before the next pass does", async () => {
    source.show("b", { balance: 49 });
    source.show("c", { balanceVersion: 4, balance: 40 });
    for (let n = 0; n < 3; n++) await step();
    expect(await open()).toEqual(["balance_difference:b"]);

    const again = async (now: Date) => await checkUnequal(source, store, book.jobs, 100, now);
    // Looked at a moment ago.
    expect(await again(T0)).toBe(0);
    expect(await again(minutes(1))).toBe(2);
    expect(await open()).toEqual(["balance_difference:b"]);
    source.show("b", {});
    source.show("c", {});
    expect(await again(minutes(2))).toBe(2);
    expect(await open()).toEqual([]);
    // Equal now: nothing is left to come back to.
    expect(await again(minutes(3))).toBe(0);
  });

  it("stops where it is while a service is away, and raises nothing", async () => {
    await step();
    const page = source.page.bind(source);
    source.page = () => Promise.reject(new Error("credits is away"));
    await expect(step()).rejects.toThrow("away");
    source.page = page;
    await step();
    expect(source.asked).toEqual(["a", "b", "c", "d"]);
    expect(await open()).toEqual([]);
  });
});
