/**
 * Generated histories through membership and credits: what membership told in time is told again to credits of somebody else,
 * late, repeated, in any order. Credits ends in the same state.
 */
import { randomUUID } from "node:crypto";
import { eventually } from "@stipend/testing/eventually";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Client, expectBody } from "../support/client.ts";
import { act, chance, pass, retold, stateOf, versionOf } from "../support/histories.ts";
import type { Person } from "../support/people.ts";
import { type Recorded, Redelivery } from "../support/redeliver.ts";
import { running } from "../support/running.ts";
import { DevClock, Membership } from "../support/shapes.ts";
import { membershipsHeard } from "../support/tables.ts";

const { people, kafkaBrokers, topicPrefix, mysqlAdminUrl } = running();
const database = { mysqlAdminUrl, topicPrefix };
const SEED = Number(process.env.STIPEND_HISTORIES_SEED ?? 20261124);
const HISTORIES = Number(process.env.STIPEND_HISTORIES ?? 5);
const STEPS = 9;

const topic = new Redelivery(kafkaBrokers, `${topicPrefix}.membership.v1`);
let admin: Client;
let told: { readonly person: Person; readonly events: readonly Recorded[] }[];

beforeAll(async () => {
  admin = await people.admin();
  const pick = chance(SEED);
  const persons = await Promise.all(Array.from({ length: HISTORIES }, (_, n) => people.newcomer(`history${n}`)));
  let now = new Date();
  for (let step = 0; step < STEPS; step += 1) {
    for (const person of persons) await act(admin, person, pick, now);
    // Days pass in a moment here: news that are on their way would be late by as much.
    await heard(persons);
    now = await pass(admin, 1 + pick(30));
    // Whoever looks is up to date: what fell due is settled by membership, and given by credits.
    await heard(persons);
    for (const { name } of persons) await stateOf(people, name);
  }
  told = [];
  for (const person of persons) told.push({ person, events: await eventually(() => toldOf(person)) });
  await topic.repeat([], 0, "credits");
}, 180_000);

/** Settles what is due of the memberships, and waits until credits has heard of it. */
async function heard(persons: readonly Person[]): Promise<void> {
  const versions = await Promise.all(
    persons.map(async ({ client, name }): Promise<[string, number]> => {
      const { version } = expectBody(await client.get("/api/membership"), Membership);
      return [name, version];
    }),
  );
  const told = new Map(versions.filter(([, version]) => version > 0));
  await eventually(async () => expect(await membershipsHeard(database, [...told.keys()])).toEqual(told));
}

/** All changes of somebody's membership as they were told. @throws while the last ones are not published yet. */
async function toldOf(person: Person): Promise<Recorded[]> {
  const { version } = expectBody(await person.client.get("/api/membership"), Membership);
  const all = await topic.read(person.name);
  const changes = all.filter(({ headers }) => `${headers["ce_type"]}`.endsWith(".MembershipChanged"));
  expect(changes.map(versionOf).at(-1)).toBe(version);
  return changes;
}

afterAll(async () => {
  expectBody(await admin.put("/api/dev/clock", { real: true }), DevClock);
});

/** Tells each history to a new user, in the order that `arrange` makes of it, and compares what credits makes of it. */
async function expectSameState(arrange: (events: readonly Recorded[]) => readonly Recorded[]): Promise<void> {
  const copies = told.map(({ events }) => {
    const userId = `retold-${randomUUID()}`;
    return { userId, messages: arrange(retold(events, userId)) };
  });
  await topic.repeat(
    copies.flatMap(({ messages }) => messages),
    1,
    "credits",
  );
  await expectLike(copies.map(({ userId }) => userId));
}

async function expectLike(userIds: readonly string[]): Promise<void> {
  const original = await Promise.all(told.map(({ person }) => stateOf(people, person.name)));
  const copied = await Promise.all(userIds.map((userId) => stateOf(people, userId)));
  expect(copied).toEqual(original);
}

/** The same news under another id: the inbox can't tell that it is old, only its version can. */
const again = (event: Recorded): Recorded => ({ ...event, headers: { ...event.headers, ce_id: randomUUID() } });

describe(`${HISTORIES} generated histories`, () => {
  test("are worth the name: changes of several kinds, over several months", () => {
    for (const { events } of told) expect(events.length).toBeGreaterThan(2);
    expect(told.reduce((sum, { events }) => sum + events.length, 0)).toBeGreaterThan(HISTORIES * 5);
  });

  test("told late, all at once", () => expectSameState((events) => events), 60_000);

  test(
    "told with every event three times, twice under its id and once under another",
    () => expectSameState((events) => events.flatMap((event) => [event, event, again(event)])),
    60_000,
  );

  test(
    "told with all that was told before after every event, the oldest last",
    () =>
      expectSameState((events) =>
        events.flatMap((event, index) => [event, ...events.slice(0, index).toReversed().map(again)]),
      ),
    60_000,
  );

  test("told backwards, each event alone", async () => {
    const copies = told.map(({ events }) => {
      const userId = `backwards-${randomUUID()}`;
      return { userId, messages: retold(events, userId).toReversed() };
    });
    const longest = Math.max(...copies.map(({ messages }) => messages.length));
    for (let index = 0; index < longest; index += 1) {
      await topic.repeat(
        copies.flatMap(({ messages }) => messages[index] ?? []),
        1,
        "credits",
      );
    }
    await expectLike(copies.map(({ userId }) => userId));
  }, 120_000);

  test("told in any order, everything twice", () => {
    const pick = chance(SEED + 1);
    return expectSameState((events) => {
      const all = [...events, ...events.map(again)].map((event) => ({ event, place: pick(1_000_000) }));
      return all.sort((a, b) => a.place - b.place).map(({ event }) => event);
    });
  }, 60_000);
});
