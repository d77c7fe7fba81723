import { createRegistry, fromBinary } from "@bufbuild/protobuf";
import type { OutgoingEvent } from "@stipend/platform/kafka/events";
import type { EventProducer } from "@stipend/platform/kafka/producer";
import { silentLog } from "@stipend/platform/log/log";
import { parseJson } from "@stipend/platform/mysql/values";
import { OutboxRelay } from "@stipend/platform/outbox/relay";
import { readOutboxState } from "@stipend/platform/outbox/state";
import { CreditsChangedSchema, file_stipend_credits_v1_events } from "@stipend/proto/events/credits/v1/events";
import { eventually } from "@stipend/testing/eventually";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { consumeCredits, grantCredits } from "../src/store/ledger.ts";
import { at, freshUser, NOW, request } from "./support/build.ts";
import { useLedgerDatabase } from "./support/ledger-database.ts";

const ledger = useLedgerDatabase(4);
const TYPE = "stipend.credits.v1.CreditsChanged";

interface Told {
  readonly id: number;
  readonly place: number;
  readonly event_id: string;
  readonly type: string;
  readonly subject: string;
  readonly occurred_at: Date;
  readonly payload: unknown;
}

beforeEach(async () => {
  await ledger.owner.query("DELETE FROM outbox");
  await ledger.owner.query("DELETE FROM outbox_parked");
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

const next = (limit: number) => ledger.db.call<Told>("OutboxNext", limit);
const published = (rows: readonly Told[]) =>
  ledger.db.call("OutboxPublished", [...new Set(rows.map(({ id }) => id))], new Date());
const versionOf = ({ payload }: Told) => Number((parseJson(payload) as { version: string }).version);
const told = (rows: readonly Told[]) => rows.map((row) => [row.subject, versionOf(row)]);

/** The event of the newest row at this place (from 0) names a ledger row that does not exist, so it has no payload. */
async function damage(place: number): Promise<void> {
  await ledger.owner.query(
    `UPDATE outbox SET entries = JSON_SET(entries, '$[${place}][1]', 999) ORDER BY id DESC LIMIT 1`,
  );
}

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
    await ledger.owner.query("UPDATE outbox SET occurred_at = '2026-01-01'");
    expect(await ledger.owner.query("SELECT subject, events FROM outbox ORDER BY id")).toEqual([
      { subject: "", events: 2 },
      { subject: "", events: 3 },
    ]);
    const rows = await next(500);
    expect(told(rows)).toEqual([
      [b, 1],
      [a, 1],
      [b, 2],
      [a, 2],
      [b, 3],
    ]);
    expect(rows.map(({ place }) => place)).toEqual([1, 2, 1, 2, 3]);
    // The clock went back: an account's time does not.
    for (const { occurred_at } of rows) expect(occurred_at).toEqual(at("2026-01-20T00:00:00.000Z"));
    const ids = rows.map(({ event_id }) => event_id);
    expect(new Set(ids).size).toBe(5);
    // What an inbox takes.
    for (const id of ids) expect(id.length).toBeLessThanOrEqual(64);
    expect((await next(500)).map(({ event_id }) => event_id)).toEqual(ids);
  });

  test("are read whole: as many calls as reach the limit, and the next ones when those are published", async () => {
    const users = Array.from({ length: 4 }, () => freshUser("whole"));
    for (let call = 0; call < 3; call += 1) await granted(users);
    const first = await next(5);
    expect(told(first)).toEqual([1, 2].flatMap((version) => users.map((user) => [user, version])));
    await published(first);
    expect((await readOutboxState(ledger.db)).pending).toBe(4);
    const second = await next(1);
    expect(told(second)).toEqual(users.map((user) => [user, 3]));
    await published(second);
    expect(await next(500)).toEqual([]);
  });

  test("say the allowance of their account, whatever stands in its tier", async () => {
    const users = ["pro", 'a "quoted" \\ tier}]', "plain"].map((tier) => ({ tier, userId: freshUser("tier") }));
    await granted(users.map(({ userId }) => userId));
    for (const { tier, userId } of users.slice(0, 2)) {
      await ledger.owner.query(
        "UPDATE profiles SET tier = ?, monthly_credits = 250, next_reset_at = '2026-02-01' WHERE user_id = ?",
        [tier, userId],
      );
    }
    await ledger.owner.query("DELETE FROM outbox");
    await granted(users.map(({ userId }) => userId));
    // A member's low balance is told as well.
    const events = (await next(500)).filter(({ type }) => type === TYPE);
    const said = events.map(({ payload }) => (parseJson(payload) as { allowance?: object }).allowance);
    const allowance = { monthlyCredits: "250", remaining: "0", nextResetAt: "2026-02-01T00:00:00.000Z" };
    expect(said).toEqual([{ tier: "pro", ...allowance }, { tier: 'a "quoted" \\ tier}]', ...allowance }, undefined]);
  });

  test("of rows as versions before wrote them are told one a row, with what stands in it and their old id", async () => {
    const user = freshUser("old");
    await granted([user]);
    await ledger.owner.query("DELETE FROM outbox");
    await ledger.owner.query(
      `INSERT INTO outbox (event_id, topic, type, subject, occurred_at, ledger_version, payload) VALUES
         ('0e0e0e0e-0000-1000-8000-aabbccddee01', 'credits.v1', ?, ?, '2026-01-15 00:00:00.000', 1, '{"tier":"pro"}'),
         ('0e0e0e0e-0000-1000-8000-aabbccddee02', 'credits.v1', ?, ?, '2026-01-15 00:00:00.000', NULL, '{"userId":"x","version":"7"}')`,
      [TYPE, user, TYPE, user],
    );
    const [row, plain] = await next(10);
    expect(row).toMatchObject({ event_id: "0e0e0e0e-0000-1000-8000-aabbccddee01", place: 1, subject: user });
    expect(row?.occurred_at).toEqual(at("2026-01-15T00:00:00.000Z"));
    expect(parseJson(row?.payload)).toMatchObject({ userId: user, version: "1", allowance: { tier: "pro" } });
    expect(plain).toMatchObject({ event_id: "0e0e0e0e-0000-1000-8000-aabbccddee02", place: 1, subject: user });
    expect(parseJson(plain?.payload)).toEqual({ userId: "x", version: "7" });
  });
});

