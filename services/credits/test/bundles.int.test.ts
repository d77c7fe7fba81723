import { createRegistry } from "@bufbuild/protobuf";
import type { OutgoingEvent } from "@stipend/platform/kafka/events";
import type { EventProducer } from "@stipend/platform/kafka/producer";
import { silentLog } from "@stipend/platform/log/log";
import { parseJson } from "@stipend/platform/mysql/values";
import { OutboxRelay } from "@stipend/platform/outbox/relay";
import { file_stipend_credits_v1_events } from "@stipend/proto/events/credits/v1/events";
import { eventually } from "@stipend/testing/eventually";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { consumeCredits, grantCredits } from "../src/store/ledger.ts";
import { at, freshUser, NOW, request } from "./support/build.ts";
import { useLedgerDatabase } from "./support/ledger-database.ts";

const ledger = useLedgerDatabase(4);
const TYPE = "stipend.credits.v1.CreditsChanged";

interface Claimed {
  readonly id: number;
  readonly event_id: string;
  readonly type: string;
  readonly subject: string;
  readonly occurred_at: Date;
  readonly payload: unknown;
}

beforeEach(async () => {
  await ledger.owner.query("DELETE FROM outbox");
  await ledger.owner.query("DELETE FROM outbox_failures");
});

/** One call, one row of the ledger for each of these users. */
async function granted(users: readonly string[], now = NOW): Promise<void> {
  await ledger.db.transaction((tx) =>
    grantCredits(
      tx,
      now,
      users.map((userId) => ({ userId, kind: "bonus", amount: 10, ...request() })),
    ),
  );
}

const claim = (limit: number) => ledger.db.call<Claimed>("OutboxClaim", limit);
const published = (rows: readonly Claimed[]) =>
  ledger.db.call("OutboxPublished", [...new Set(rows.map(({ id }) => id))], new Date());
const told = (rows: readonly Claimed[]) =>
  rows.map(({ subject, payload }) => [subject, Number((parseJson(payload) as { version: string }).version)]);

