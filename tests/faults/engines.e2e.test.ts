/** Engines that go away and come back while people use the system. */
import { Movement } from "@stipend/proto/http/credits/movement";
import { eventually } from "@stipend/testing/eventually";
import { type System, startSystem } from "@stipend/testing/system";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Answer, type Client, expectBody } from "../support/client.ts";
import { accountOf, giveCredits, newKey, People, type Person } from "../support/people.ts";
import { Membership, Problem, Rewritten } from "../support/shapes.ts";

/** The promise for MySQL away, plus what a busy test machine adds to any call. */
const AT_MOST_MS = 2_000;

let system: System;
let people: People;
let admin: Client;
let user: Person;

beforeAll(async () => {
  system = await startSystem();
  people = new People(system.baseUrl, system.token);
  admin = await people.admin();
  user = await people.newcomer("pia");
  await giveCredits(admin, user, 1_000);
});

afterAll(() => system?.stop());

const spend = (key = newKey()): Promise<Answer> =>
  user.client.post("/api/credits/consume", { amount: 1, reason: "a test" }, { key });

const makeMember = (name: string): Promise<Answer> =>
  admin.put(`/api/admin/users/${name}/membership`, { tier: "pro", cycle: "monthly", reason: "a test" });

async function timed(call: () => Promise<Answer>): Promise<{ answer: Answer; ms: number }> {
  const began = performance.now();
  const answer = await call();
  return { answer, ms: performance.now() - began };
}

describe("Kafka away", () => {
  test("membership changes succeed, features work, and the allowance arrives when Kafka returns", async () => {
    const member = await people.newcomer("quinn");
    await system.engines.kafka.kill();
    try {
      expect(expectBody(await makeMember(member.name), Membership)).toMatchObject({ tier: "pro", status: "active" });
      expect(expectBody(await member.client.get("/api/membership"), Membership)).toMatchObject({ tier: "pro" });
      expect(await accountOf(member)).toMatchObject({ balance: 0, allowance: null });
      expectBody(await user.client.post("/api/rewrite", { text: "Basically, a text." }), Rewritten);
    } finally {
      await system.engines.kafka.start();
    }
    await eventually(async () => expect((await accountOf(member)).balance).toBe(250), { timeoutMs: 60_000 });
  });
});

describe("MySQL away", () => {
  async function expectQuickRefusals(): Promise<void> {
    // The first calls meet the open connections, the later ones the circuit: all have to be quick.
    for (const call of [() => spend(), () => makeMember("rosa"), () => spend(), () => makeMember("rosa")]) {
      const { answer, ms } = await timed(call);
      const problem = expectBody(answer, Problem, 503);
      expect(["database_unavailable", "outcome_unknown"]).toContain(problem.code);
      expect(answer.headers.get("retry-after")).toMatch(/^\d+$/);
      expect(ms).toBeLessThan(AT_MOST_MS);
    }
  }

  async function expectHealed(): Promise<void> {
    await eventually(async () => expect((await spend()).status).toBe(200), { timeoutMs: 20_000 });
    await eventually(async () => expect((await makeMember("rosa")).status).toBe(200), { timeoutMs: 20_000 });
  }

  test("killed: 503 within 2 s, and it heals by itself", async () => {
    await system.engines.mysql.kill();
    try {
      await expectQuickRefusals();
      expect((await people.anonymous().get("/healthz")).status).toBe(200);
    } finally {
      await system.engines.mysql.start();
    }
    await expectHealed();
  });

  test("silent (connections open, no answer): 503 within 2 s, it heals, and a key tried again is charged once", async () => {
    const before = await eventually(() => accountOf(user));
    const key = newKey();
    system.engines.mysql.pause();
    try {
      const { answer, ms } = await timed(() => spend(key));
      expect(answer.status).toBe(503);
      expect(ms).toBeLessThan(AT_MOST_MS);
      await expectQuickRefusals();
    } finally {
      system.engines.mysql.resume();
    }
    const charged = await eventually(async () => expectBody(await spend(key), Movement), { timeoutMs: 20_000 });
    expect(expectBody(await spend(key), Movement).transactionId).toBe(charged.transactionId);
    // Other calls were refused before or after they were made; each of those was made at most once.
    const { balance } = await accountOf(user);
    expect(before.balance - balance).toBeGreaterThanOrEqual(1);
    expect(before.balance - balance).toBeLessThanOrEqual(3);
    await expectHealed();
  });
});

describe("Redis away", () => {
  test("credits are spent and read as before", async () => {
    const before = await accountOf(user);
    await system.engines.redis.kill();
    try {
      expectBody(await spend(), Movement);
      expect((await accountOf(user)).balance).toBe(before.balance - 1);
    } finally {
      await system.engines.redis.start();
    }
    expectBody(await spend(), Movement);
    expect((await accountOf(user)).balance).toBe(before.balance - 2);
  });
});
