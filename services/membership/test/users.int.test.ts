import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { applyBalances } from "../src/usecases/apply-balances.ts";
import { listUsers } from "../src/usecases/list-users.ts";
import type { ToldBalance, UserQuery } from "../src/usecases/ports.ts";
import { readUser } from "../src/usecases/read-membership.ts";
import { seeUsers } from "../src/usecases/see-users.ts";
import { at, openRig, put, type Rig } from "./support.ts";

let rig: Rig;
const NOW = at("2026-01-31T10:00:00Z");
let nextEvent = 0;

beforeAll(async () => {
  rig = await openRig();
});
afterAll(() => rig.close());

function told(balance: Partial<ToldBalance> & { userId: string; version: number }) {
  nextEvent += 1;
  return {
    eventId: `event-${nextEvent}`,
    balance: { balance: balance.version * 10, held: 0, status: "active" as const, ...balance },
  };
}

async function walk(query: Omit<UserQuery, "limit" | "after">, limit: number): Promise<string[]> {
  const found: string[] = [];
  let page = await listUsers(rig.deps, { ...query, limit });
  for (let pages = 0; pages < 50; pages++) {
    found.push(...page.users.map((user) => user.userId));
    if (page.next === undefined) return found;
    page = await listUsers(rig.deps, { ...query, limit, after: page.next });
  }
  throw new Error("the list has no end");
}

describe("balances as credits told them", () => {
  it("go forward by version only: twice, late, out of order, several in one batch", async () => {
    const events = [5, 2, 9, 7].map((version) => told({ userId: "ann", version }));
    await applyBalances(rig.deps, events, NOW);
    expect(await readUser(rig.deps, "ann", NOW)).toMatchObject({ user: { balance: 90, balanceVersion: 9 } });
    await applyBalances(rig.deps, [told({ userId: "ann", version: 8 }), ...events], NOW);
    expect(await readUser(rig.deps, "ann", NOW)).toMatchObject({ user: { balance: 90, balanceVersion: 9 } });
    await applyBalances(rig.deps, [told({ userId: "ann", version: 10, status: "frozen", held: 3 })], NOW);
    expect(await readUser(rig.deps, "ann", NOW)).toMatchObject({
      user: { balance: 100, held: 3, accountStatus: "frozen", balanceVersion: 10, membership: null },
    });
  });

  it("create the users they name, and are counted once", async () => {
    const event = told({ userId: "from-event", version: 1 });
    await Promise.all([applyBalances(rig.deps, [event], NOW), applyBalances(rig.deps, [event], NOW)]);
    expect(await readUser(rig.deps, "from-event", NOW)).toMatchObject({ ok: true });
    const inbox = await rig.owner.query("SELECT * FROM inbox WHERE event_id = ?", [event.eventId]);
    expect(inbox).toHaveLength(1);
  });
});

