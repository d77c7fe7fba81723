import { ServiceUnavailable } from "@stipend/platform/errors/coded";
import { describe, expect, test } from "vitest";
import type { AllowanceState, AllowanceStep, MembershipOperation } from "../src/domain/ledger/allowance.ts";
import { type ApplyMembershipsPorts, applyMemberships, OverdueNews } from "../src/usecases/apply-memberships.ts";
import type { MembershipTold, MembershipWaiting } from "../src/usecases/ports.ts";
import { day, member, UTC } from "./support/plain-account.ts";
import { plainLedger } from "./support/plain-ledger.ts";

const NOW = day("2026-02-10");
const PATIENCE_MS = 60_000;

const told = (userId: string, version: number, over: Partial<MembershipTold> = {}) => ({
  eventId: `${userId}-${version}`,
  userId,
  version,
  membership: member("2026-01-10"),
  occurredAt: day("2026-01-10"),
  ...over,
});
const waiting = (userId: string, version: number): MembershipWaiting => ({ ...told(userId, version), receivedAt: NOW });

/** Copies of memberships by version alone, and what waits. */
class Copies {
  readonly versions = new Map<string, number>();
  waiting: MembershipWaiting[] = [];
  seen: readonly string[] = [];
  /** `user version`, in the order in which they were applied, a list for each call. */
  readonly applied: string[][] = [];
  readonly kept: string[] = [];
  readonly operations: MembershipOperation[] = [];
  readonly steps: AllowanceStep[] = [];
  /** Users of whom the state before was asked for. */
  readonly loaded: string[] = [];
  dueAt: Date | null = null;
  overdueBefore: Date | undefined;
  failing: (userId: string) => unknown = () => null;

