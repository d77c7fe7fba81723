import { describe, expect, it } from "vitest";
import type { AccessRefused, AdminAction, MembershipExpiring, MonitorEvent } from "../src/domain/events.ts";
import { amountOf } from "../src/events/amount.ts";
import type { Signal } from "../src/rules/signal.ts";
import { change, minutes, rules, T0 } from "./builders.ts";

function signals(rule: string, event: MonitorEvent, settings: Record<string, unknown> = {}): readonly Signal[] {
  const active = rules({ [rule]: settings }).active.find((each) => each.name === rule);
  if (active === undefined) throw new Error(`no rule ${rule}`);
  return active.observe(event, { timeZone: "UTC", balanceBefore: null });
}

const adminAction = (over: Partial<AdminAction> = {}): AdminAction => ({
  type: "admin_action",
  id: "e1",
  at: T0,
  traceId: "",
  actionId: "a1",
  service: "credits",
  actor: "root",
  roles: ["admin"],
  action: "credits.grant",
  target: "alice",
  outcome: "succeeded",
  reason: "a test",
  amount: 10_000,
  transactionId: null,
  ip: "10.0.0.1",
  userAgent: "test/1",
  ...over,
});

const refused = (over: Partial<AccessRefused> = {}): AccessRefused => ({
  type: "access_refused",
  id: "e2",
  at: T0,
  traceId: "",
  subject: "eve",
  code: "role_required",
  method: "GET",
  route: "/api/admin/users",
  ip: "10.0.0.9",
  ...over,
});

describe("large_change", () => {
  it.each([
    [9_999, []],
    [10_000, ["warning"]],
    [-10_000, ["warning"]],
    [100_000, ["critical"]],
    [0, []],
  ])("%i", (amount, severities) => {
    const found = signals("large_change", change("alice", 1, "grant", amount));
    expect(found.map((signal) => (signal.kind === "finding" ? signal.severity : signal.kind))).toEqual(severities);
  });

  it("names the account and the transaction", () => {
    expect(signals("large_change", change("alice", 7, "consume", -20_000))).toMatchObject([
      { subject: "alice", userId: "alice", evidence: { amount: -20_000, type: "consume", version: 7 } },
    ]);
  });
});

describe("frequent_refunds", () => {
  it("counts refunds and releases, with what came back", () => {
    expect(signals("frequent_refunds", change("alice", 1, "refund", 5))).toMatchObject([
      { subject: "alice", amount: 5 },
    ]);
    const release = change("alice", 1, "release", 0);
    const transaction = { ...release.transaction, heldChange: -3 };
    expect(signals("frequent_refunds", { ...release, transaction })).toMatchObject([
      { kind: "observation", amount: 3 },
    ]);
    for (const type of ["consume", "grant", "hold", "reset"]) {
      expect(signals("frequent_refunds", change("alice", 1, type, 5))).toEqual([]);
    }
  });
});

describe("membership_expiring", () => {
  const expiring = (daysLeft: number): MembershipExpiring => ({
    type: "membership_expiring",
    id: "e3",
    at: T0,
    traceId: "",
    userId: "alice",
    membershipId: "m1",
    tier: "pro",
    daysLeft,
    endsAt: minutes(daysLeft * 1_440),
  });

  it.each([
    [8, []],
    [7, ["info"]],
    [3, ["info"]],
    [1, ["warning"]],
  ])("%i days", (daysLeft, severities) => {
    const found = signals("membership_expiring", expiring(daysLeft));
    expect(found.map((signal) => (signal.kind === "finding" ? signal.severity : signal.kind))).toEqual(severities);
  });

  it("is over when the membership changes", () => {
    const changed: MonitorEvent = {
      type: "membership_changed",
      id: "e4",
      at: T0,
      traceId: "",
      userId: "alice",
      version: 2,
      change: "renewed",
      status: "active",
      tier: "pro",
      periodEnd: null,
      endsAt: null,
      terms: null,
    };
    expect(signals("membership_expiring", changed)).toEqual([{ kind: "recovery", subject: "alice" }]);
  });
});

describe("admin_large_grant", () => {
  it.each([
    ["at the limit", {}, "warning"],
    ["below", { amount: 9_999 }, undefined],
    ["taking away", { amount: -50_000 }, undefined],
    ["to the admin itself", { actor: "alice" }, "critical"],
    ["refused", { outcome: "refused" }, undefined],
    ["another action", { action: "tier.set" }, undefined],
    ["without an amount", { amount: null }, undefined],
  ])("%s", (_name, over, severity) => {
    const [found] = signals("admin_large_grant", adminAction(over));
    expect(found?.kind === "finding" ? found.severity : undefined).toBe(severity);
  });
});

describe("refused_attempts", () => {
  it.each([
    ["a subject at an admin route", refused(), "user:eve"],
    ["an address without a subject", refused({ subject: "" }), "ip:10.0.0.9"],
    ["an admin's refused action", adminAction({ outcome: "refused" }), "user:root"],
    ["a customer's route", refused({ route: "/api/credits" }), undefined],
    ["a route that only begins alike", refused({ route: "/api/administrator" }), undefined],
    ["an action that succeeded", adminAction(), undefined],
  ])("%s", (_name, event, subject) => {
    expect(signals("refused_attempts", event).map((signal) => ("subject" in signal ? signal.subject : ""))).toEqual(
      subject ? [subject] : [],
    );
  });
});

describe("the amount of an admin action", () => {
  it.each([
    ["", '{"amount": 500}', 500],
    ['{"balance": 10}', '{"balance": 7}', -3],
    ['{"balance": 10}', '{"balance": 7, "amount": -4}', -4],
    ["", '{"balance": 7}', null],
    ["", '{"amount": "500"}', null],
    ["", "not JSON", null],
    ["", "", null],
    ["null", "null", null],
  ])("%s → %s", (before, after, amount) => {
    expect(amountOf(before, after)).toBe(amount);
  });
});
