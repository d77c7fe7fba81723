import { create, toBinary } from "@bufbuild/protobuf";
import { messageOf } from "@stipend/platform/kafka/events";
import { AdminActionRecordedSchema } from "@stipend/proto/events/admin/v1/events";
import { AccountStatus, CreditsChangedSchema } from "@stipend/proto/events/credits/v1/events";
import {
  MembershipChange,
  MembershipChangedSchema,
  MembershipExpiringSchema,
} from "@stipend/proto/events/membership/v1/events";
import { routesOf } from "@stipend/proto/http/catalogue";
import { seeUsers } from "@stipend/proto/http/membership";
import { eventually } from "@stipend/testing/eventually";
import { routerDifferences } from "@stipend/testing/served-routes";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Harness, startHarness } from "./app-support.ts";

let h: Harness;
beforeAll(async () => {
  h = await startHarness();
});
afterAll(() => h?.close());

const PRO = { tier: "pro", cycle: "monthly", reason: "paid by invoice" };
const membership = (userId: string) => `/api/admin/users/${userId}/membership`;
const self = (as: string) => ({ as, roles: "user" });

function changesOf(userId: string) {
  return h.events
    .flatMap((event) => messageOf(event, MembershipChangedSchema) ?? [])
    .filter((m) => m.userId === userId);
}

it("the router serves what the document says, and nothing else", () => {
  expect(routerDifferences(h.app.http.app, routesOf("membership"))).toEqual([]);
});

describe("from the request to the event", () => {
  it("a PUT becomes one event on Kafka, keyed by the user, in the trace of the request, and an audit event", async () => {
    const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const answer = await h.call("PUT", membership("alice"), { body: PRO, headers: { traceparent } });
    expect(answer).toMatchObject({ status: 200, body: { userId: "alice", tier: "pro", version: 1 } });
    expect(answer.headers.get("etag")).toBe('"1"');
    const event = await eventually(() => {
      const found = h.events.find((one) => one.subject === "alice" && one.topic.endsWith(".membership.v1"));
      expect(found).toBeDefined();
      return found;
    });
    expect(event).toMatchObject({ source: "/stipend/membership", type: "stipend.membership.v1.MembershipChanged" });
    expect(event?.traceparent?.split("-")[1]).toBe("4bf92f3577b34da6a3ce929d0e0e4736");
    expect(changesOf("alice")).toMatchObject([{ version: 1n, change: MembershipChange.STARTED }]);
    const audit = await eventually(() => {
      const found = h.events.flatMap((one) => messageOf(one, AdminActionRecordedSchema) ?? [])[0];
      expect(found).toBeDefined();
      return found;
    });
    expect(audit).toMatchObject({
      action: "membership.set",
      actor: "root",
      roles: ["admin"],
      target: "alice",
      ip: "203.0.113.7",
      userAgent: "browser/1 (ünïcode)",
      traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
    });
  });

  it("a balance that credits tells appears in the admin's list", async () => {
    const message = create(CreditsChangedSchema, {
      userId: "alice",
      version: 4n,
      balance: 249n,
      held: 1n,
      available: 248n,
      status: AccountStatus.ACTIVE,
    });
    const event = {
      id: "0198c0de-0000-7000-8000-00000000abcd",
      type: CreditsChangedSchema.typeName,
      source: "/stipend/credits",
      subject: "alice",
      time: h.clock.now(),
      topic: `${h.topicPrefix}.credits.v1`,
      data: toBinary(CreditsChangedSchema, message),
    };
    await h.producer.publish([event, event]);
    await eventually(async () => {
      const { body } = await h.call("GET", "/api/admin/users/alice");
      expect(body).toMatchObject({ balance: 249, held: 1, balanceVersion: 4, tier: "pro", status: "active" });
    });
    const check = await h.call("POST", "/internal/check", { roles: "service", body: { userIds: ["alice", "nobody"] } });
    expect(check.body.data).toEqual([
      {
        userId: "alice",
        balance: 249,
        held: 1,
        balanceVersion: 4,
        tier: "pro",
        status: "active",
        membershipVersion: 1,
      },
    ]);
  });
});