describe("the relay", () => {
  const relays: OutboxRelay[] = [];
  const sent: OutgoingEvent[] = [];
  afterEach(async () => {
    for (const relay of relays.splice(0)) await relay.stop();
    sent.splice(0);
  });

  interface Faults {
    readonly registry?: ReturnType<typeof createRegistry>;
    /** After Kafka's acknowledgement, before it is noted. */
    readonly afterSend?: () => Promise<void>;
  }

  async function relay({ registry = createRegistry(file_stipend_credits_v1_events), afterSend }: Faults = {}) {
    const publish = async (events: OutgoingEvent[]) => {
      sent.push(...events);
      await afterSend?.();
    };
    const made = new OutboxRelay({
      db: ledger.db,
      producer: { publish } as unknown as EventProducer,
      registry,
      source: "/stipend/credits",
      topicPrefix: "t",
      log: silentLog(),
      clock: { now: () => NOW },
      batchSize: 3,
      pollMs: 50,
      statsMs: 50,
    });
    relays.push(made);
    await made.start();
    return made;
  }

  const settled = (figures: { failed: number; waiting: number; givenUp?: number }) =>
    eventually(async () => {
      const [row] = await ledger.owner.query<{ n: number }>(
        "SELECT COUNT(*) AS n FROM outbox WHERE published_at IS NULL",
      );
      expect({ unpublished: row?.n, ...(await readOutboxState(ledger.db)) }).toMatchObject({
        unpublished: 0,
        ...figures,
      });
    });
  const NONE = { failed: 0, waiting: 0, givenUp: 0 };
  /** Subject and version, or the type of another event. */
  const came = () =>
    sent.map(({ subject, type, data }) => [
      subject,
      type === TYPE ? Number(fromBinary(CreditsChangedSchema, data).version) : type.split(".").at(-1),
    ]);
  const failures = () => ledger.db.call<{ id: number; place: number; subject: string }>("OutboxFailedEvents", 10);

  /** The connection that holds the lock and would mark dies. */
  async function killRelay(): Promise<void> {
    // As the relay's own user: MySQL lets nobody else.
    const [lock] = await ledger.db.query<{ id: number }>(
      "SELECT IS_USED_LOCK(CONCAT('stipend:outbox:', LEFT(SHA2(DATABASE(), 256), 40))) AS id",
    );
    await ledger.db.query(`KILL ${Number(lock?.id)}`);
  }

  test("sends each event once, under its own subject", async () => {
    const users = Array.from({ length: 5 }, () => freshUser("sent"));
    for (let call = 0; call < 4; call += 1) await granted(users);
    await relay();
    await settled(NONE);
    expect(came()).toEqual([1, 2, 3, 4].flatMap((version) => users.map((user) => [user, version])));
    expect(new Set(sent.map(({ id }) => id)).size).toBe(20);
  });

  test("parks the one event of a call that can't be told, and what follows of that user alone, until it is given up", async () => {
    const [a, bad, c] = [freshUser("a"), freshUser("bad"), freshUser("c")];
    await granted([a, bad, c]);
    await damage(1);
    await granted([bad, a]);
    await ledger.owner.query(
      `INSERT INTO outbox (event_id, topic, type, subject, occurred_at, payload) VALUES
         (UUID(), 'credits.v1', 'stipend.credits.v1.LowBalance', ?, '2026-01-15', '{}'),
         (UUID(), 'credits.v1', 'stipend.credits.v1.LowBalance', ?, '2026-01-15', '{}')`,
      [bad, c],
    );
    await relay();
    await settled({ failed: 1, waiting: 2 });
    await granted([c, bad]);
    await settled({ failed: 1, waiting: 3 });
    expect(came()).toEqual([
      [a, 1],
      [c, 1],
      [a, 2],
      [c, "LowBalance"],
      [c, 2],
    ]);
    const [failure] = await failures();
    expect(failure).toMatchObject({ subject: bad, place: 2 });
    sent.splice(0);
    // Of the others of its row nothing can be given up.
    expect(await ledger.db.call("OutboxGiveUp", failure?.id, 1)).toEqual([{ given_up: 0 }]);
    expect(await ledger.db.call("OutboxGiveUp", failure?.id, 2)).toEqual([{ given_up: 1 }]);
    await settled(NONE);
    expect(came()).toEqual([
      [bad, 2],
      [bad, "LowBalance"],
      [bad, 3],
    ]);
    // What is parked no more holds nothing back.
    await granted([bad]);
    await eventually(() => expect(came().at(-1)).toEqual([bad, 4]));
  });

  test("holds back the later ones of a user within the same call too, and frees them when a later relay can tell the first", async () => {
    const [bad, other] = [freshUser("bad"), freshUser("other")];
    await granted([bad, other]);
    await ledger.owner.query("DELETE FROM outbox");
    await ledger.db.transaction((tx) =>
      consumeCredits(
        tx,
        NOW,
        [bad, other, bad, other, bad].map((userId) => ({ userId, amount: 1, ...request() })),
      ),
    );
    await damage(0);
    const first = await relay();
    await settled({ failed: 1, waiting: 2 });
    expect(came()).toEqual([
      [other, 2],
      [other, 3],
    ]);
    await first.stop();
    await ledger.owner.query("UPDATE outbox SET entries = JSON_SET(entries, '$[0][1]', 2)");
    sent.splice(0);
    await relay();
    await settled(NONE);
    expect(came()).toEqual([
      [bad, 2],
      [bad, 3],
      [bad, 4],
    ]);
  });

  test("that knows the type no more sends none of them, and the next one that does sends all, in order", async () => {
    const users = [freshUser("type"), freshUser("type")];
    for (let call = 0; call < 3; call += 1) await granted(users);
    const old = await relay({ registry: createRegistry() });
    await settled({ failed: 2, waiting: 4 });
    expect(sent).toEqual([]);
    await old.stop();
    await granted(users);
    await relay();
    await settled(NONE);
    for (const user of users) {
      expect(came().filter(([subject]) => subject === user)).toEqual([1, 2, 3, 4].map((version) => [user, version]));
    }
    expect(sent).toHaveLength(8);
  });

  test("that dies after Kafka's acknowledgement sends them again with the same ids, and parks what it had to", async () => {
    const [a, bad] = [freshUser("a"), freshUser("bad")];
    await granted([a, bad]);
    await damage(1);
    let deaths = 0;
    const afterSend = async () => {
      if (deaths++ > 0) return;
      await killRelay();
      expect(await ledger.owner.query("SELECT * FROM outbox_parked")).toEqual([]);
    };
    await relay({ afterSend });
    await settled({ failed: 1, waiting: 0 });
    expect(came()).toEqual([
      [a, 1],
      [a, 1],
    ]);
    expect(new Set(sent.map(({ id }) => id)).size).toBe(1);
  });

  test("that dies while it tries parked events again sends them again with the same ids", async () => {
    const user = freshUser("again");
    await granted([user]);
    await granted([user]);
    const old = await relay({ registry: createRegistry() });
    await settled({ failed: 1, waiting: 1 });
    await old.stop();
    let deaths = 0;
    const afterSend = async () => {
      if (deaths++ > 0) return;
      await killRelay();
    };
    await relay({ afterSend });
    await settled(NONE);
    expect(came()).toEqual([1, 2, 1, 2].map((version) => [user, version]));
    expect(new Set(sent.map(({ id }) => id)).size).toBe(2);
  });

  test("lets nothing go that waits behind another failed one, whatever was given up between or behind them", async () => {
    const user = freshUser("two");
    for (const bad of [true, false, true, false]) {
      await granted([user]);
      if (bad) await damage(0);
    }
    const [third] = await ledger.owner.query<{ id: number }>("SELECT id FROM outbox ORDER BY id LIMIT 2, 1");
    await relay();
    await settled({ failed: 1, waiting: 3 });
    // As when the first one became visible after the third had failed.
    await ledger.owner.query("UPDATE outbox_parked SET state = 'failed', error = 'late' WHERE outbox_id = ?", [
      third?.id,
    ]);
    await ledger.db.call("OutboxGiveUp", third?.id, 1);
    await settled({ failed: 1, waiting: 2, givenUp: 0 });
    expect(sent).toEqual([]);
    const [first] = await failures();
    await ledger.db.call("OutboxGiveUp", first?.id, 1);
    await settled(NONE);
    expect(came()).toEqual([
      [user, 2],
      [user, 4],
    ]);
    expect(await ledger.owner.query("SELECT * FROM outbox_parked")).toEqual([]);
  });

  test("lets a call that becomes visible late go before what is parked behind it, of the same user", async () => {
    const user = freshUser("late");
    await granted([user]);
    await ledger.owner.query("UPDATE outbox SET published_at = '2026-01-01'");
    await granted([user]);
    await damage(0);
    await relay();
    await settled({ failed: 1, waiting: 0 });
    await ledger.owner.query("UPDATE outbox SET published_at = NULL ORDER BY id LIMIT 1");
    await settled({ failed: 1, waiting: 0 });
    expect(came()).toEqual([[user, 1]]);
  });

  test("keeps rows with a parked event from being purged", async () => {
    const [a, bad] = [freshUser("a"), freshUser("bad")];
    await granted([a, bad]);
    await damage(1);
    await granted([a]);
    await relay();
    await settled({ failed: 1, waiting: 0 });
    const purged = await ledger.db.call("OutboxPurge", new Date("2027-01-01T00:00:00Z"), 100);
    expect(purged).toEqual([{ purged: 1 }]);
    expect(await failures()).toHaveLength(1);
  });
});
