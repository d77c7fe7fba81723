import { silentLog } from "@stipend/platform/log/log";
import { Database } from "@stipend/platform/mysql/database";
import { type ChainHead, GENESIS } from "@stipend/proto/audit/chain";
import type { AuditRow } from "@stipend/proto/audit/row";
import { testEngines } from "@stipend/testing/engines/test-engines";
import { type FreshDatabase, freshDatabase } from "@stipend/testing/fresh-database";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { AuditStore } from "../src/store/audit-store.ts";
import { type Delivery, recordActions } from "../src/usecases/record-actions.ts";
import { searchLog } from "../src/usecases/search-log.ts";
import { verifyLog } from "../src/usecases/verify-log.ts";
import { AT, at, record } from "./builders.ts";

/** More batches wait for a connection here than any consumer sends at once, and the machine may be slow. */
const PATIENCE_MS = 20_000;

const delivery = (n: number, over = {}): Delivery => ({ eventId: `event-${n}`, candidate: record(n, over) });
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe("the audit log in MySQL", () => {
  let schema: FreshDatabase;
  let db: Database;
  let owner: Database;
  let store: AuditStore;

  beforeAll(async () => {
    schema = await freshDatabase(testEngines().mysqlAdminUrl, "admin-audit");
    db = new Database({ url: schema.url, log: silentLog(), poolSize: 8, acquireTimeoutMs: PATIENCE_MS });
    owner = new Database({ url: schema.ownerUrl, log: silentLog(), poolSize: 2 });
    store = new AuditStore(db);
  }, 30_000);

  beforeEach(async () => {
    // TRUNCATE is what no trigger sees; faster than a schema for each test.
    for (const table of ["admin_operation_logs", "inbox", "outbox"]) await owner.query(`TRUNCATE TABLE ${table}`);
    await owner.query("UPDATE audit_chain_head SET seq = ?, hash = ?", [GENESIS.seq, GENESIS.hash]);
  });

  afterAll(async () => {
    await db?.stop();
    await owner?.stop();
    await schema?.drop();
  });

  const all = async (): Promise<AuditRow[]> => {
    const rows: AuditRow[] = [];
    for await (const row of store.rows(0)) rows.push(row);
    return rows;
  };
  const anchorAt = (head: ChainHead) => ({ source: "the test's anchor", latest: async () => head });

  it("keeps every field exactly and proves it", async () => {
    await recordActions(
      store,
      range(1, 5).map((n) => delivery(n)),
      AT,
    );
    const rows = await all();
    expect(rows.map(({ seq, recordedAt, prevHash, hash, ...kept }) => kept)).toEqual(range(1, 5).map((n) => record(n)));
    expect(await verifyLog(store, [])).toMatchObject({ valid: true, checked: 5, firstBad: null, head: { seq: 5 } });
  });

  it("is empty and valid at first", async () => {
    expect(await verifyLog(store, [])).toMatchObject({ valid: true, checked: 0, head: GENESIS });
  });

  it("anchors the head in the outbox with each batch", async () => {
    await recordActions(store, [delivery(1), delivery(2)], AT);
    await recordActions(store, [delivery(3)], AT);
    const rows = await all();
    const anchors = await owner.query<{ topic: string; subject: string; payload: string }>(
      "SELECT topic, subject, payload FROM outbox ORDER BY id",
    );
    expect(anchors.map((anchor) => [anchor.topic, anchor.subject])).toEqual([
      ["audit.v1", "head"],
      ["audit.v1", "head"],
    ]);
    expect(JSON.parse(at(anchors, 1).payload)).toMatchObject({ hash: at(rows, 2).hash });
  });

  it("keeps an action once: repeated in a batch, delivered again, and under another event id", async () => {
    expect(await recordActions(store, [delivery(1), delivery(1), delivery(2)], AT)).toMatchObject({ seq: 2 });
    expect(await recordActions(store, [delivery(1), delivery(2)], AT)).toBeNull();
    expect(await recordActions(store, [{ eventId: "another", candidate: record(1) }, delivery(3)], AT)).toMatchObject({
      seq: 3,
    });
    expect((await all()).map((row) => row.actionId)).toEqual(["action-1", "action-2", "action-3"]);
  });

  it("builds one unbroken chain when two consumers are given everything twice", async () => {
    const other = new Database({ url: schema.url, log: silentLog(), poolSize: 4, acquireTimeoutMs: PATIENCE_MS });
    const stores = [store, new AuditStore(other)];
    const batches = range(0, 19).map((b) => range(b * 10 + 1, b * 10 + 10).map((n) => delivery(n)));
    try {
      const counts = await Promise.all(
        stores.flatMap((each, i) => {
          const order = i === 0 ? batches : [...batches].reverse();
          return order.map((batch) => recordActions(each, batch, AT));
        }),
      );
      expect(counts.filter((head) => head !== null)).toHaveLength(20);
    } finally {
      await other.stop();
    }
    const rows = await all();
    expect(rows.map((row) => row.seq)).toEqual(range(1, 200));
    expect(new Set(rows.map((row) => row.actionId)).size).toBe(200);
    expect(await verifyLog(store, [])).toMatchObject({ valid: true, checked: 200 });
  });

  it("takes a batch that is larger than one CALL", async () => {
    const large = `"${"x".repeat(60_000)}"`;
    await recordActions(
      store,
      range(1, 100).map((n) => delivery(n, { before: large, after: large })),
      AT,
    );
    expect(await verifyLog(store, [])).toMatchObject({ valid: true, checked: 100 });
  });

  it("appends nothing when one of the batch can never become a row", async () => {
    const bad = { eventId: "bad", candidate: record(9, { actionId: "" }) };
    await expect(recordActions(store, [delivery(1), bad], AT)).rejects.toMatchObject({ eventId: "bad" });
    expect(await all()).toEqual([]);
    expect(await recordActions(store, [delivery(1)], AT)).toMatchObject({ seq: 1 });
  });

  it("refuses rows that do not continue the chain", async () => {
    await recordActions(store, [delivery(1)], AT);
    const head = await store.head();
    await expect(
      store.transaction(async (chain) => {
        await chain.append([{ ...record(2), seq: 3, recordedAt: AT, prevHash: head.hash, hash: "f".repeat(64) }], AT);
      }),
    ).rejects.toThrow("audit_chain_broken");
    expect(await store.head()).toEqual(head);
  });

  it("can be verified while it grows", async () => {
    await recordActions(
      store,
      range(1, 50).map((n) => delivery(n)),
      AT,
    );
    let growing = true;
    const grow = (async () => {
      for (let n = 51; growing; n++) await recordActions(store, [delivery(n)], AT);
    })();
    try {
      for (let i = 0; i < 10; i++) {
        expect(await verifyLog(store, [])).toMatchObject({ valid: true });
      }
    } finally {
      growing = false;
      await grow;
    }
  });

  describe("append-only", () => {
    beforeEach(async () => {
      await recordActions(
        store,
        range(1, 3).map((n) => delivery(n)),
        AT,
      );
    });

    it.each([
      "UPDATE admin_operation_logs SET actor = 'x'",
      "DELETE FROM admin_operation_logs",
      "INSERT INTO admin_operation_logs (seq) VALUES (9)",
      "SELECT * FROM admin_operation_logs",
      "UPDATE admin_operation_log_entries SET actor = 'x'",
      "DELETE FROM admin_operation_log_entries",
      "UPDATE audit_chain_head SET seq = 0",
      "DROP TRIGGER admin_operation_logs_no_update",
      "TRUNCATE TABLE admin_operation_logs",
    ])("by grant: the service's user may not %s", async (sql) => {
      await expect(db.query(sql)).rejects.toMatchObject({ errno: 1142 });
    });

    it.each([
      "UPDATE admin_operation_logs SET actor = 'x' WHERE seq = 2",
      "DELETE FROM admin_operation_logs WHERE seq = 2",
    ])("by trigger: the owner may not %s", async (sql) => {
      await expect(owner.query(sql)).rejects.toThrow("append-only");
      expect(await verifyLog(store, [])).toMatchObject({ valid: true, checked: 3 });
    });
  });

  describe("search", () => {
    beforeEach(async () => {
      await recordActions(
        store,
        [
          delivery(1, { actor: "ann", target: "alice", reason: "100% sure" }),
          delivery(2, { actor: "ann", target: "bob", outcome: "refused", reason: "1000 sure" }),
          delivery(3, { actor: "ANN", target: "alice", action: "membership.set" }),
          delivery(4, { actor: "ben", target: "alice", ip: "10.0.0.1" }),
        ],
        AT,
      );
    });

    const find = async (filter: Parameters<AuditStore["page"]>[0]) =>
      (await searchLog(store, filter, null, 100)).rows.map((row) => row.seq);

    it("filters byte for byte, newest first", async () => {
      expect(await find({})).toEqual([4, 3, 2, 1]);
      expect(await find({ actor: "ann" })).toEqual([2, 1]);
      expect(await find({ target: "alice", actor: "ann" })).toEqual([1]);
      expect(await find({ action: "membership.set" })).toEqual([3]);
      expect(await find({ outcome: "refused" })).toEqual([2]);
      expect(await find({ ip: "10.0.0.1" })).toEqual([4]);
      expect(await find({ reason: "100%" })).toEqual([1]);
      expect(await find({ from: record(2).occurredAt, to: record(4).occurredAt })).toEqual([3, 2]);
    });

    it("finds any text in the reason as it stands there: no character has a meaning of its own", async () => {
      const texts = [
        "50% off_peak",
        "50x offxpeak",
        "für Zoë 为了 😀",
        "FÜR ZOË",
        "back\\slash 'quote\" -- ;",
        "e\u0301",
      ];
      await recordActions(
        store,
        texts.map((reason, n) => delivery(5 + n, { actor: "cleo", reason })),
        AT,
      );
      const found = async (reason: string) => (await find({ actor: "cleo", reason })).map((seq) => texts[seq - 5]);
      expect(await found("%")).toEqual(["50% off_peak"]);
      expect(await found("_")).toEqual(["50% off_peak"]);
      expect(await found("0% off_")).toEqual(["50% off_peak"]);
      expect(await found("Zoë 为")).toEqual(["für Zoë 为了 😀"]);
      expect(await found("😀")).toEqual(["für Zoë 为了 😀"]);
      expect(await found("für")).toEqual(["für Zoë 为了 😀"]);
      expect(await found("fur")).toEqual([]);
      expect(await found("\u00e9")).toEqual([]);
      expect(await found("\\slash 'quote\" -- ;")).toEqual(["back\\slash 'quote\" -- ;"]);
    });

    it("pages without gaps or repeats, also while rows arrive", async () => {
      const first = await searchLog(store, {}, null, 3);
      await recordActions(store, [delivery(5)], AT);
      const second = await searchLog(store, {}, first.next, 3);
      expect([first.rows.map((row) => row.seq), second.rows.map((row) => row.seq)]).toEqual([[4, 3, 2], [1]]);
      expect(second.next).toBeNull();
    });
  });

  describe("verify, after the owner dropped the triggers", () => {
    let head: ChainHead;

    beforeEach(async () => {
      await recordActions(
        store,
        range(1, 10).map((n) => delivery(n)),
        AT,
      );
      head = await store.head();
    });

    // The last block of the file: nothing behind it has the triggers any more.
    beforeAll(async () => {
      await owner.query("DROP TRIGGER admin_operation_logs_no_update");
      await owner.query("DROP TRIGGER admin_operation_logs_no_delete");
    });

    const tamper = async (...statements: string[]) => {
      for (const statement of statements) await owner.query(statement);
      return await verifyLog(store, [anchorAt(head)]);
    };

    it.each([
      ["actor = 'nobody'"],
      ['before_json = \'{"b":1,"a":2}\''],
      ["after_json = NULL"],
      ['roles_json = \'["admin", "support"]\''],
      ["roles_json = 'x'"],
      ["outcome = 'refused'"],
      ["reason = CONCAT(reason, ' ')"],
      ["occurred_at = occurred_at + INTERVAL 1 SECOND"],
      ["recorded_at = recorded_at + INTERVAL 1 SECOND"],
      ["action_id = 'action-99'"],
      ["user_agent = ''"],
    ])("an edited field: %s", async (change) => {
      expect(await tamper(`UPDATE admin_operation_logs SET ${change} WHERE seq = 7`)).toMatchObject({
        valid: false,
        firstBad: { seq: 7, kind: "edited" },
      });
    });

    it("a deleted row", async () => {
      expect(await tamper("DELETE FROM admin_operation_logs WHERE seq = 4")).toMatchObject({
        valid: false,
        checked: 9,
        firstBad: { seq: 4, kind: "missing" },
      });
    });

    it("a deleted row with the gap closed", async () => {
      const close = "UPDATE admin_operation_logs SET seq = seq - 1 WHERE seq > 4 ORDER BY seq";
      const report = await tamper("DELETE FROM admin_operation_logs WHERE seq = 4", close);
      expect(report).toMatchObject({ valid: false, firstBad: { seq: 4 } });
    });

    it("swapped rows", async () => {
      const report = await tamper(
        "UPDATE admin_operation_logs SET seq = 100 WHERE seq = 4",
        "UPDATE admin_operation_logs SET seq = 4 WHERE seq = 5",
        "UPDATE admin_operation_logs SET seq = 5 WHERE seq = 100",
      );
      expect(report).toMatchObject({ valid: false, firstBad: { seq: 4 } });
    });

    it("an inserted row", async () => {
      const columns = `service, actor, roles_json, action, target, outcome, reason, before_json, after_json, ip, user_agent,
        request_id, trace_id, occurred_at, recorded_at, prev_hash, hash`;
      const report = await tamper(
        "UPDATE admin_operation_logs SET seq = seq + 1 WHERE seq >= 6 ORDER BY seq DESC",
        `INSERT INTO admin_operation_logs (seq, action_id, ${columns})
         SELECT 6, 'forged', ${columns} FROM admin_operation_logs WHERE seq = 5`,
      );
      expect(report).toMatchObject({ valid: false, firstBad: { seq: 6 } });
    });

    it("a row added behind the head", async () => {
      const columns = `service, actor, roles_json, action, target, outcome, reason, before_json, after_json, ip, user_agent,
        request_id, trace_id, occurred_at, recorded_at`;
      const report = await tamper(
        `INSERT INTO admin_operation_logs (seq, action_id, ${columns}, prev_hash, hash)
         SELECT 11, 'forged', ${columns}, hash, hash FROM admin_operation_logs WHERE seq = 10`,
      );
      expect(report).toMatchObject({ valid: false, firstBad: { seq: 11 } });
    });

    it("a cut tail, by the head's table", async () => {
      expect(await tamper("DELETE FROM admin_operation_logs WHERE seq > 7")).toMatchObject({
        valid: false,
        firstBad: { seq: 8, kind: "tail_missing" },
      });
    });

    it("a cut tail with the head's table set back: only by the anchor", async () => {
      await tamper(
        "DELETE FROM admin_operation_logs WHERE seq > 7",
        "UPDATE audit_chain_head SET seq = 7, hash = (SELECT hash FROM admin_operation_logs WHERE seq = 7)",
      );
      expect(await verifyLog(store, [])).toMatchObject({ valid: true });
      expect(await verifyLog(store, [anchorAt(head)])).toMatchObject({
        valid: false,
        firstBad: { seq: 8, kind: "tail_missing" },
      });
    });

    it("a whole log that was truncated and written afresh", async () => {
      await tamper(
        "TRUNCATE TABLE admin_operation_logs",
        "DELETE FROM inbox",
        `UPDATE audit_chain_head SET seq = 0, hash = '${GENESIS.hash}'`,
      );
      await recordActions(
        store,
        range(1, 10).map((n) => delivery(n, { actor: "nobody" })),
        AT,
      );
      expect(await verifyLog(store, [])).toMatchObject({ valid: true });
      expect(await verifyLog(store, [anchorAt(head)])).toMatchObject({
        valid: false,
        firstBad: { seq: 10, kind: "rewritten" },
      });
    });
  });
});