describe("users that the gateway has seen", () => {
  const users = [{ userId: "passer-by", email: "passer@example.com" }, { userId: "passer-2" }];

  it("stand in the admin's list, though they never called this service; telling again changes nothing", async () => {
    for (let n = 0; n < 2; n++) {
      const told = await h.call(seeUsers.method, seeUsers.path, { as: "gateway", roles: "service", body: { users } });
      expect(told.status).toBe(204);
    }
    const found = await h.call("GET", "/api/admin/users?query=passer");
    const rows = found.body.data as { userId: string; email: string | null; status: string }[];
    expect(rows.map(({ userId, email, status }) => [userId, email, status]).sort()).toEqual([
      ["passer-2", null, "none"],
      ["passer-by", "passer@example.com", "none"],
    ]);
  });

  it("are taken from services only", async () => {
    const told = await h.call(seeUsers.method, seeUsers.path, { as: "eve", roles: "user", body: { users } });
    expect(told.status).toBe(403);
  });
});

describe("what a member sees and does", () => {
  it("a non-member: 200 with tier null; the user exists from then on", async () => {
    const answer = await h.call("GET", "/api/membership", { ...self("bob"), email: "bob@example.com" });
    expect(answer).toMatchObject({ status: 200, body: { userId: "bob", tier: null, status: "none", version: 0 } });
    const user = await h.call("GET", "/api/admin/users/bob");
    expect(user).toMatchObject({ status: 200, body: { email: "bob@example.com", status: "none", balance: 0 } });
    await h.call("GET", "/api/membership", { ...self("bob"), email: "bob@new.example" });
    expect((await h.call("GET", "/api/admin/users?query=bob@new")).body.data).toMatchObject([{ userId: "bob" }]);
    const found = await h.call("GET", "/api/admin/users?query=bob&limit=1");
    expect(found.body.data).toHaveLength(1);
    const listed = await h.call("GET", "/api/admin/users?limit=1");
    const foreign = await h.call("GET", `/api/admin/users?query=bob&cursor=${listed.body.nextCursor}`);
    expect(foreign.body.code).toBe("invalid_cursor");
  });

  it("the catalogue, cancel and resume", async () => {
    const tiers = await h.call("GET", "/api/membership/tiers", self("carol"));
    expect(tiers.body.data.map((tier: { tier: string }) => tier.tier).slice(0, 3)).toEqual(["lite", "pro", "premium"]);
    await h.call("PUT", membership("carol"), { body: PRO });
    const cancelled = await h.call("POST", "/api/membership/cancel", {
      ...self("carol"),
      body: { reason: "too dear" },
    });
    expect(cancelled).toMatchObject({ status: 200, body: { cancelAtPeriodEnd: true, version: 2 } });
    const resumed = await h.call("POST", "/api/membership/resume", self("carol"));
    expect(resumed).toMatchObject({ status: 200, body: { cancelAtPeriodEnd: false, version: 3 } });
    const refused = await h.call("POST", "/api/membership/cancel", self("bob"));
    expect(refused).toMatchObject({
      status: 409,
      body: { code: "transition_not_allowed", state: "none", allowed: ["set"] },
    });
  });
});

