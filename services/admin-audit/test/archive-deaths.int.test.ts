// The archive's own process killed (SIGKILL) at each of its steps: nothing is lost, nothing is dropped before a file that proves
// itself holds it, and the next run finishes.
import { watch } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog } from "@stipend/platform/log/log";
import { Database } from "@stipend/platform/mysql/database";
import type { AuditRow } from "@stipend/proto/audit/row";
import { ChainVerifier } from "@stipend/proto/audit/verify";
import { testEngines } from "@stipend/testing/engines/test-engines";
import { type FreshDatabase, freshDatabase } from "@stipend/testing/fresh-database";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FolderArchive } from "../src/anchors/archive-files.ts";
import { AuditStore } from "../src/store/audit-store.ts";
import { recordActions } from "../src/usecases/record-actions.ts";
import { verifyLog } from "../src/usecases/verify-log.ts";
import { record } from "./builders.ts";
import { Program, Server } from "./support.ts";

/** More than one DELETE takes. */
const JANUARY = 6_000;
const FEBRUARY = 10;
const FILE = `audit-2026-01-1-${JANUARY}.jsonl.gz`;

describe("an archive that is killed", () => {
  let schema: FreshDatabase;
  let owner: Database;
  let store: AuditStore;
  let server: Server;
  let folder: string;
  let original: AuditRow[];

  beforeAll(async () => {
    schema = await freshDatabase(testEngines().mysqlAdminUrl, "admin-audit");
    owner = new Database({ url: schema.ownerUrl, log: silentLog(), poolSize: 2 });
    store = new AuditStore(owner);
    server = new Server(schema.schema);
    folder = await mkdtemp(join(tmpdir(), "archive-"));
    for (let done = 0; done < JANUARY; done += 500) await append(done, 500, "2026-01-31T23:59:59.999Z");
    await append(JANUARY, FEBRUARY, "2026-02-01T00:00:00.000Z");
    original = await left();
  }, 120_000);

  afterAll(async () => {
    await server?.stop();
    await owner?.stop();
    await schema?.drop();
    await rm(folder, { recursive: true });
  });

  const append = async (after: number, count: number, at: string) => {
    const deliveries = Array.from({ length: count }, (_, n) => ({
      eventId: `event-${after + n + 1}`,
      candidate: record(after + n + 1),
    }));
    await recordActions(store, deliveries, new Date(at));
  };

  const archive = () =>
    new Program("archive.ts", ["--before", "2026-02", "--to", folder, "--by", "olga", "--reason", "old"], {
      STIPEND_MYSQL_OWNER_URL: schema.ownerUrl,
      STIPEND_LOG_LEVEL: "error",
    });

  async function left(): Promise<AuditRow[]> {
    const rows: AuditRow[] = [];
    for await (const row of store.rows(0)) rows.push(row);
    return rows;
  }

  /** Rows of the finished file; none: there is none. */
  async function filed(): Promise<AuditRow[]> {
    const rows: AuditRow[] = [];
    if (!(await readdir(folder)).includes(FILE)) return rows;
    for await (const row of new FolderArchive(folder).read(FILE)) rows.push(row ?? expect.fail("no row"));
    return rows;
  }

  /** Every row there ever was, from the file or else from the table, each exactly as it was written. */
  async function expectNothingLost(): Promise<void> {
    const [inTable, inFile, cut] = [await left(), await filed(), await store.archivedUpTo()];
    const first = inTable[0]?.seq ?? 0;
    // Only what the chain says is archived may be gone, and all of that is in the file.
    expect(first - 1).toBeLessThanOrEqual(cut?.seq ?? 0);
    const before = inFile.filter((row) => row.seq < first);
    expect([...before, ...inTable].slice(0, original.length)).toEqual(original);
    expect(await verifyLog(store, [])).toMatchObject({ valid: true });
    expect(inTable.filter((row) => row.action === "audit.archive")).toHaveLength(cut === null ? 0 : 1);
  }

  /** Lets a run come to where it runs this statement, which waits for a lock that the test holds; kills it there. */
  async function killAt(statement: RegExp): Promise<void> {
    const run = archive();
    await server.runs(statement);
    expect(await run.kill()).toBe(true);
    server.release();
    await server.isRidOf(statement);
    await expectNothingLost();
  }

  it("while it writes the file: half of it stands under another name", async () => {
    const appeared = Promise.withResolvers<void>();
    const watcher = watch(folder, (_event, name) => name?.endsWith(".part") && appeared.resolve());
    const run = archive();
    await appeared.promise;
    expect(await run.kill()).toBe(true);
    watcher.close();
    expect(await readdir(folder)).toEqual([`${FILE}.part`]);
    await expectNothingLost();
  });

  it("with the file finished and proved, before the chain says so", async () => {
    await server.holdEndOfChain();
    await killAt(/audit_chain_head|LockAuditChain/i);
    expect(await filed()).toHaveLength(JANUARY);
    expect(await store.archivedUpTo()).toBeNull();
  });

  it("with the record written, but neither the cut nor the commit", async () => {
    await server.holdEndOfChain();
    const run = archive();
    await server.runs(/audit_chain_head|LockAuditChain/i);
    const end = server.heldSoFar();
    await server.hold("LOCK TABLES audit_archive_cuts WRITE");
    end();
    await server.runs(/INSERT INTO audit_archive_cuts/i);
    expect(await server.uncommitted("old")).toBe(1);
    expect(await run.kill()).toBe(true);
    server.release();
    await server.isRidOf(/audit_archive_cuts/i);
    await expectNothingLost();
    expect(await store.archivedUpTo()).toBeNull();
  });

  it("with the cut recorded, before the first row is dropped", async () => {
    await server.hold("START TRANSACTION", "SELECT seq FROM admin_operation_logs WHERE seq = 1 FOR UPDATE");
    await killAt(/DELETE FROM admin_operation_logs/i);
    expect(await store.archivedUpTo()).toMatchObject({ seq: JANUARY });
    expect((await left())[0]?.seq).toBe(1);
  });

  it("between two portions that it drops", async () => {
    await server.hold(
      "START TRANSACTION",
      `SELECT seq FROM admin_operation_logs WHERE seq = ${JANUARY - 5} FOR UPDATE`,
    );
    const run = archive();
    await server.sees("SELECT MIN(seq) AS n FROM admin_operation_logs", 5_001);
    await server.runs(/DELETE FROM admin_operation_logs/i);
    expect(await run.kill()).toBe(true);
    server.release();
    await server.isRidOf(/DELETE FROM admin_operation_logs/i);
    await expectNothingLost();
    expect((await left())[0]?.seq).toBe(5_001);
  });

  it("and the next run finishes: the chain is whole across the cut, from the first row on", async () => {
    expect(await archive().end()).toMatchObject({ code: 0 });
    expect(await readdir(folder)).toEqual([FILE]);
    expect((await left()).map((row) => row.seq)).toEqual([
      ...Array.from({ length: FEBRUARY }, (_, n) => JANUARY + n + 1),
      JANUARY + FEBRUARY + 1,
    ]);
    await expectNothingLost();
    const verifier = new ChainVerifier([]);
    for (const row of [...(await filed()), ...(await left())]) verifier.add(row);
    expect(verifier.finish()).toBeNull();
    expect(verifier.checked).toBe(JANUARY + FEBRUARY + 1);
  });
});