  readonly #ledger = plainLedger({
    recordInbox: (_consumer, ids) => Promise.resolve(new Set(ids.filter((id) => !this.seen.includes(id)))),
    loadDue: (_now, userIds) => {
      this.loaded.push(...userIds);
      return Promise.resolve(userIds.map((userId) => this.#state(userId)));
    },
    takeMemberships: (userIds) => {
      const failure = userIds.map(this.failing).find((found) => found !== null);
      if (failure !== undefined) return Promise.reject(failure as Error);
      return Promise.resolve(this.waiting.filter(({ userId }) => userIds.includes(userId)));
    },
    keepMemberships: (early) => {
      this.kept.push(...early.map(({ userId, version }) => `${userId} ${version}`));
      return Promise.resolve();
    },
    applyMembership: (_now, operations) => {
      this.applied.push(operations.map(({ userId, version }) => `${userId} ${version}`));
      this.operations.push(...operations);
      return Promise.resolve(
        operations.map(({ userId, version }) => {
          const outcome = version > (this.versions.get(userId) ?? 0) ? ("applied" as const) : ("ignored" as const);
          if (outcome === "applied") this.versions.set(userId, version);
          return { ...this.#state(userId), outcome };
        }),
      );
    },
    settle: (_now, steps) => {
      this.steps.push(...steps);
      return Promise.resolve(steps.map(() => ({ outcome: "unchanged" as const })));
    },
    overdueMemberships: (before, limit, after) => {
      this.overdueBefore = before;
      const users = [...new Set(this.waiting.map(({ userId }) => userId))].map((userId) => ({ userId, since: NOW }));
      // In the order of their names, of which any may be gone by now.
      const behind = users.filter(({ userId }) => after === null || userId > after.userId);
      return Promise.resolve(behind.toSorted((a, b) => (a.userId < b.userId ? -1 : 1)).slice(0, limit));
    },
  });

  ports(patienceMs?: number): ApplyMembershipsPorts {
    return { ledger: this.#ledger, clock: { now: () => NOW }, timeZone: UTC, patienceMs };
  }

  #state(userId: string): AllowanceState {
    return {
      userId,
      membershipVersion: this.versions.get(userId) ?? null,
      state: null,
      servedStart: null,
      servedEnd: null,
      servedGiven: 0,
      allowanceRemaining: 0,
      dueAt: this.dueAt,
      status: "active",
    };
  }
}

function overdue(
  copies: Copies,
  failed: (userId: string, error: unknown) => void = () => undefined,
  patienceMs: number | null = PATIENCE_MS,
): OverdueNews {
  return new OverdueNews(copies.ports(patienceMs ?? undefined), failed);
}

describe("news of memberships", () => {
  test("is applied in order of version, whatever order it comes in, each user once in a call", async () => {
    const copies = new Copies();
    await applyMemberships(copies.ports(), [told("a", 3), told("b", 1), told("a", 1), told("a", 2)]);
    expect(copies.applied).toEqual([["a 1", "b 1"], ["a 2"], ["a 3"]]);
  });

  test("that was seen before changes nothing", async () => {
    const copies = new Copies();
    copies.seen = ["a-1"];
    await applyMemberships(copies.ports(), [told("a", 1)]);
    expect(copies.applied).toEqual([]);
    await applyMemberships(copies.ports(PATIENCE_MS), [told("a", 1)]);
    expect(copies.loaded).toEqual([]);
  });

  test("that the ledger ignores settles nothing; what is applied settles in the trace of its event", async () => {
    const copies = new Copies();
    copies.versions.set("old", 5);
    await applyMemberships(copies.ports(), [told("old", 4), told("new", 1, { traceparent: "of the event" })]);
    expect(copies.steps.map(({ userId, traceparent }) => [userId, traceparent])).toEqual([["new", "of the event"]]);
  });

  test("that somebody is no member any more ends the copy now; an open membership lasts", async () => {
    const copies = new Copies();
    await applyMemberships(copies.ports(), [told("gone", 1, { membership: null }), told("here", 1)]);
    expect(copies.operations.map(({ userId, activeUntil, state }) => [userId, activeUntil, state === null])).toEqual([
      ["gone", null, true],
      ["here", "open", false],
    ]);
  });

  test("settles first what fell due before it, but for the first version, which has nothing before it", async () => {
    const copies = new Copies();
    copies.dueAt = day("2026-01-10");
    await applyMemberships(copies.ports(), [told("a", 1)]);
    expect(copies.loaded).toEqual([]);
    expect(copies.steps).toHaveLength(1);
    await applyMemberships(copies.ports(), [told("a", 2)]);
    expect(copies.loaded).toEqual(["a"]);
    expect(copies.steps).toHaveLength(3);
    // Not due yet when the change was made.
    copies.dueAt = day("2026-01-10T00:00:00.001Z");
    await applyMemberships(copies.ports(), [told("a", 3)]);
    expect(copies.steps).toHaveLength(4);
  });
});

describe("news that comes early", () => {
  test("waits, each version once, until those before it are there; what is as old as the copy is left out", async () => {
    const copies = new Copies();
    copies.versions.set("a", 2);
    copies.waiting = [waiting("a", 5)];
    await applyMemberships(copies.ports(PATIENCE_MS), [
      ...[told("b", 2), told("a", 1), told("a", 2), told("a", 6), told("a", 5), told("b", 3)],
    ]);
    expect(copies.applied).toEqual([]);
    expect(copies.kept).toEqual(["a 5", "a 6", "b 2", "b 3"]);
    copies.waiting = [waiting("a", 6), waiting("a", 5)];
    await applyMemberships(copies.ports(PATIENCE_MS), [told("a", 4), told("a", 3)]);
    expect(copies.applied).toEqual([["a 3"], ["a 4"], ["a 5"], ["a 6"]]);
    expect(copies.kept).toHaveLength(4);
  });

  test("is applied all the same after its time, as of the moment at which patience began", async () => {
    const copies = new Copies();
    copies.waiting = [waiting("a", 3), waiting("b", 2)];
    expect(await overdue(copies).look(new AbortController().signal)).toBe(2);
    expect(copies.overdueBefore).toEqual(new Date(NOW.getTime() - PATIENCE_MS));
    expect(copies.applied).toEqual([["a 3"], ["b 2"]]);
  });

  test("does not exist for who has no patience", async () => {
    for (const patienceMs of [undefined, 0]) {
      const copies = new Copies();
      copies.waiting = [waiting("a", 3)];
      expect(await overdue(copies, () => undefined, patienceMs ?? null).look(new AbortController().signal)).toBe(0);
      expect(copies.overdueBefore).toBeUndefined();
      await applyMemberships(copies.ports(patienceMs), [told("a", 4)]);
      expect(copies.applied).toEqual([["a 4"]]);
    }
  });

  test("of one user that can't be applied is told, and holds up nobody else", async () => {
    const copies = new Copies();
    copies.waiting = [waiting("a", 3), waiting("broken", 2), waiting("c", 2)];
    copies.failing = (userId) => (userId === "broken" ? new Error("unreadable") : null);
    const failed: string[] = [];
    const tell = (userId: string, error: unknown) => void failed.push(`${userId}: ${String(error)}`);
    expect(await overdue(copies, tell).look(new AbortController().signal)).toBe(2);
    expect(failed).toEqual(["broken: Error: unreadable"]);
    expect(copies.applied).toEqual([["a 3"], ["c 2"]]);
  });

  test("is found behind hundreds of others that can't be applied: each look goes on behind the one before, and round again", async () => {
    const copies = new Copies();
    const broken = Array.from({ length: 500 }, (_, n) => waiting(`broken-${String(n).padStart(3, "0")}`, 2));
    copies.waiting = [...broken, waiting("last", 2), waiting("later", 2)];
    copies.failing = (userId) => (userId.startsWith("broken") ? new Error("unreadable") : null);
    const failed: string[] = [];
    const news = overdue(copies, (userId) => failed.push(userId));
    const look = () => news.look(new AbortController().signal);
    expect(await look()).toBe(0);
    expect(failed).toEqual(broken.map(({ userId }) => userId));
    expect(await look()).toBe(2);
    expect(copies.applied).toEqual([["last 2"], ["later 2"]]);
    expect(failed).toHaveLength(500);
    await look();
    expect(failed).toHaveLength(1_000);
  });

  test("of a user in somebody's hands ends the look, and the next one goes on behind", async () => {
    const copies = new Copies();
    copies.waiting = [waiting("a", 2), waiting("held", 2), waiting("z", 2)];
    copies.failing = (userId) => (userId === "held" ? new ServiceUnavailable("database_busy") : null);
    const news = overdue(copies);
    await expect(news.look(new AbortController().signal)).rejects.toBeInstanceOf(ServiceUnavailable);
    expect(await news.look(new AbortController().signal)).toBe(1);
    expect(copies.applied).toEqual([["a 2"], ["z 2"]]);
    copies.failing = () => null;
    copies.waiting = [waiting("held", 2)];
    expect(await news.look(new AbortController().signal)).toBe(1);
  });

  test("stays when the database is away or the service stops", async () => {
    const copies = new Copies();
    copies.waiting = [waiting("a", 3), waiting("b", 2)];
    copies.failing = () => new ServiceUnavailable("database_unavailable");
    const failed: string[] = [];
    const tell = (userId: string) => void failed.push(userId);
    await expect(overdue(copies, tell).look(new AbortController().signal)).rejects.toBeInstanceOf(ServiceUnavailable);
    const stopping = new AbortController();
    copies.failing = () => {
      stopping.abort();
      return null;
    };
    expect(await overdue(copies, tell).look(stopping.signal)).toBe(1);
    expect(failed).toEqual([]);
    expect(copies.applied).toEqual([["a 3"]]);
  });
});