describe("bad input", () => {
  it.each([
    ["unknown tier", { ...PRO, tier: "gold" }, 400, { code: "unknown_tier", tiers: ["lite", "pro", "premium"] }],
    ["an end in the past", { ...PRO, expiresAt: "2020-01-01T00:00:00Z" }, 400, { code: "end_date_in_past" }],
    ["no reason", { tier: "pro", cycle: "monthly" }, 400, { code: "validation_failed" }],
    ["an unknown field", { ...PRO, free: true }, 400, { code: "validation_failed" }],
    ["a date that is none", { ...PRO, expiresAt: "tomorrow" }, 400, { code: "validation_failed" }],
    ["malformed JSON", "{", 400, { code: "malformed_json" }],
  ])("%s", async (_what, body, status, problem) => {
    const answer = await h.call("PUT", membership("dave"), { body });
    expect(answer).toMatchObject({ status, body: problem });
    expect(answer.headers.get("content-type")).toContain("application/problem+json");
    expect((await h.call("GET", "/api/admin/users/dave")).status).toBe(404);
  });

  it("a user id that is none, an unknown user, an unknown tier, a cursor of somebody else", async () => {
    expect((await h.call("PUT", membership("a%20b"), { body: PRO })).body.code).toBe("validation_failed");
    expect((await h.call("GET", "/api/admin/users/who")).body.code).toBe("user_not_found");
    expect((await h.call("GET", "/api/admin/tiers/who")).body).toMatchObject({ code: "tier_not_found", status: 404 });
    expect((await h.call("GET", "/api/admin/users?cursor=zzz")).body.code).toBe("invalid_cursor");
    expect((await h.call("GET", "/api/admin/users?limit=101")).body.code).toBe("validation_failed");
  });

  it("the wrong role, no token, a DELETE of nothing", async () => {
    for (const roles of ["user", "support", "auditor", "service"]) {
      const answer = await h.call("PUT", membership("dave"), { roles, body: PRO });
      expect(answer).toMatchObject({ status: 403, body: { code: "role_required" } });
    }
    expect(await h.call("GET", "/api/membership", { token: null })).toMatchObject({
      status: 401,
      body: { code: "internal_token_required" },
    });
    expect(await h.call("DELETE", membership("erin"), { body: { reason: "x" } })).toMatchObject({
      status: 409,
      body: { code: "transition_not_allowed", state: "none" },
    });
  });

  it("a second admin with an old version is told the one of now", async () => {
    await h.call("PUT", membership("frank"), { body: PRO, headers: { "if-match": '"0"' } });
    const late = await h.call("DELETE", membership("frank"), { body: { reason: "x" }, headers: { "if-match": '"0"' } });
    expect(late).toMatchObject({ status: 409, body: { code: "version_conflict", currentVersion: 1 } });
    const odd = await h.call("DELETE", membership("frank"), { body: { reason: "x" }, headers: { "if-match": "abc" } });
    expect(odd).toMatchObject({ status: 400, body: { code: "validation_failed" } });
  });

  it("an idempotency key: the first answer again, or 422 for another request", async () => {
    const headers = { "idempotency-key": "order-9" };
    const first = await h.call("PUT", membership("gina"), { body: PRO, headers });
    await h.call("PUT", membership("gina"), { body: { ...PRO, tier: "premium" } });
    const copy = await h.call("PUT", membership("gina"), {
      body: { reason: PRO.reason, cycle: "monthly", tier: "pro" },
      headers,
    });
    expect(copy).toMatchObject({ status: 200, body: first.body });
    expect(copy.headers.get("idempotent-replayed")).toBe("true");
    const other = await h.call("PUT", membership("gina"), { body: { ...PRO, tier: "lite" }, headers });
    expect(other).toMatchObject({ status: 422, body: { code: "idempotency_key_reused" } });
  });
});

