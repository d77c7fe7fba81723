import { silentLog } from "@stipend/platform/log/log";
import { Database } from "@stipend/platform/mysql/database";
import { MysqlCheckStore } from "../../src/store/check-store.ts";
import { MysqlSettleStore } from "../../src/store/count-store.ts";
import { MysqlMachineryStore } from "../../src/store/machinery-store.ts";
import { MysqlMemberStore } from "../../src/store/member-store.ts";
import { MysqlObserveStore } from "../../src/store/observe-store.ts";
import type { Stores } from "./run.ts";

export function openStores(url: string): { readonly stores: Stores; readonly db: Database } {
  const db = new Database({ url, log: silentLog(), poolSize: 4, acquireTimeoutMs: 15_000 });
  return {
    db,
    stores: {
      observe: new MysqlObserveStore(db),
      members: new MysqlMemberStore(db),
      windows: new MysqlSettleStore(db),
      checks: new MysqlCheckStore(db),
      machinery: new MysqlMachineryStore(db),
    },
  };
}
