/** Live streams over two instances of the gateway: what one of them has told, the other does not tell again, and nothing is lost. */
import { StipendClient } from "@stipend/client";
import { ApiProblem } from "@stipend/client/errors";
import type { StaffEvent, StipendEvent } from "@stipend/client/events";
import { type AnotherGateway, startAnotherGateway } from "@stipend/testing/another-gateway";
import { eventually } from "@stipend/testing/eventually";
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from "vitest";
import { accountOf, giveCredits, newKey, type Person } from "../support/people.ts";
import { running } from "../support/running.ts";
import { StreamReader } from "../support/stream-reader.ts";

const { people, token, baseUrl } = running();
let second: AnotherGateway;

beforeAll(async () => {
  second = await startAnotherGateway(inject("running").parts, "gateway-2");
});
afterAll(() => second.stop());

const gatewayOf = (instance: "one" | "two") => (instance === "one" ? baseUrl : second.baseUrl);

async function listen(
  instance: "one" | "two",
  user: string,
  lastEventId?: string,
): Promise<StreamReader<StipendEvent>> {
  const client = new StipendClient({ baseUrl: gatewayOf(instance), token: await token(user, ["user"]) });
  const reader = new StreamReader((signal) =>
    client.events({ signal, ...(lastEventId === undefined ? {} : { lastEventId }) }),
  );
  onTestFinished(() => reader.stop());
  return reader;
}

async function watch(instance: "one" | "two"): Promise<StreamReader<StaffEvent>> {
  const client = new StipendClient({ baseUrl: gatewayOf(instance), token: await token("sue-support", ["support"]) });
  const reader = new StreamReader((signal) => client.staffEvents({ signal }));
  onTestFinished(() => reader.stop());
  return reader;
}

async function spend(person: Person, times = 1): Promise<void> {
  for (let n = 0; n < times; n += 1) {
    await person.api.post("/api/credits/consume", { body: { amount: 1, reason: "a stream's test" }, key: newKey() });
  }
}

const versionsOf = (events: readonly StipendEvent[], type: StipendEvent["type"]) =>
  events.filter((event) => event.type === type).map(({ data }) => data.version);
const lastIdOf = (reader: StreamReader<StipendEvent>) => reader.events.at(-1)?.id;

/** A member with credits whose every change so far has been told. */
async function member(name: string): Promise<Person> {
  const person = await people.newcomer(name);
  const admin = await people.admin();
  await giveCredits(admin, person, 1_000);
  await setTier(person, "lite");
  await eventually(async () => expect(await accountOf(person)).toMatchObject({ allowance: { tier: "lite" } }));
  return person;
}

async function setTier(person: Person, tier: string): Promise<void> {
  const body = { tier, cycle: "monthly", reason: "a stream's test" };
  const answer = await (await people.admin()).put(`/api/admin/users/${person.name}/membership`, body);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
}