describe("tiers", () => {
  it("are created, changed and retired by an admin; members keep their terms", async () => {
    const path = "/api/admin/tiers/team";
    const made = await h.call("PUT", path, { body: { monthlyCredits: 1_000, reason: "new offer" } });
    expect(made).toMatchObject({ status: 201, body: { tier: "team", rank: 40, anchor: "calendar", version: 1 } });
    await h.call("PUT", membership("henry"), { body: { ...PRO, tier: "team" } });
    const changed = await h.call("PUT", path, {
      body: { monthlyCredits: 900, offered: false, reason: "too good" },
      headers: { "if-match": '"1"' },
    });
    expect(changed).toMatchObject({ status: 200, body: { monthlyCredits: 900, offered: false, rank: 40, version: 2 } });
    expect(await h.call("GET", "/api/membership", self("henry"))).toMatchObject({ body: { monthlyCredits: 1_000 } });
    expect(await h.call("PUT", membership("ida"), { body: { ...PRO, tier: "team" } })).toMatchObject({
      status: 409,
      body: { code: "tier_retired" },
    });
    const offered = await h.call("GET", "/api/membership/tiers", self("ida"));
    expect(offered.body.data.map((tier: { tier: string }) => tier.tier)).toEqual(["lite", "pro", "premium"]);
    expect((await h.call("GET", "/api/admin/tiers", { roles: "support" })).body.data).toHaveLength(4);
  });
});

describe("the development clock", () => {
  it("moves the service: reminders, renewals and ends come by themselves", async () => {
    const now = h.clock.now();
    const inDays = (days: number) => new Date(now.getTime() + days * 86_400_000);
    await h.call("PUT", membership("jane"), { body: { ...PRO, expiresAt: inDays(40).toISOString() } });
    const move = async (days: number) => {
      const offsetMs = h.clock.offsetMs + inDays(days).getTime() - h.clock.now().getTime();
      const moved = await h.call("PUT", "/internal/dev/clock", { as: "gateway", roles: "service", body: { offsetMs } });
      expect(moved).toMatchObject({ status: 200, body: { offsetMs } });
    };
    await move(33.5);
    await eventually(() => {
      expect(changesOf("jane").map((event) => event.change)).toEqual([
        MembershipChange.STARTED,
        MembershipChange.RENEWED,
      ]);
      const reminders = h.events.flatMap((event) => messageOf(event, MembershipExpiringSchema) ?? []);
      expect(reminders).toMatchObject([{ userId: "jane", daysLeft: 7 }]);
    });
    await move(41);
    // Right at once, whether the job has run or not.
    expect(await h.call("GET", "/api/membership", self("jane"))).toMatchObject({
      body: { tier: null, status: "expired" },
    });
    await eventually(() => expect(changesOf("jane").at(-1)?.change).toBe(MembershipChange.EXPIRED));
    await move(0);
  });
});

describe("what happened to a membership", () => {
  const history = (userId: string, query = "") => `${membership(userId)}/history${query}`;

  it("stands in its history, newest first, page by page, for support as well", async () => {
    await h.call("PUT", membership("hilda"), { body: { ...PRO, tier: "lite" } });
    await h.call("PUT", membership("hilda"), { body: PRO });
    await h.call("DELETE", membership("hilda"), { body: { reason: "moved away" } });
    const first = await h.call("GET", history("hilda", "?limit=2"), { roles: "support" });
    expect(first.body.data).toMatchObject([
      { version: 3, change: "ended", status: "ended", tier: "pro", actor: "root", reason: "moved away" },
      { version: 2, change: "upgraded", status: "active", tier: "pro", cycle: "monthly", reason: PRO.reason },
    ]);
    const second = await h.call("GET", history("hilda", `?limit=2&cursor=${first.body.nextCursor}`));
    expect(second.body).toMatchObject({ data: [{ version: 1, change: "started", tier: "lite" }], nextCursor: null });
  });

  it("is empty for who was never a member, and refused for who does not exist or may not ask", async () => {
    await h.call("GET", "/api/membership", self("newcomer"));
    expect((await h.call("GET", history("newcomer"))).body).toEqual({ data: [], nextCursor: null });
    expect((await h.call("GET", history("nobody-at-all"))).body.code).toBe("user_not_found");
    expect((await h.call("GET", history("hilda", "?cursor=nonsense"))).body.code).toBe("invalid_cursor");
    expect((await h.call("GET", history("hilda"), self("hilda"))).status).toBe(403);
  });
});
