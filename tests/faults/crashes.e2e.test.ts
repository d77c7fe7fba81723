/** Services that die, or are asked to stop, in the middle of their work. */
import { eventually } from "@stipend/testing/eventually";
import { type System, startSystem } from "@stipend/testing/system";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkBooks, rowsOf } from "../support/books.ts";
import { type Client, expectBody } from "../support/client.ts";
import { expectMovedIn, ImportFile, movers, startImport } from "../support/importing.ts";
import { accountOf, giveCredits, People, type Person } from "../support/people.ts";
import { DevClock, Rewritten } from "../support/shapes.ts";
import { type Outcome, Traffic } from "../support/traffic.ts";

const PLENTY = 100_000;

let system: System;
let people: People;
let admin: Client;

beforeAll(async () => {
  system = await startSystem();
  people = new People(system.baseUrl, system.token);
  admin = await people.admin();
});

afterAll(() => system?.stop());

async function spenders(count: number): Promise<Person[]> {
  const made = await Promise.all(Array.from({ length: count }, (_, index) => people.newcomer(`spender${index}`)));
  for (const person of made) await giveCredits(admin, person, PLENTY);
  return made;
}

const served = (traffic: Traffic, atLeast: number): Promise<void> =>
  eventually(() => expect(traffic.outcomes.length).toBeGreaterThan(atLeast), { timeoutMs: 30_000 });

/** One row for each operation that was answered, no other row, and balances that say the same. */
async function expectChargedOnce(spenders: readonly Person[], outcomes: readonly Outcome[]): Promise<void> {
  for (const person of spenders) {
    const answered = outcomes.filter((outcome) => outcome.person === person.name).map((one) => one.transactionId);
    const rows = (await rowsOf(person, "consume")).map((row) => row.id);
    expect(rows.toSorted()).toEqual(answered.toSorted());
    expect(await accountOf(person)).toMatchObject({ balance: PLENTY - answered.length, held: 0 });
  }
  await expectSoundBooks(spenders.length);
}

async function expectSoundBooks(atLeast: number): Promise<void> {
  const books = await checkBooks(system.urls.mysqlAdmin, system.namespace);
  expect(books.differences).toEqual([]);
  expect(books.accounts).toBeGreaterThanOrEqual(atLeast);
}

describe("credits killed in the middle of traffic", () => {
  test("charges nobody twice and loses no answered charge", async () => {
    const persons = await spenders(3);
    const traffic = new Traffic(persons).start(8);
    for (let kill = 1; kill <= 2; kill += 1) {
      await served(traffic, traffic.outcomes.length + 50);
      await system.services.kill("credits");
      await system.services.start("credits");
    }
    await served(traffic, traffic.outcomes.length + 50);
    const outcomes = await traffic.stop();
    expect(traffic.refusals).toEqual([]);
    // Otherwise nothing was in flight when it died, and the test proved nothing.
    expect(outcomes.filter((outcome) => outcome.attempts.length > 1)).not.toEqual([]);
    await expectChargedOnce(persons, outcomes);
  });
});

describe("SIGTERM", () => {
  test("of credits: every call is answered, with success or “again later”, and it exits with 0", async () => {
    const persons = await spenders(2);
    const traffic = new Traffic(persons).start(8);
    await served(traffic, 50);
    expect(await system.services.stop("credits")).toEqual({ exitCode: 0 });
    await system.services.start("credits");
    await served(traffic, traffic.outcomes.length + 50);
    const outcomes = await traffic.stop();
    expect(traffic.refusals).toEqual([]);
    expect(new Set(outcomes.flatMap((outcome) => outcome.attempts))).toEqual(new Set([200, 503]));
    await expectChargedOnce(persons, outcomes);
  });

  test("of the gateway: a call that runs is answered in full before it exits with 0", async () => {
    const [person] = await spenders(1);
    const slow = { text: "Basically, a slow text.", fail: "slow", slowMs: 2_000 };
    const running = person?.client.post("/api/rewrite", slow);
    await eventually(async () => expect(await heldOf(person)).toBe(1));
    const stopped = system.services.stop("gateway");
    expectBody(await (running ?? Promise.reject(new Error("nobody called"))), Rewritten);
    expect(await stopped).toEqual({ exitCode: 0 });
    await system.services.start("gateway");
    expect(person && (await accountOf(person))).toMatchObject({ balance: PLENTY - 1, held: 0 });
  });
});

async function heldOf(person: Person | undefined): Promise<number> {
  return person === undefined ? 0 : (await accountOf(person)).held;
}

describe("the gateway killed during a metered call", () => {
  test("the hold frees itself, and the ledger shows it", async () => {
    const [person] = await spenders(1);
    if (person === undefined) throw new Error("nobody to call");
    const slow = { text: "Basically, a text nobody will get.", fail: "slow", slowMs: 15_000 };
    const broken = person.client.post("/api/rewrite", slow).then(
      () => "answered",
      () => "broken",
    );
    await eventually(async () => expect(await heldOf(person)).toBe(1));
    await system.services.kill("gateway");
    expect(await broken).toBe("broken");
    await system.services.start("gateway");
    expect(await accountOf(person)).toMatchObject({ balance: PLENTY, held: 1, available: PLENTY - 1 });

    expectBody(await admin.put("/api/dev/clock", { advance: { hours: 1 } }), DevClock);
    try {
      await eventually(async () => {
        expect(await accountOf(person)).toMatchObject({ balance: PLENTY, held: 0, available: PLENTY });
      });
      const [release] = await rowsOf(person, "release");
      expect(release).toMatchObject({ amount: 0, heldAfter: 0, balanceAfter: PLENTY });
    } finally {
      expectBody(await admin.put("/api/dev/clock", { real: true }), DevClock);
    }
    await expectSoundBooks(1);
  });
});

describe("credits and membership killed in the middle of an import", () => {
  test("it waits for them, and everybody has what the file says, once", async () => {
    const prefix = `moves${crypto.randomUUID().slice(0, 6)}`;
    const all = movers(prefix, 120);
    const file = new ImportFile(all);
    const found = async (): Promise<number> => {
      const answer = await admin.get(`/api/admin/users?query=${prefix}-&limit=100`);
      return (answer.body as { data: unknown[] }).data.length;
    };
    const { child, ended } = startImport(system, file.path, "--batch", "4");
    await eventually(async () => expect(await found()).toBeGreaterThan(0), { timeoutMs: 60_000, everyMs: 20 });
    for (const name of ["credits", "membership"] as const) {
      expect(child.exitCode).toBeNull();
      await system.services.kill(name);
      await system.services.start(name);
    }
    const { code, stdout, stderr } = await ended;
    expect(code, stdout + stderr).toBe(0);
    await expectMovedIn(people, all);
    await expectSoundBooks(all.length);
    file.remove();
  }, 180_000);
});
