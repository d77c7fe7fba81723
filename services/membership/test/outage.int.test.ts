import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Harness, startHarness } from "./app-support.ts";

/** A port on which nobody listens: Kafka is away from the beginning. */
const NOBODY = "127.0.0.1:1";

let h: Harness;
beforeAll(async () => {
  h = await startHarness({ STIPEND_KAFKA_BROKERS: [NOBODY] });
});
afterAll(() => h?.close());

const PRO = { tier: "pro", cycle: "monthly", reason: "paid" };

describe("with Kafka away", () => {
  it("the service is up and memberships change; their events wait in the outbox", async () => {
    const answer = await h.call("PUT", "/api/admin/users/alice/membership", { body: PRO });
    expect(answer).toMatchObject({ status: 200, body: { tier: "pro", version: 1 } });
    const cancelled = await h.call("POST", "/api/membership/cancel", { as: "alice", roles: "user" });
    expect(cancelled).toMatchObject({ status: 200, body: { cancelAtPeriodEnd: true, version: 2 } });
    const ready = await fetch(`${h.app.http.url}/readyz`);
    expect(ready.status).toBe(200);
    expect(await ready.json()).toMatchObject({ parts: { events: { ok: false, required: false } } });
    const [stats] = await h.app.db.call<{ pending: number }>("OutboxStats");
    expect(stats?.pending).toBe(3);
  });
});
