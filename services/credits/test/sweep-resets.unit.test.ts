import { describe, expect, test } from "vitest";
import { LeftBehind, type SweepFaults } from "../src/usecases/sweep-faults.ts";
import { sweepResets } from "../src/usecases/sweep-resets.ts";
import { DueAccounts, NOW } from "./support/due-accounts.ts";
import { day, UTC } from "./support/plain-account.ts";

const names = (letter: string, count: number) =>
  Array.from({ length: count }, (_, n) => `${letter}-${String(n).padStart(3, "0")}`);

/** @param skipped whom the sweep left behind, and why */
function faults(skipped: [string, string][], isTransient = false): SweepFaults {
  return {
    isTransient: () => isTransient,
    skipped: (userId, error) => void skipped.push([userId, String(error)]),
  };
}

function sweep(accounts: DueAccounts, tell?: SweepFaults, signal = new AbortController().signal): Promise<number> {
  const ports = { ledger: accounts.ledger, clock: { now: () => NOW }, timeZone: UTC, stopwatch: () => 0, faults: tell };
  return sweepResets(ports, signal);
}

function breaking(...userIds: string[]): DueAccounts {
  const accounts = new DueAccounts();
  accounts.outcomeOf = (userId) => {
    if (userIds.includes(userId)) throw new Error(`${userId} is broken`);
    return "reset";
  };
  return accounts;
}

describe("a page of the sweep", () => {
  test("begins behind the furthest account claimed before, in the order of when they are due", async () => {
    const accounts = new DueAccounts()
      .add("2026-02-01", ...names("z", 60))
      .add("2026-02-02", ...names("a", 40))
      .add("2026-02-03", ...names("y", 50))
      .add("2026-02-04", ...names("a2", 50));
    expect(await sweep(accounts)).toBe(200);
    // Two pages at once, both from the first; who finds nobody begins again.
    const places = accounts.claims.map(
      ({ after }) => after && `${after.userId} ${after.dueAt.toISOString().slice(5, 10)}`,
    );
    expect(places.slice(0, 3)).toEqual([null, null, "a2-049 02-04"]);
    expect(places.slice(3)).toContain(null);
    expect(accounts.claims.slice(0, 2).map(({ userIds }) => userIds.length)).toEqual([100, 100]);
  });

  test("does not begin further ahead than anybody was claimed, nor behind, whoever is answered first", async () => {
    const accounts = new DueAccounts().add("2026-02-01", ...names("m", 220));
    const second = Promise.withResolvers<void>();
    accounts.beforeAnswer = async (nth) => {
      if (nth === 1) await second.promise;
      if (nth === 3) second.resolve();
    };
    expect(await sweep(accounts)).toBe(220);
    // The second page (100 to 199) is answered first, and the third is asked for before the first one is.
    const [, , third, fourth] = accounts.claims.map(({ after }) => after?.userId);
    expect([third, fourth]).toEqual(["m-199", "m-219"]);
  });

  test("finds those who were in somebody's hands when the sweep begins again, and nobody for ever", async () => {
    const accounts = new DueAccounts().add("2026-02-01", "a", "c");
    accounts.beforeClaim = (nth) => {
      if (nth === 3) accounts.add("2026-02-01", "b");
    };
    expect(await sweep(accounts)).toBe(3);
    expect(accounts.claims.at(-1)).toMatchObject({ userIds: [] });
  });

  test("that was aborted before it began does nothing", async () => {
    const accounts = new DueAccounts().add("2026-02-01", "a");
    expect(await sweep(accounts, undefined, AbortSignal.abort())).toBe(0);
    expect(accounts.claims).toEqual([]);
  });
});

