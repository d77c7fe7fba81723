import type { RouteContract } from "@stipend/platform/http/contract";
import { silentLog } from "@stipend/platform/log/log";
import { eventually } from "@stipend/testing/eventually";
import { describe, expect, onTestFinished, test } from "vitest";
import { Revocations } from "../src/auth/revocations.ts";
import type { JsonCall } from "../src/forward/json-client.ts";
import { openDoor } from "./support/door.ts";
import { createIssuer } from "./support/issuer.ts";

interface Row {
  readonly kind: "user" | "token";
  readonly subject: string;
  readonly issuedUntil?: string;
  readonly standsUntil?: string;
}

/** Membership as the gateway sees it: rows numbered from 1. */
function membershipOf(rows: Row[]) {
  const state = { rows, away: false, asked: [] as string[] };
  const call = async ({ path }: JsonCall) => {
    state.asked.push(path);
    if (state.away) throw new Error("away");
    const query = new URL(path, "http://x").searchParams;
    const after = Number(query.get("after"));
    const numbered = state.rows.map((row, index) => ({
      seq: index + 1,
      issuedUntil: new Date().toISOString(),
      standsUntil: new Date(Date.now() + 60_000).toISOString(),
      ...row,
    }));
    const data = numbered.filter(({ seq }) => seq > after).slice(0, Number(query.get("limit")));
    return { status: 200, headers: {}, body: { head: state.rows.length, data } };
  };
  return { state, call };
}

async function start(membership: ReturnType<typeof membershipOf>, onNews: () => void = () => undefined) {
  const revocations = new Revocations({ membership, log: silentLog(), onNews, everyMs: 20 });
  onTestFinished(() => revocations.stop());
  await revocations.start();
  return revocations;
}

const token = (sub: string, more: { jti?: string; issuedAt?: number } = {}) => ({ sub, ...more });
const seconds = (iso: string) => Date.parse(iso) / 1_000;

test("a user's tokens are refused up to the second of the revocation, later ones are taken", async () => {
  const issuedUntil = "2026-01-01T00:00:00.400Z";
  const revocations = await start(membershipOf([{ kind: "user", subject: "alice", issuedUntil }]));
  const at = (iso: string) => revocations.isRevoked(token("alice", { issuedAt: seconds(iso) }));
  expect(at("2025-12-31T23:59:59Z")).toBe(true);
  expect(at("2026-01-01T00:00:00Z")).toBe(true);
  expect(at("2026-01-01T00:00:01Z")).toBe(false);
  expect(revocations.isRevoked(token("alice"))).toBe(true);
  expect(revocations.isRevoked(token("alice2", { issuedAt: 0 }))).toBe(false);
});

test("one token is refused by its jti, whoever's it is, and another of the same user is not", async () => {
  const revocations = await start(membershipOf([{ kind: "token", subject: "t-1" }]));
  expect(revocations.isRevoked(token("alice", { jti: "t-1", issuedAt: 0 }))).toBe(true);
  expect(revocations.isRevoked(token("alice", { jti: "t-2", issuedAt: 0 }))).toBe(false);
  // A user called like a token, and a token called like a user, are neither.
  expect(revocations.isRevoked(token("t-1", { issuedAt: 0 }))).toBe(false);
});

test("what has run out counts no more", async () => {
  const past = { standsUntil: new Date(Date.now() - 1).toISOString() };
  const rows: Row[] = [
    { kind: "token", subject: "t-1", ...past },
    { kind: "user", subject: "alice", ...past },
  ];
  const revocations = await start(membershipOf(rows));
  expect(revocations.isRevoked(token("alice", { jti: "t-1", issuedAt: 0 }))).toBe(false);
});

test("more than a page is read at once; news are asked for from where the last answer ended", async () => {
  const rows = Array.from({ length: 12_000 }, (_, n): Row => ({ kind: "token", subject: `t-${n}` }));
  const membership = membershipOf(rows);
  const revocations = await start(membership);
  await eventually(() => expect(revocations.ready()).toBe(true));
  expect(revocations.isRevoked(token("x", { jti: "t-11999" }))).toBe(true);
  let news = 0;
  membership.state.rows = [...rows, { kind: "token", subject: "new" }];
  await eventually(() => {
    news += 1;
    expect(revocations.isRevoked(token("x", { jti: "new" }))).toBe(true);
  });
  expect(news).toBeGreaterThan(0);
  await eventually(() => expect(membership.state.asked.at(-1)).toContain("after=12001&"));
});

describe("membership is away", () => {
  test("from the start: nobody is let in, and the gateway is not ready, until it has answered", async () => {
    const membership = membershipOf([]);
    membership.state.away = true;
    const revocations = await start(membership);
    expect(revocations.ready()).toBe(false);
    expect(() => revocations.check(token("alice"))).toThrowError(
      expect.objectContaining({ code: "revocations_unknown" }),
    );
    membership.state.away = false;
    await eventually(() => expect(revocations.ready()).toBe(true));
    expect(() => revocations.check(token("alice"))).not.toThrow();
  });

  test("later: what was revoked stays so", async () => {
    const membership = membershipOf([{ kind: "user", subject: "alice" }]);
    const revocations = await start(membership);
    membership.state.away = true;
    const asked = membership.state.asked.length;
    await eventually(() => expect(membership.state.asked.length).toBeGreaterThan(asked + 2));
    expect(revocations.ready()).toBe(true);
    expect(() => revocations.check(token("alice", { issuedAt: 0 }))).toThrowError(
      expect.objectContaining({ code: "token_revoked" }),
    );
  });
});

test("a database that was set back is read anew", async () => {
  const membership = membershipOf([
    { kind: "user", subject: "alice" },
    { kind: "user", subject: "bob" },
  ]);
  const revocations = await start(membership);
  membership.state.rows = [{ kind: "user", subject: "carol" }];
  await eventually(() => expect(revocations.isRevoked(token("carol", { issuedAt: 0 }))).toBe(true));
  expect(revocations.isRevoked(token("alice", { issuedAt: 0 }))).toBe(false);
});

test("at the door a revoked token is refused although it was verified and remembered before", async () => {
  const issuer = await createIssuer("ES256");
  const membership = membershipOf([]);
  const revocations = await start(membership);
  const contract: RouteContract = {
    id: "test",
    method: "GET",
    path: "/api/test",
    roles: ["user"],
    summary: "",
    responses: {},
    errors: [],
  };
  const route = { contract, head: false, run: async ({ res }: { res: { end(): void } }) => res.end() };
  const { url } = await openDoor(issuer, [route], { revocations });
  const headers = { authorization: `Bearer ${await issuer.token({ jti: "t-1" })}` };
  expect((await fetch(`${url}/api/test`, { headers })).status).toBe(200);
  membership.state.rows = [{ kind: "token", subject: "t-1" }];
  await eventually(async () => {
    const answer = await fetch(`${url}/api/test`, { headers });
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([401, "token_revoked"]);
    expect(answer.headers.get("www-authenticate")).toContain('error="invalid_token"');
  });
});