describe("a user's stream that goes on at another gateway", () => {
  test("tells nothing again, and everything that comes", async () => {
    const person = await member("stella");
    const before = await listen("one", person.name);
    await eventually(() => expect(before.events.map(({ type }) => type).sort()).toEqual(["credits", "membership"]));
    const start = (await accountOf(person)).version;
    await spend(person, 3);
    await eventually(() =>
      expect(versionsOf(before.events, "credits")).toEqual([start, start + 1, start + 2, start + 3]),
    );
    await before.stop();

    const after = await listen("two", person.name, lastIdOf(before));
    // Were the present state told again, it would come before this.
    await spend(person, 2);
    await eventually(() => expect(versionsOf(after.events, "credits")).toContain(start + 5));
    const told = versionsOf(after.events, "credits");
    // The first may have been made before the stream was open: then it was overtaken, and the newer one holds all of it.
    expect(told).toEqual([start + 4, start + 5].slice(-told.length));
    expect(versionsOf(after.events, "membership")).toEqual([]);
  });

  test("begins with what was missed, as it is now: the newest of each side, once", async () => {
    const person = await member("miriam");
    const before = await listen("one", person.name);
    await eventually(() => expect(before.events).toHaveLength(2));
    await before.stop();

    await spend(person, 4);
    await setTier(person, "pro");
    await eventually(async () => expect(await accountOf(person)).toMatchObject({ allowance: { tier: "pro" } }));
    const account = await accountOf(person);
    const membership = (await person.api.get("/api/membership")).data;

    const after = await listen("two", person.name, lastIdOf(before));
    await eventually(() => expect(after.events).toHaveLength(2));
    await spend(person);
    await eventually(() => expect(after.events).toHaveLength(3));
    expect(versionsOf(after.events, "credits")).toEqual([account.version, account.version + 1]);
    expect(versionsOf(after.events, "membership")).toEqual([membership.version]);
    const [first] = after.events.filter(({ type }) => type === "credits");
    expect(first?.data).toMatchObject({ balance: account.balance, available: account.available, held: account.held });
    expect(after.events.at(-1)?.id).toBe(`${account.version + 1}-${membership.version}`);
  });

  test("going to and fro while credits are spent: versions rise, none comes twice, and the last is told", async () => {
    const person = await member("ferry");
    const heard: StipendEvent[] = [];
    let lastEventId: string | undefined;
    const spending = spend(person, 60);
    for (let turn = 0; turn < 8; turn += 1) {
      const reader = await listen(turn % 2 === 0 ? "one" : "two", person.name, lastEventId);
      await eventually(() => expect(reader.events).not.toEqual([]));
      await reader.stop();
      heard.push(...reader.events);
      lastEventId = heard.at(-1)?.id;
      if (turn === 4) await setTier(person, "premium");
      // So that each turn has something to tell, however fast the spending was.
      await spend(person, 2);
    }
    await spending;
    const end = await accountOf(person);
    const last = await listen("two", person.name, lastEventId);
    await eventually(() => expect([...heard, ...last.events].at(-1)?.id).toMatch(new RegExp(`^${end.version}-`)));
    for (const type of ["credits", "membership"] as const) {
      const versions = versionsOf([...heard, ...last.events], type);
      expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b));
    }
    expect(versionsOf([...heard, ...last.events], "credits").at(-1)).toBe(end.version);
  });

  test("ends on every instance when the user's tokens are revoked", async () => {
    const person = await member("eve");
    const readers = [await listen("one", person.name), await listen("two", person.name)];
    for (const reader of readers) await eventually(() => expect(reader.events).toHaveLength(2));
    const revocation = { userId: person.name, reason: "a stream's test" };
    expect((await (await people.admin()).post("/api/admin/revocations", revocation)).status).toBe(200);
    for (const { failure } of await Promise.all(readers.map(ended))) {
      expect(failure).toBeInstanceOf(ApiProblem);
      expect(failure).toMatchObject({ code: "token_revoked" });
    }
  });
});

describe("a console's stream that goes on at another gateway", () => {
  /** An admin who gives credits to the own account is always worth an alert. */
  const raise = async (name: string) => {
    const selfish = await people.newcomer(name);
    await giveCredits(await people.withRoles(selfish.name, ["admin"]), selfish, 5);
    return await eventually(
      async () => {
        const support = await people.withRoles("sue-support", ["support"]);
        const page = await support.get(`/api/admin/alerts?rule=admin_self_grant&userId=${selfish.name}`);
        const [alert] = (page.body as { data: { id: string }[] }).data;
        if (alert === undefined) throw new Error("not raised yet");
        return alert.id;
      },
      { timeoutMs: 20_000 },
    );
  };
  const resolve = async (id: string) => {
    const answer = await (await people.admin()).post(`/api/admin/alerts/${id}/resolve`, { reason: "a stream's test" });
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  };

  test("begins with the alerts that are open by then: what was raised meanwhile is there, what was resolved is not", async () => {
    const solved = await raise("sam");
    const before = await watch("one");
    await eventually(() => expect(openOf(before.events[0])).toContain(solved));
    const told = await raise("tom");
    await eventually(() => expect(raisedOf(before.events)).toContain(told), { timeoutMs: 20_000 });
    await before.stop();

    const missed = await raise("mia");
    await resolve(solved);
    const after = await watch("two");
    await eventually(() => expect(after.events[0]).toBeDefined());
    expect(openOf(after.events[0])).toEqual(expect.arrayContaining([missed, told]));
    expect(openOf(after.events[0])).not.toContain(solved);
    const next = await raise("ned");
    await eventually(() => expect(raisedOf(after.events)).toContain(next), { timeoutMs: 20_000 });
    for (const id of [missed, told]) expect(raisedOf(after.events)).not.toContain(id);
    for (const id of [told, missed, next]) await resolve(id);
  });
});

async function ended<E>(reader: StreamReader<E>): Promise<StreamReader<E>> {
  await eventually(() => expect(reader.failure).toBeDefined());
  return reader;
}

function openOf(event: StaffEvent | undefined): string[] {
  return event?.type === "alerts" ? event.data.open.map(({ id }) => id) : [];
}

function raisedOf(events: readonly StaffEvent[]): string[] {
  return events.flatMap((event) =>
    event.type === "alert" && event.data.change === "raised" ? [event.data.alert.id] : [],
  );
}