describe("a page that fails", () => {
  test("is settled account by account: who is at fault is told, once", async () => {
    const accounts = breaking("b").add("2026-02-01", "a", "b", "c");
    const skipped: [string, string][] = [];
    expect(await sweep(accounts, faults(skipped))).toBe(2);
    expect(skipped).toEqual([["b", "Error: b is broken"]]);
    expect(accounts.loaded).toEqual(["a", "b", "c"]);
    expect(accounts.settled).toEqual([["a"], ["c"]]);
  });

  test("names those whose step the ledger refuses as well, in a page and one by one", async () => {
    for (const outcome of ["invalid", "stale", "not_current"] as const) {
      const accounts = new DueAccounts().add("2026-02-01", "a", "b");
      accounts.outcomeOf = (userId) => (userId === "a" ? outcome : "reset");
      const skipped: [string, string][] = [];
      expect(await sweep(accounts, faults(skipped))).toBe(1);
      expect(skipped).toEqual([["a", `Error: the ledger refused the allowance step: ${outcome}`]]);
      expect(accounts.loaded).toEqual([]);
      expect(await sweep(accounts)).toBe(0);
    }
    const accounts = breaking("b").add("2026-02-01", "a", "b");
    const { outcomeOf } = accounts;
    accounts.outcomeOf = (userId) => (userId === "a" ? "invalid" : outcomeOf(userId));
    const skipped: [string, string][] = [];
    expect(await sweep(accounts, faults(skipped))).toBe(0);
    expect(skipped.map(([userId]) => userId)).toEqual(["a", "b"]);
  });

  test("does not try those again who were left behind before", async () => {
    const accounts = breaking("b", "late").add("2026-02-01", "a", "b");
    const skipped: string[] = [];
    const tell: SweepFaults = {
      isTransient: () => false,
      skipped(userId) {
        skipped.push(userId);
        if (userId === "b") accounts.add("2026-02-01", "late");
      },
    };
    expect(await sweep(accounts, tell)).toBe(1);
    expect(skipped).toEqual(["b", "late"]);
    expect(accounts.loaded).toEqual(["a", "b", "late"]);
  });

  test("passes over those who are not due any more: somebody else has settled them", async () => {
    const accounts = breaking("b").add("2026-02-01", "a", "b").add("2026-02-10", "c");
    accounts.dueWhenLoaded = (userId) => {
      if (userId === "a") return null;
      return userId === "b" ? day("2026-03-01") : NOW;
    };
    accounts.beforeClaim = (nth) => {
      if (nth === 3) accounts.due.clear();
    };
    const skipped: [string, string][] = [];
    expect(await sweep(accounts, faults(skipped))).toBe(1);
    expect(skipped).toEqual([]);
    // At the very moment at which it is due counts as due.
    expect(accounts.settled).toEqual([["c"]]);
  });

  test("ends between two accounts when the service stops", async () => {
    const accounts = breaking("b").add("2026-02-01", "a", "b", "c");
    const stopping = new AbortController();
    const { outcomeOf } = accounts;
    let asked = 0;
    accounts.outcomeOf = (userId) => {
      // The third is asked alone, after a and b of the page.
      if (++asked === 3) stopping.abort();
      return outcomeOf(userId);
    };
    expect(await sweep(accounts, faults([]), stopping.signal)).toBe(1);
    expect(accounts.loaded).toEqual(["a"]);
  });

  test("because the surroundings failed, or with nobody to tell, ends the sweep", async () => {
    const skipped: [string, string][] = [];
    await expect(sweep(breaking("b").add("2026-02-01", "a", "b"), faults(skipped, true))).rejects.toThrow(
      "b is broken",
    );
    await expect(sweep(breaking("b").add("2026-02-01", "a", "b"))).rejects.toThrow("b is broken");
    const away = new DueAccounts().add("2026-02-01", "a");
    away.beforeAnswer = () => Promise.reject(new Error("no claim"));
    away.ledger.write = () => Promise.reject(new Error("no claim"));
    await expect(sweep(away, faults(skipped))).rejects.toThrow("no claim");
    expect(skipped).toEqual([]);
  });

  test("because of one account, and then because of the surroundings, ends the sweep as well", async () => {
    const accounts = breaking("b").add("2026-02-01", "a", "b");
    let asked = 0;
    const tell = { isTransient: () => ++asked > 1, skipped: () => undefined };
    await expect(sweep(accounts, tell)).rejects.toThrow("b is broken");
    expect(accounts.settled).toEqual([["a"]]);
  });
});

test("who is met by two pages at once is told once", () => {
  const skipped: [string, string][] = [];
  const left = new LeftBehind(faults(skipped));
  left.add("a", new Error("first"));
  left.add("a", new Error("second"));
  expect(skipped).toEqual([["a", "Error: first"]]);
});
