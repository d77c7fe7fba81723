import { messageOf } from "@stipend/platform/kafka/events";
import { AdminActionRecordedSchema } from "@stipend/proto/events/admin/v1/events";
import { eventually } from "@stipend/testing/eventually";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { revokeTokens } from "../src/usecases/revoke-tokens.ts";
import { type Harness, startHarness } from "./app-support.ts";
import { adminAsker, at, openRig, type Rig } from "./support.ts";

const DAY_MS = 86_400_000;

describe("through the service's door", () => {
  let h: Harness;
  beforeAll(async () => {
    h = await startHarness();
  });
  afterAll(() => h?.close());

  const revoke = (body: Record<string, unknown>) => h.call("POST", "/api/admin/revocations", { body });
  const news = async (after: number) =>
    (await h.call("GET", `/internal/revocations?after=${after}&limit=100`, { roles: "service" })).body;

  it("tells gateways by number what is new, stands 30 days by the real clock, and leaves an audit event", async () => {
    // The development clock moves the audit's time, never a token's.
    h.clock.setOffset(400 * DAY_MS);
    const before = Date.now();
    const answer = await revoke({ userId: "alice", reason: "laptop stolen" });
    expect(answer).toMatchObject({ status: 200, body: { userId: "alice", jti: null, reason: "laptop stolen" } });
    const issuedUntil = Date.parse(answer.body.issuedUntil);
    expect(issuedUntil).toBeGreaterThanOrEqual(before);
    expect(issuedUntil).toBeLessThanOrEqual(Date.now());
    expect(Date.parse(answer.body.standsUntil) - issuedUntil).toBe(30 * DAY_MS);
    const { head, data } = await news(0);
    expect(data).toEqual([
      {
        seq: head,
        kind: "user",
        subject: "alice",
        issuedUntil: answer.body.issuedUntil,
        standsUntil: answer.body.standsUntil,
      },
    ]);
    expect(await news(head)).toEqual({ head, data: [] });
    const audit = await eventually(() => {
      const found = h.events.flatMap((one) => messageOf(one, AdminActionRecordedSchema) ?? [])[0];
      expect(found).toBeDefined();
      return found;
    });
    expect(audit).toMatchObject({
      action: "user.tokens.revoke",
      actor: "root",
      target: "alice",
      outcome: "succeeded",
      reason: "laptop stolen",
      ip: "203.0.113.7",
    });
    expect(JSON.parse(audit?.after ?? "")).toMatchObject({ issuedUntil: expect.stringMatching(/^20/) });
    h.clock.setOffset(0);
  });

  it("creates the user that it names, lists newest first with pages, and refuses what makes no sense", async () => {
    const { body: one } = await revoke({ jti: "token-1", reason: "pasted into a chat" });
    expect(one).toMatchObject({ userId: null, jti: "token-1" });
    await revoke({ userId: "nobody-yet", reason: "gone" });
    expect((await h.call("GET", "/api/admin/users/nobody-yet")).status).toBe(200);
    const first = (await h.call("GET", "/api/admin/revocations?limit=2")).body;
    expect(first.data.map((r: { userId: string; jti: string }) => r.userId ?? r.jti)).toEqual([
      "nobody-yet",
      "token-1",
    ]);
    const second = (await h.call("GET", `/api/admin/revocations?limit=2&cursor=${first.nextCursor}`)).body;
    expect(second.data.map((r: { userId: string }) => r.userId)).toEqual(["alice"]);
    expect(second.nextCursor).toBeNull();
    for (const [body, code] of [
      [{ reason: "nobody" }, "validation_failed"],
      [{ userId: "a", jti: "b", reason: "both" }, "validation_failed"],
      [{ userId: "a" }, "validation_failed"],
      [{ jti: "white space", reason: "x" }, "validation_failed"],
      [{ userId: "a", reason: "x", standsUntil: "2020-01-01T00:00:00Z" }, "revocation_out_of_time"],
      [{ userId: "a", reason: "x", standsUntil: "2090-01-01T00:00:00Z" }, "revocation_out_of_time"],
    ] as const) {
      expect((await revoke(body)).body.code).toBe(code);
    }
  });
});

describe("the procedure", () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await openRig({ poolSize: 12 });
  });
  afterAll(() => rig?.close());

  const revoke = (kind: "user" | "token", subject: string, realNow: Date, standsUntil?: Date) =>
    revokeTokens(rig.deps, {
      kind,
      subject,
      standsUntil,
      reason: "test",
      asker: adminAsker() as Parameters<typeof revokeTokens>[1]["asker"],
      realNow,
      now: realNow,
    });

  it("never makes a revocation end sooner or reach less far, and numbers it anew", async () => {
    const early = at("2026-01-01T00:00:00Z");
    const late = at("2026-01-05T00:00:00Z");
    const first = await revoke("user", "kim", late, at("2026-03-01T00:00:00Z"));
    const again = await revoke("user", "kim", early, at("2026-02-01T00:00:00Z"));
    if (!first.ok || !again.ok) return expect.fail("refused");
    expect(again.revocation).toMatchObject({ issuedUntil: late, standsUntil: at("2026-03-01T00:00:00Z") });
    expect(again.revocation.seq).toBeGreaterThan(first.revocation.seq);
    const rows = await rig.deps.store.revocationsAfter(0, 100);
    expect(rows.data.filter(({ subject }) => subject === "kim")).toHaveLength(1);
  });

  it("a reader that follows the numbers misses nothing, however many write at once", async () => {
    const now = at("2026-01-10T00:00:00Z");
    const names = Array.from({ length: 60 }, (_, n) => `user-${n}`);
    const seen = new Set<string>();
    let readTo = (await rig.deps.store.revocationsAfter(0, 2_000)).head;
    let writing = true;
    const reader = (async () => {
      for (let last = false; !last; ) {
        last = !writing;
        const { data } = await rig.deps.store.revocationsAfter(readTo, 7);
        for (const row of data) seen.add(row.subject);
        readTo = data.at(-1)?.seq ?? readTo;
        if (data.length > 0) last = false;
      }
    })();
    await Promise.all(names.map((name) => revoke("user", name, now)));
    writing = false;
    await reader;
    expect([...seen].sort()).toEqual([...names].sort());
  });

  it("deletes what has run out and keeps no more than the bound, but lets what stands be renewed", async () => {
    const now = at("2027-01-01T00:00:00Z");
    await rig.deps.store.transaction("t", (tx) => tx.revokeTokens(item("a", now), { most: 1, realNow: now, now }));
    const rows = await rig.owner.query<{ subject: string }>("SELECT subject FROM token_revocations");
    expect(rows.map(({ subject }) => subject)).toEqual(["a"]);
    const full = (subject: string) =>
      rig.deps.store.transaction("t", (tx) => tx.revokeTokens(item(subject, now), { most: 1, realNow: now, now }));
    expect(await full("b")).toBeUndefined();
    expect(await full("a")).toMatchObject({ subject: "a" });
    const audits = await rig.owner.query("SELECT id FROM outbox WHERE subject = 'b' AND topic = 'admin.v1'");
    expect(audits).toEqual([]);
  });

  function item(subject: string, now: Date) {
    return {
      kind: "token" as const,
      subject,
      issuedUntil: now,
      standsUntil: new Date(now.getTime() + DAY_MS),
      revocationId: rig.deps.newId(),
      reason: "test",
      asker: adminAsker() as Parameters<typeof revokeTokens>[1]["asker"],
    };
  }
});
