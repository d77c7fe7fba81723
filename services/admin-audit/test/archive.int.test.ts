// Months move into files and out of the table; the chain goes on verifying, and a run may die anywhere.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { silentLog } from "@stipend/platform/log/log";
import { Database } from "@stipend/platform/mysql/database";
import { GENESIS } from "@stipend/proto/audit/chain";
import { fromJsonLine } from "@stipend/proto/audit/jsonl";
import { type AuditRow, fromExported } from "@stipend/proto/audit/row";
import { ChainVerifier } from "@stipend/proto/audit/verify";
import { testEngines } from "@stipend/testing/engines/test-engines";
import { type FreshDatabase, freshDatabase } from "@stipend/testing/fresh-database";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { FolderArchive } from "../src/anchors/archive-files.ts";
import { ArchiveStore } from "../src/store/archive-store.ts";
import { AuditStore } from "../src/store/audit-store.ts";
import { type ArchivePorts, archiveMonth } from "../src/usecases/archive-months.ts";
import { recordActions } from "../src/usecases/record-actions.ts";
import { verifyLog } from "../src/usecases/verify-log.ts";
import { record } from "./builders.ts";

const COMMAND = { before: "2026-03", actor: "olga", reason: "kept for two months" };
const NOW = new Date("2026-03-05T00:00:00.000Z");

