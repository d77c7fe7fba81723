// Who looked at whom, and who tried what: told before the answer, once in a while, never silently lost.
import type { RequestListener } from "node:http";
import { fromBinary } from "@bufbuild/protobuf";
import { defineRoute, type RouteContract } from "@stipend/platform/http/contract";
import type { OutgoingEvent } from "@stipend/platform/kafka/events";
import { EventSpool } from "@stipend/platform/kafka/spool";
import { silentLog } from "@stipend/platform/log/log";
import { AdminActionRecordedSchema } from "@stipend/proto/events/admin/v1/events";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { Forwarder } from "../src/forward/forwarder.ts";
import { Upstream } from "../src/forward/upstream.ts";
import { StaffLog } from "../src/security/staff-log.ts";
import { openDoor, testSigner } from "./support/door.ts";
import { createIssuer, type Issuer } from "./support/issuer.ts";
import { serveHttp } from "./support/servers.ts";

let issuer: Issuer;
beforeAll(async () => {
  issuer = await createIssuer("ES256");
});

const contract = (id: string, method: RouteContract["method"], path: string, roles: RouteContract["roles"]) =>
  defineRoute({ id, method, path, roles, summary: "", responses: {}, errors: [] });

const CONTRACTS = [
  contract("users.get", "GET", "/api/admin/users/:userId", ["support", "admin"]),
  contract("users.list", "GET", "/api/admin/users", ["support", "admin"]),
  contract("credits.account", "GET", "/api/credits", ["user", "support", "admin"]),
  contract("credits.adminGrant", "POST", "/api/admin/users/:userId/credits/grants", ["admin"]),
  contract("monitor.consistency.check", "POST", "/api/admin/consistency/check", ["admin"]),
  contract("credits.consume", "POST", "/api/credits/consume", ["user"]),
];

interface Options {
  readonly publish?: (events: OutgoingEvent[]) => Promise<void>;
  readonly size?: number;
  readonly now?: () => number;
}

async function staffDoor(listener: RequestListener, options: Options = {}) {
  const { url: origin } = await serveHttp(listener);
  const upstream = new Upstream({ name: "credits", origin, log: silentLog() });
  onTestFinished(() => upstream.stop());
  const told: ReturnType<typeof decode>[] = [];
  const publish = options.publish ?? (async (events: OutgoingEvent[]) => void told.push(...events.map(decode)));
  const spool = new EventSpool({ name: "test", publish, log: silentLog(), waitMs: 50, size: options.size ?? 10_000 });
  const staff = new StaffLog({
    spool,
    topic: "t.admin.v1",
    ...(options.now === undefined ? {} : { now: options.now }),
  });
  const forwarder = new Forwarder(upstream, "credits", testSigner(), staff);
  const routes = CONTRACTS.map((one) => ({
    contract: one,
    head: true,
    run: (context: Parameters<typeof forwarder.forward>[0]) => forwarder.forward(context),
  }));
  const { url } = await openDoor(issuer, routes);
  const as = async (sub: string, roles: readonly string[], path: string, init: RequestInit = {}) => {
    const token = await issuer.token({ sub, roles: [...roles] });
    return await fetch(url + path, { ...init, headers: { authorization: `Bearer ${token}`, "user-agent": "staff/1" } });
  };
  return { as, told, spool };
}

function decode({ data, source, topic, subject }: OutgoingEvent) {
  return { ...fromBinary(AdminActionRecordedSchema, data), source, topic, subject };
}

/** A service that names whose data it answers. */
const naming =
  (subjects: string, status = 200): RequestListener =>
  (_req, res) => {
    res.writeHead(status, { "content-type": "application/json", "stipend-subjects": subjects });
    res.end('{"data":[]}');
  };