describe("the events of one call", () => {
  test("stand in one row, each told with its own subject, time and id, in the order of the ledger", async () => {
    const [a, b] = [freshUser("a"), freshUser("b")];
    await granted([b, a], at("2026-01-20T00:00:00.000Z"));
    await ledger.db.transaction((tx) =>
      consumeCredits(tx, at("2026-01-10T00:00:00.000Z"), [
        { userId: b, amount: 1, ...request() },
        { userId: a, amount: 2, ...request() },
        { userId: b, amount: 3, ...request() },
      ]),
    );
    expect(await ledger.owner.query("SELECT subject, events FROM outbox ORDER BY id")).toEqual([
      { subject: "", events: 2 },
      { subject: "", events: 3 },
    ]);
    const rows = await claim(500);
    expect(told(rows)).toEqual([
      [b, 1],
      [a, 1],
      [b, 2],
      [a, 2],
      [b, 3],
    ]);
    // The clock went back: an account's time does not.
    for (const { occurred_at } of rows) expect(occurred_at).toEqual(at("2026-01-20T00:00:00.000Z"));
    const ids = rows.map(({ event_id }) => event_id);
    expect(new Set(ids).size).toBe(5);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i);
    expect((await claim(500)).map(({ event_id }) => event_id)).toEqual(ids);
  });

  test("are claimed whole: as many calls as reach the limit, and the next ones when those are published", async () => {
    const users = Array.from({ length: 4 }, () => freshUser("whole"));
    for (let call = 0; call < 3; call += 1) await granted(users);
    const first = await claim(5);
    expect(told(first)).toEqual([1, 2].flatMap((version) => users.map((user) => [user, version])));
    await published(first);
    const [stats] = await ledger.db.call<{ pending: number }>("OutboxStats");
    expect(stats?.pending).toBe(4);
    const second = await claim(1);
    expect(told(second)).toEqual(users.map((user) => [user, 3]));
    await published(second);
    expect(await claim(500)).toEqual([]);
  });

  test("of a row as the version before wrote it: it tells one, with what stands in it", async () => {
    const user = freshUser("old");
    await granted([user]);
    await ledger.owner.query("DELETE FROM outbox");
    await ledger.owner.query(
      `INSERT INTO outbox (event_id, topic, type, subject, occurred_at, ledger_version, payload)
       VALUES ('0e0e0e0e-0000-1000-8000-aabbccddeeff', 'credits.v1', ?, ?, '2026-01-15 00:00:00.000', 1, '{"tier":"pro"}')`,
      [TYPE, user],
    );
    const [row] = await claim(10);
    expect(row).toMatchObject({ event_id: "0e0e0e0e-0000-1000-8000-aabbccddeeff", subject: user });
    expect(parseJson(row?.payload)).toMatchObject({ userId: user, version: "1", allowance: { tier: "pro" } });
  });

  test("that can't be told are set aside together, and hold back all of their topic, nothing of another", async () => {
    const user = freshUser("aside");
    await granted([freshUser("other"), user]);
    await granted([user]);
    await ledger.owner.query(
      `INSERT INTO outbox (event_id, topic, type, subject, occurred_at, payload) VALUES
         (UUID(), 'credits.v1', 'stipend.credits.v1.LowBalance', ?, '2026-01-15', '{}'),
         (UUID(), 'admin.v1', 'stipend.admin.v1.AdminActionRecorded', ?, '2026-01-15', '{}')`,
      [user, user],
    );
    const [first] = await claim(500);
    await ledger.db.transaction((tx) => tx.call("OutboxFailed", first?.id, "a defect", new Date()));
    expect((await claim(500)).map(({ type }) => type)).toEqual(["stipend.admin.v1.AdminActionRecorded"]);
    expect(await ledger.db.call("OutboxFailures", 10)).toHaveLength(2);
    await ledger.db.call("OutboxSkip", first?.id, new Date());
    expect((await claim(500)).map(({ type }) => type.split(".").at(-1))).toEqual([
      "CreditsChanged",
      "LowBalance",
      "AdminActionRecorded",
    ]);
  });

  test("wait for no other row of one of their subjects that was set aside", async () => {
    const user = freshUser("low");
    await ledger.owner.query(
      `INSERT INTO outbox (event_id, topic, type, subject, occurred_at, payload)
       VALUES (UUID(), 'credits.v1', 'stipend.credits.v1.Nonsense', ?, '2026-01-15', '{}')`,
      [user],
    );
    await granted([user, freshUser("stranger")]);
    const [nonsense] = await claim(500);
    await ledger.db.transaction((tx) => tx.call("OutboxFailed", nonsense?.id, "a defect", new Date()));
    expect(await claim(500)).toHaveLength(2);
  });
});

describe("the relay", () => {
  const relays: OutboxRelay[] = [];
  const sent: OutgoingEvent[] = [];
  afterEach(async () => {
    for (const relay of relays.splice(0)) await relay.stop();
    sent.splice(0);
  });

  function relay(registry = createRegistry(file_stipend_credits_v1_events)): OutboxRelay {
    const producer = { publish: (events: OutgoingEvent[]) => Promise.resolve(void sent.push(...events)) };
    const made = new OutboxRelay({
      db: ledger.db,
      producer: producer as unknown as EventProducer,
      registry,
      source: "/stipend/credits",
      topicPrefix: "t",
      log: silentLog(),
      clock: { now: () => NOW },
      batchSize: 3,
    });
    relays.push(made);
    return made;
  }

  const unpublished = async () =>
    (await ledger.owner.query<{ n: number }>("SELECT COUNT(*) AS n FROM outbox WHERE published_at IS NULL"))[0]?.n;

  test("sends each event once, under its own subject", async () => {
    const users = Array.from({ length: 5 }, () => freshUser("sent"));
    for (let call = 0; call < 4; call += 1) await granted(users);
    await relay().start();
    await eventually(async () => expect(await unpublished()).toBe(0));
    expect(sent.map(({ subject }) => subject)).toEqual([1, 2, 3, 4].flatMap(() => users));
    expect(new Set(sent.map(({ id }) => id)).size).toBe(20);
  });

  test("that knows the type no more sends none of them, and the next one that does sends all, in order", async () => {
    const users = [freshUser("type"), freshUser("type")];
    await granted(users);
    await granted(users);
    const old = relay(createRegistry());
    await old.start();
    await eventually(async () => expect(await ledger.db.call("OutboxFailures", 10)).toHaveLength(2));
    expect(sent).toEqual([]);
    await old.stop();
    await relay().start();
    await eventually(async () => expect(await unpublished()).toBe(0));
    expect(sent.map(({ subject }) => subject)).toEqual([...users, ...users]);
  });
});
