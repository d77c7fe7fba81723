import { describe, expect, it } from "vitest";
import { figuresOf } from "../src/admin/day-series.ts";
import { diffOf } from "../src/admin/json-diff.ts";
import { timelineOf } from "../src/admin/user/timeline.ts";
import type { MembershipChange, Transaction } from "../src/api/types.ts";

const row = (version: number, createdAt: string): Transaction => ({
  id: String(version),
  type: "consume",
  amount: -1,
  balanceBefore: 10,
  balanceAfter: 9,
  heldAfter: 0,
  version,
  reason: "a test",
  feature: null,
  createdAt,
  relatedId: null,
  draws: [],
  heldChange: 0,
  grantKind: null,
  actor: "alice",
  metadata: null,
});

const change = (version: number, occurredAt: string): MembershipChange => ({
  version,
  change: "upgraded",
  tier: "pro",
  status: "active",
  cycle: "monthly",
  actor: "ada",
  reason: "",
  occurredAt,
});

describe("the timeline of a user", () => {
  it("is one story, newest first; at one moment the membership comes before what it moved", () => {
    const moments = timelineOf(
      { rows: [row(3, "2026-03-02"), row(2, "2026-03-01"), row(1, "2026-03-01")], complete: true },
      { rows: [change(2, "2026-03-03"), change(1, "2026-03-01")], complete: true },
    );
    expect(moments.map(({ id }) => id)).toEqual(["m2", "l3", "l2", "l1", "m1"]);
  });

  it("shows nothing older than the list that has been read least far", () => {
    const changes = { rows: [change(2, "2026-03-03"), change(1, "2026-01-01")], complete: true };
    const moments = timelineOf({ rows: [row(9, "2026-03-04"), row(8, "2026-02-01")], complete: false }, changes);
    expect(moments.map(({ id }) => id)).toEqual(["l9", "m2", "l8"]);
  });

  it("is empty for somebody nothing happened to", () => {
    expect(timelineOf({ rows: [], complete: true }, { rows: [], complete: true })).toEqual([]);
  });
});

describe("what an action changed", () => {
  it("stands field by field, the changed ones first", () => {
    expect(diffOf({ tier: "lite", cycle: "monthly" }, { tier: "pro", cycle: "monthly", pending: null })).toEqual([
      { path: "pending", was: undefined, is: "–", changed: true },
      { path: "tier", was: "lite", is: "pro", changed: true },
      { path: "cycle", was: "monthly", is: "monthly", changed: false },
    ]);
  });

  it("reaches into objects, keeps short lists whole, and knows states that are not there", () => {
    expect(diffOf(null, { terms: { rank: 1 }, features: ["a", "b"] })).toEqual([
      { path: "features", was: undefined, is: "a, b", changed: true },
      { path: "terms.rank", was: undefined, is: "1", changed: true },
    ]);
    expect(diffOf(null, null)).toEqual([]);
    expect(diffOf("plain text", "other text")).toEqual([
      { path: "", was: "plain text", is: "other text", changed: true },
    ]);
  });
});

describe("the figures of a day", () => {
  it("tell what came in, what went out and what failed; reservations move no balance", () => {
    const kinds = {
      "credits.grant": { events: 2, amount: 150 },
      "credits.consume": { events: 3, amount: -40 },
      "credits.hold": { events: 1, amount: 5 },
      "credits.release": { events: 1, amount: -5 },
      "credits.reset": { events: 4, amount: -10 },
      "access.refused": { events: 2, amount: 0 },
      "usage.reported": { events: 1, amount: 99 },
    };
    expect(figuresOf({ data: [{ day: "2026-03-01", kinds }], asOf: "2026-03-01T00:00:00Z" })).toEqual([
      { day: "2026-03-01", credited: 150, debited: -50, failedUses: 1, refused: 2, resets: 4 },
    ]);
  });
});