describe("archiving", () => {
  let schema: FreshDatabase;
  let db: Database;
  let owner: Database;
  let store: AuditStore;
  let log: ArchiveStore;
  let folder: string;
  let ports: ArchivePorts;

  beforeAll(async () => {
    schema = await freshDatabase(testEngines().mysqlAdminUrl, "admin-audit");
    db = new Database({ url: schema.url, log: silentLog(), poolSize: 4 });
    owner = new Database({ url: schema.ownerUrl, log: silentLog(), poolSize: 2 });
    store = new AuditStore(db);
    log = new ArchiveStore(owner);
  }, 30_000);

  beforeEach(async () => {
    for (const table of ["admin_operation_logs", "audit_archive_cuts", "inbox", "outbox"]) {
      await owner.query(`TRUNCATE TABLE ${table}`);
    }
    await owner.query("UPDATE audit_chain_head SET seq = ?, hash = ?", [GENESIS.seq, GENESIS.hash]);
    folder = await mkdtemp(join(tmpdir(), "archive-"));
    ports = { log, files: new FolderArchive(folder), now: () => NOW };
    // 1–3 in January, 4–5 in February, 6–7 in March.
    await append([1, 2, 3], "2026-01-31T23:59:59.999Z");
    await append([4, 5], "2026-02-01T00:00:00.000Z");
    await append([6, 7], "2026-03-01T00:00:00.000Z");
  });

  afterEach(async () => await rm(folder, { recursive: true }));

  afterAll(async () => {
    await db?.stop();
    await owner?.stop();
    await schema?.drop();
  });

  const append = async (numbers: readonly number[], at: string) => {
    const deliveries = numbers.map((n) => ({
      eventId: `event-${n}`,
      // A line separator within a text must not become one of the file.
      candidate: record(n, { reason: `line\u2028and "quote"\n${n}` }),
    }));
    await recordActions(store, deliveries, new Date(at));
  };
  const all = async () => {
    let last = await archiveMonth(ports, COMMAND);
    const months = [];
    for (; last !== null; last = await archiveMonth(ports, COMMAND)) months.push(last);
    return months;
  };
  const left = async () => {
    const rows: AuditRow[] = [];
    for await (const row of store.rows(0)) rows.push(row);
    return rows;
  };
  const rowsOf = async (file: string) =>
    gunzipSync(await readFile(join(folder, file)))
      .toString()
      .trimEnd()
      .split("\n")
      .map((line) => fromExported(fromJsonLine(line) ?? expect.fail(`no row: ${line}`)));

  it("moves whole months, records each cut in the chain, and the rest still verifies", async () => {
    const before = await left();
    const months = await all();
    expect(months).toMatchObject([
      { month: "2026-01", fromSeq: 1, toSeq: 3, rows: 3, file: "audit-2026-01-1-3.jsonl.gz" },
      { month: "2026-02", fromSeq: 4, toSeq: 5, rows: 2, file: "audit-2026-02-4-5.jsonl.gz" },
    ]);
    const rows = await left();
    expect(rows.map((row) => [row.seq, row.action])).toEqual([
      [6, "credits.grant"],
      [7, "credits.grant"],
      [8, "audit.archive"],
      [9, "audit.archive"],
    ]);
    expect(rows[2]).toMatchObject({ actor: "olga", reason: "kept for two months", target: "2026-01" });
    expect(JSON.parse(rows[2]?.after ?? "")).toEqual(months[0]);
    expect(await verifyLog(store, [])).toMatchObject({
      valid: true,
      checked: 4,
      archivedUpTo: { seq: 5 },
      head: { seq: 9 },
    });
    expect([...(await rowsOf("audit-2026-01-1-3.jsonl.gz")), ...(await rowsOf("audit-2026-02-4-5.jsonl.gz"))]).toEqual(
      before.slice(0, 5),
    );
  });

  it("verifies across the cuts, files and table together, from the first row on", async () => {
    const months = await all();
    const rows = [...(await Promise.all(months.map(({ file }) => rowsOf(file)))).flat(), ...(await left())];
    const verifier = new ChainVerifier([]);
    for (const row of rows) verifier.add(row);
    expect(verifier.finish()).toBeNull();
    expect(verifier.checked).toBe(9);
  });

  it("archives everything there is without ending the chain", async () => {
    await archiveMonth(ports, { ...COMMAND, before: "2026-04" });
    await archiveMonth(ports, { ...COMMAND, before: "2026-04" });
    await archiveMonth(ports, { ...COMMAND, before: "2026-04" });
    expect((await left()).every((row) => row.action === "audit.archive")).toBe(true);
    expect(await verifyLog(store, [])).toMatchObject({ valid: true });
  });

  it("goes on from wherever a run died, to the same end", async () => {
    /** Counts the effects that a run may die before or after. */
    const mortal = (dieAt: number) => {
      let step = 0;
      const guard =
        <A extends unknown[], T>(work: (...args: A) => Promise<T>) =>
        async (...args: A): Promise<T> => {
          if (++step === dieAt) throw new Error("died");
          const result = await work(...args);
          if (++step === dieAt) throw new Error("died");
          return result;
        };
      const { files } = ports;
      const dying: ArchivePorts = {
        ...ports,
        log: {
          archivedUpTo: guard(() => log.archivedUpTo()),
          firstAfter: guard((seq) => log.firstAfter(seq)),
          lastBefore: guard((after, end) => log.lastBefore(after, end)),
          rows: (after, upTo) => log.rows(after, upTo),
          recordCut: guard((...args) => log.recordCut(...args)),
          dropUpTo: guard((seq) => log.dropUpTo(seq)),
        },
        files: {
          write: guard((name, rows) => files.write(name, rows)),
          read: (name) => files.read(name),
          digest: guard((name) => files.digest(name)),
        },
      };
      return { dying, steps: () => step };
    };
    let deaths = 0;
    for (let dieAt = 1; ; dieAt++) {
      const { dying } = mortal(dieAt);
      const survived = await archiveMonth(dying, { ...COMMAND, before: "2026-02" }).then(
        () => true,
        () => false,
      );
      // Between a death and the next run nobody finds the log broken.
      expect(await verifyLog(store, [])).toMatchObject({ valid: true });
      if (survived && (await left())[0]?.seq === 4) {
        expect(await archiveMonth(ports, { ...COMMAND, before: "2026-02" })).toBeNull();
        break;
      }
      deaths += 1;
    }
    expect(deaths).toBeGreaterThan(5);
    expect((await left()).map((row) => row.seq)).toEqual([4, 5, 6, 7, 8]);
    expect((await left()).filter((row) => row.action === "audit.archive")).toHaveLength(1);
    expect(await rowsOf("audit-2026-01-1-3.jsonl.gz")).toHaveLength(3);
  }, 120_000);

  it("is not stopped by half a file that a dead run left", async () => {
    await writeFile(join(folder, "audit-2026-01-1-3.jsonl.gz.part"), "half a fi");
    await all();
    expect((await readdir(folder)).sort()).toEqual(["audit-2026-01-1-3.jsonl.gz", "audit-2026-02-4-5.jsonl.gz"]);
  });

  it("drops nothing when the file does not prove itself", async () => {
    await writeFile(join(folder, "audit-2026-01-1-3.jsonl.gz"), gzipSync("no rows\n"));
    await expect(archiveMonth(ports, COMMAND)).rejects.toThrow("does not prove itself");
    expect((await left()).map((row) => row.seq)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(await log.archivedUpTo()).toBeNull();
  });

  it("archives nothing of a log that was tampered with", async () => {
    await owner.query("DROP TRIGGER admin_operation_logs_no_update");
    try {
      await owner.query("UPDATE admin_operation_logs SET actor = 'nobody' WHERE seq = 2");
    } finally {
      await owner.query(`CREATE TRIGGER admin_operation_logs_no_update BEFORE UPDATE ON admin_operation_logs FOR EACH ROW
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'admin_operation_logs is append-only: UPDATE refused'`);
    }
    await expect(archiveMonth(ports, COMMAND)).rejects.toThrow("row 2");
    expect((await left()).length).toBe(7);
  });

  it("lets one run at a time", async () => {
    const inner = await log.alone(async () => await new ArchiveStore(owner).alone(async () => "second"));
    expect(inner).toBeNull();
  });

  describe("the command", () => {
    const run = async (...args: string[]) => {
      const program = fileURLToPath(new URL("../src/archive.ts", import.meta.url));
      const env = { ...process.env, STIPEND_MYSQL_OWNER_URL: schema.ownerUrl, STIPEND_LOG_LEVEL: "error" };
      const child = spawn(process.execPath, [program, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
      const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
      return { code: child.exitCode, out, err };
    };

    it("archives every month before the one named, and says what it did", async () => {
      const { code, out } = await run("--before", "2026-03", "--to", folder, "--by", "olga", "--reason", "old");
      expect(code).toBe(0);
      const lines = out.trimEnd().split("\n");
      expect(lines.map((line) => JSON.parse(line).month)).toEqual(["2026-01", "2026-02"]);
      expect(await verifyLog(store, [])).toMatchObject({ valid: true, archivedUpTo: { seq: 5 } });
    });

    it("does nothing without a reason, a person, a folder or a month that is over", async () => {
      const whole = ["--before", "2026-03", "--to", folder, "--by", "olga", "--reason", "old"];
      const wrong = [
        whole.slice(0, 6),
        whole.slice(2),
        whole.with(3, join(folder, "nowhere")),
        whole.with(1, "2999-01"),
      ];
      const ended = await Promise.all(wrong.map((args) => run(...args)));
      expect(ended.map(({ code }) => code)).toEqual([1, 1, 1, 1]);
      expect(await left()).toHaveLength(7);
    });
  });

  describe("nobody else drops rows", () => {
    it.each([
      "DELETE FROM admin_operation_logs WHERE seq = 1",
      "INSERT INTO audit_archive_cuts (seq, hash, file, recorded_at) VALUES (3, '', '', NOW())",
      "SELECT * FROM audit_archive_cuts",
    ])("the service may not %s", async (sql) => {
      await expect(db.query(sql)).rejects.toMatchObject({ errno: 1142 });
    });

    it("no procedure that the service may call does it", async () => {
      const routines = await owner.query<{ body: string }>(
        "SELECT ROUTINE_DEFINITION AS body FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE()",
      );
      expect(routines.length).toBeGreaterThan(5);
      for (const { body } of routines) {
        expect(body).not.toMatch(/audit_archive_cuts|DELETE\s+FROM\s+admin_operation_logs/i);
      }
    });

    it("the owner may not either, beyond a recorded cut", async () => {
      await archiveMonth(ports, COMMAND);
      await expect(owner.query("DELETE FROM admin_operation_logs WHERE seq = 4")).rejects.toThrow("append-only");
    });

    it("a cut that no row of the chain vouches for is found", async () => {
      const [third] = await owner.query<{ hash: string }>("SELECT hash FROM admin_operation_logs WHERE seq = 3");
      await owner.query("INSERT INTO audit_archive_cuts (seq, hash, file, recorded_at) VALUES (3, ?, 'x', ?)", [
        third?.hash,
        NOW,
      ]);
      await owner.query("DELETE FROM admin_operation_logs WHERE seq <= 3");
      expect(await verifyLog(store, [])).toMatchObject({ valid: false, firstBad: { seq: 1, kind: "missing" } });
    });
  });
});