describe("reads of personal data", () => {
  test("each person looked at is told: who, whose, what, from where; and the client sees nothing of it", async () => {
    const { as, told } = await staffDoor(naming("alice,bob"));
    const answer = await as("sue", ["support"], "/api/admin/users");
    expect([answer.status, answer.headers.get("stipend-subjects")]).toEqual([200, null]);
    expect(told).toMatchObject(
      ["alice", "bob"].map((target) => ({
        service: "gateway",
        source: "/stipend/gateway",
        topic: "t.admin.v1",
        subject: target,
        actor: "sue",
        roles: ["support"],
        action: "data.read",
        target,
        outcome: "succeeded",
        reason: "users.list",
        ip: "127.0.0.1",
        userAgent: "staff/1",
      })),
    );
  });

  test.each(["support", "admin", "auditor"])("%s looking by a member's route is told too", async (role) => {
    const { as, told } = await staffDoor(naming("alice"));
    await as("sue", [role, "support"], "/api/credits?userId=alice");
    expect(told.map(({ actor, target, reason }) => [actor, target, reason])).toEqual([
      ["sue", "alice", "credits.account"],
    ]);
  });

  test("HEAD counts as a look", async () => {
    const { as, told } = await staffDoor(naming("alice"));
    await as("sue", ["support"], "/api/admin/users/alice", { method: "HEAD" });
    expect(told).toHaveLength(1);
  });

  test("what a POST shows counts as a look, when the service names whose it is", async () => {
    const { as, told } = await staffDoor(naming("alice"));
    const check = { method: "POST", body: '{"userId":"alice"}' };
    expect((await as("ada", ["admin"], "/api/admin/consistency/check", check)).status).toBe(200);
    expect(told.map(({ target, reason }) => [target, reason])).toEqual([["alice", "monitor.consistency.check"]]);
  });

  test("nobody is told on for a look at oneself, as a customer, or at what does not exist", async () => {
    const own = await staffDoor(naming("sue"));
    await own.as("sue", ["support", "user"], "/api/credits");
    await own.as("sue", ["user"], "/api/credits");
    const missing = await staffDoor(naming("alice", 404));
    await missing.as("sue", ["support"], "/api/admin/users/alice");
    expect([...own.told, ...missing.told]).toEqual([]);
  });

  test("the same look again is told once in ten minutes; another person, kind or viewer at once", async () => {
    let now = 0;
    const { as, told } = await staffDoor(naming("alice"), { now: () => now });
    for (let n = 0; n < 5; n++) await as("sue", ["support"], "/api/admin/users/alice");
    expect(told).toHaveLength(1);
    await as("sue", ["support"], "/api/credits?userId=alice");
    await as("tom", ["support"], "/api/admin/users/alice");
    expect(told).toHaveLength(3);
    now = 10 * 60_000;
    await as("sue", ["support"], "/api/admin/users/alice");
    expect(told).toHaveLength(4);
  });

  test("Kafka away: looks wait within a bound; what can't be recorded is not shown", async () => {
    const { as, spool } = await staffDoor(naming("alice,bob"), {
      publish: () => Promise.reject(new Error("away")),
      size: 3,
    });
    expect((await as("sue", ["support"], "/api/admin/users")).status).toBe(200);
    expect(spool.waiting).toBe(2);
    const refused = await as("tom", ["support"], "/api/admin/users");
    expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([503, "events_unavailable"]);
    // It was not told, so it is no look that may be repeated silently.
    expect((await as("tom", ["support"], "/api/admin/users")).status).toBe(503);
  });
});

describe("refused writes", () => {
  const refusing =
    (status: number, code: string): RequestListener =>
    (_req, res) => {
      res.writeHead(status, { "content-type": "application/problem+json" });
      res.end(JSON.stringify({ status, code, detail: "no" }));
    };

  test.each([
    [400, "validation_failed"],
    [403, "own_proposal"],
    [409, "approval_decided"],
    [422, "idempotency_key_reused"],
  ])("an admin's write that a service refuses with %d %s is told, and the refusal passed on", async (status, code) => {
    const { as, told } = await staffDoor(refusing(status, code));
    const answer = await as("ada", ["admin"], "/api/admin/users/alice/credits/grants", { method: "POST" });
    expect([answer.status, await answer.json()]).toEqual([status, { status, code, detail: "no" }]);
    expect(told).toMatchObject([
      { actor: "ada", action: "write.refused", target: "alice", outcome: "refused", reason: code },
    ]);
    expect(JSON.parse(told[0]?.after ?? "")).toEqual({
      code,
      status,
      method: "POST",
      route: "/api/admin/users/:userId/credits/grants",
    });
  });

  test("a customer's refusal, a success and a fault of ours are not", async () => {
    const customer = await staffDoor(refusing(402, "insufficient_credits"));
    expect((await customer.as("ada", ["admin", "user"], "/api/credits/consume", { method: "POST" })).status).toBe(402);
    const fault = await staffDoor(refusing(503, "database_unavailable"));
    await fault.as("ada", ["admin"], "/api/admin/users/alice/credits/grants", { method: "POST" });
    // What was changed is told by the service's own audit row.
    const success = await staffDoor(naming(""));
    await success.as("ada", ["admin"], "/api/admin/users/alice/credits/grants", { method: "POST" });
    expect([...customer.told, ...fault.told, ...success.told]).toEqual([]);
  });
});
