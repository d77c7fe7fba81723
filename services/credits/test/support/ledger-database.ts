import { createLog } from "@stipend/platform/log/log";
import { Database } from "@stipend/platform/mysql/database";
import { type FreshDatabase, freshDatabase, freshSchema } from "@stipend/testing/fresh-database";
import { afterAll, beforeAll, inject } from "vitest";

function mysqlAdminUrl(): string {
  const url = inject("engines").mysqlAdminUrl;
  if (url === undefined) throw new Error("the engines were started without MySQL");
  return url;
}

/** Of this service's SQL, or of the folder that test/mutations names: a copy with a fault planted in it. */
async function freshLedger(adminUrl: string): Promise<FreshDatabase> {
  const dir = process.env["STIPEND_CREDITS_SQL"];
  if (dir === undefined) return await freshDatabase(adminUrl, "credits");
  return await freshSchema(adminUrl, "credits", [{ name: "credits", dir }]);
}

export interface LedgerDatabase {
  /** As the service's own user. */
  readonly db: Database;
  /** As the schema's owner: for looking into tables. */
  readonly owner: Database;
}

/** An empty credits schema for the tests of one file; dropped after them. */
export function useLedgerDatabase(poolSize = 8): LedgerDatabase {
  let fresh: FreshDatabase | undefined;
  let db: Database | undefined;
  let owner: Database | undefined;
  beforeAll(async () => {
    fresh = await freshLedger(mysqlAdminUrl());
    const log = createLog({ service: "credits-test", level: "silent" });
    db = new Database({ url: fresh.url, poolSize, log, lockWaitSeconds: 20, acquireTimeoutMs: 20_000 });
    owner = new Database({ url: fresh.ownerUrl, poolSize: 2, log });
  });
  afterAll(async () => {
    await db?.stop();
    await owner?.stop();
    await fresh?.drop();
  });
  const ready = (database: Database | undefined): Database => {
    if (database === undefined) throw new Error("the database is there from beforeAll on");
    return database;
  };
  return {
    get db() {
      return ready(db);
    },
    get owner() {
      return ready(owner);
    },
  };
}