describe("the admin's list", () => {
  it("knows nobody who was never named", async () => {
    expect(await readUser(rig.deps, "never-named", NOW)).toMatchObject({ ok: false, code: "user_not_found" });
  });

  it("walks by cursor, newest first, over any filter", async () => {
    for (let n = 0; n < 12; n++) {
      const userId = `walk-${n}`;
      await seeUsers(rig.deps, [{ userId, email: `${userId}@walk.example`, name: `Walker Number${n}` }], NOW);
      if (n % 2 === 0) await put(rig, { userId, tier: n % 4 === 0 ? "lite" : "premium", now: NOW });
    }
    await applyBalances(
      rig.deps,
      Array.from({ length: 12 }, (_, n) => told({ userId: `walk-${n}`, version: n + 100 })),
      NOW,
    );
    const everybody = await walk({}, 5);
    expect(everybody.slice(0, 12)).toEqual(Array.from({ length: 12 }, (_, n) => `walk-${11 - n}`));
    expect(new Set(everybody).size).toBe(everybody.length);
    expect(await walk({ status: "active" }, 4)).toEqual(["walk-10", "walk-8", "walk-6", "walk-4", "walk-2", "walk-0"]);
    expect(await walk({ tier: "lite" }, 2)).toEqual(["walk-8", "walk-4", "walk-0"]);
    expect((await walk({ status: "none" }, 3)).filter((id) => id.startsWith("walk-"))).toHaveLength(6);
    expect(await walk({ balanceMin: 1_090, balanceMax: 1_100 }, 1)).toEqual(["walk-10", "walk-9"]);
    expect(await walk({ query: "walk.example" }, 5)).toHaveLength(12);
  });

  it("finds by the beginning of id, e-mail, domain, name and words of it, each user once", async () => {
    await seeUsers(rig.deps, [{ userId: "Zoe_1", email: "zoe@zoe.example", name: "Zoë Zoeller" }], NOW);
    await seeUsers(rig.deps, [{ userId: "zoe_2", name: "Anna Zoeller" }], NOW);
    expect(await walk({ query: "zoe" }, 1)).toEqual(["Zoe_1", "zoe_2"]);
    expect(await walk({ query: "ZOË" }, 10)).toEqual(["Zoe_1", "zoe_2"]);
    expect(await walk({ query: "zoeller" }, 1)).toEqual(["Zoe_1", "zoe_2"]);
    expect(await walk({ query: "zoe.example" }, 1)).toEqual(["Zoe_1"]);
    expect(await walk({ query: "zoe_" }, 1)).toEqual(["Zoe_1", "zoe_2"]);
    expect(await walk({ query: "%" }, 10)).toEqual([]);
    expect(await walk({ query: "zoe", status: "active" }, 10)).toEqual([]);
  });

  it("forgets the words of an address that has changed", async () => {
    await seeUsers(rig.deps, [{ userId: "mover", email: "old@place.example" }], NOW);
    await seeUsers(rig.deps, [{ userId: "mover" }], NOW);
    expect(await walk({ query: "old@place" }, 10)).toEqual(["mover"]);
    await seeUsers(rig.deps, [{ userId: "mover", email: "new@place.example" }], NOW);
    expect(await walk({ query: "old@place" }, 10)).toEqual([]);
    expect(await walk({ query: "new@place" }, 10)).toEqual(["mover"]);
  });

  it("finds memberships by the range of their end", async () => {
    await put(rig, { userId: "ends-1", expiresAt: at("2026-06-01T00:00:00Z"), now: NOW });
    await put(rig, { userId: "ends-2", expiresAt: at("2026-07-01T00:00:00Z"), now: NOW });
    const range = { endsFrom: at("2026-06-01T00:00:00Z"), endsTo: at("2026-07-01T00:00:00Z") };
    expect(await walk(range, 10)).toEqual(["ends-1"]);
    const both = { endsFrom: range.endsFrom };
    expect(await walk(both, 1)).toEqual(["ends-2", "ends-1"]);
    expect(await walk({ ...both, status: "active", tier: "pro" }, 10)).toEqual(["ends-2", "ends-1"]);
    expect(await walk({ ...both, status: "expired" }, 10)).toEqual([]);
    expect(await walk({ ...both, balanceMin: 0 }, 1)).toEqual(["ends-2", "ends-1"]);
    expect(await walk({ ...both, balanceMin: 1 }, 10)).toEqual([]);
    expect(await walk({ ...both, query: "ends-" }, 10)).toEqual(["ends-1", "ends-2"]);
  });

  it("tells apart ids that differ only in case", async () => {
    await put(rig, { userId: "Case", now: NOW });
    await put(rig, { userId: "case", tier: "lite", now: NOW });
    expect(await readUser(rig.deps, "Case", NOW)).toMatchObject({ user: { membership: { terms: { tier: "pro" } } } });
    expect(await readUser(rig.deps, "case", NOW)).toMatchObject({ user: { membership: { terms: { tier: "lite" } } } });
  });
});
