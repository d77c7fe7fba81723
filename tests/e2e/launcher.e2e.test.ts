/** The commands of the README, run as a person runs them, on a second system beside the one the other tests use. */
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "@stipend/testing/eventually";
import { freePortVariables } from "@stipend/testing/free-ports";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findLeftBehind, RUN_ID } from "../run/left-behind.ts";
import { Client } from "../support/client.ts";
import { npm, startNpm } from "../support/npm.ts";
import { newKey } from "../support/people.ts";

/** A second start takes under 20 s on a quiet machine; these tests share theirs with another system. */
const SECOND_START_MS = 60_000;
const PATIENCE = { timeout: 150_000 };

const runId = randomUUID();
let home: string;
let env: NodeJS.ProcessEnv;
let url: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "stipend-launcher-"));
  const ports = await freePortVariables();
  env = { ...process.env, ...ports, STIPEND_HOME: home, STIPEND_ENGINES: "native", [RUN_ID]: runId };
  url = `http://127.0.0.1:${ports["STIPEND_PORT"]}`;
});

afterAll(async () => {
  await npm(["stop"], env);
  await rm(home, { recursive: true, force: true });
});

async function client(user: string, role: string): Promise<Client> {
  const { stdout, stderr, code } = await npm(["run", "-s", "token", "--", "--user", user, "--role", role], env);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
  return new Client(url, stdout.trim());
}

async function expectNothingRuns(): Promise<void> {
  await eventually(async () => expect(await findLeftBehind(runId)).toEqual([]), { timeoutMs: 10_000 });
  await expect(fetch(`${url}/healthz`)).rejects.toThrow();
}

describe("the commands", () => {
  test("npm start -- --detach returns once all is ready and says where", PATIENCE, async () => {
    const { code, stdout, stderr } = await npm(["start", "--", "--detach"], env);
    expect(code, stderr).toBe(0);
    expect(stdout).toContain(url);
    expect(stdout).toContain("curl");
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
  });

  test("npm run -s token prints a JWT and nothing else, and the gateway takes it", PATIENCE, async () => {
    const alice = await client("kept-alice", "user");
    expect((await alice.get("/api/credits")).body).toMatchObject({ userId: "kept-alice", balance: 0 });
    const admin = await client("root", "admin");
    const body = { amount: 5, kind: "bonus", reason: "kept over a restart" };
    const given = await admin.post("/api/admin/users/kept-alice/credits/grants", body, { key: newKey() });
    expect(given.status).toBe(200);
  });

  test("npm run tour plays the scenario, twice", PATIENCE, async () => {
    const first = await npm(["run", "-s", "tour"], env);
    expect(first.code, first.stdout + first.stderr).toBe(0);
    expect(first.stdout).toContain("alice");
    const second = await npm(["run", "-s", "tour"], env);
    expect(second.code, second.stdout + second.stderr).toBe(0);
  });

  test("npm stop ends every process", PATIENCE, async () => {
    expect((await findLeftBehind(runId)).length).toBeGreaterThan(5);
    expect((await npm(["stop"], env)).code).toBe(0);
    await expectNothingRuns();
  });

  test("npm run tour without a system says what to do", PATIENCE, async () => {
    const { code, stderr } = await npm(["run", "-s", "tour"], env);
    expect(code).not.toBe(0);
    expect(stderr).toContain("npm start");
  });

  test("a second start is quick and finds the data; Ctrl-C ends every process", PATIENCE, async () => {
    const began = performance.now();
    const { child, ended } = startNpm(["start"], env);
    try {
      const ready = async () => expect((await fetch(`${url}/readyz`)).status).toBe(200);
      await eventually(ready, { timeoutMs: SECOND_START_MS });
      console.log(`second start: ${((performance.now() - began) / 1000).toFixed(1)} s`);
      const alice = await client("kept-alice", "user");
      expect((await alice.get("/api/credits")).body).toMatchObject({ balance: 5 });
    } finally {
      process.kill(-(child.pid ?? 0), "SIGINT");
      await ended;
    }
    await expectNothingRuns();
  });

  test("npm start -- --fresh begins with empty data", PATIENCE, async () => {
    const { code, stderr } = await npm(["start", "--", "--detach", "--fresh"], env);
    expect(code, stderr).toBe(0);
    const alice = await client("kept-alice", "user");
    expect((await alice.get("/api/credits")).body).toMatchObject({ balance: 0, version: 0 });
    expect((await npm(["stop"], env)).code).toBe(0);
    await expectNothingRuns();
    expect(existsSync(home)).toBe(true);
  });
});
