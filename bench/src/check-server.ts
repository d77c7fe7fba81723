// Credits and membership as far as the monitor asks them: their own routes over their own stores, in a process of its own.
//   node bench/src/check-server.ts <credits URL> <membership URL> <JWKS of the internal callers>
// Prints its two ports as JSON; for each line it reads it prints the CPU time it has used, in microseconds.
import { createInterface } from "node:readline";
import { internalRoutes as creditsRoutes } from "@stipend/credits/http/internal-routes";
import { mysqlLedger } from "@stipend/credits/store/session";
import { internalRoutes as membershipRoutes } from "@stipend/membership/http/internal-routes";
import { MysqlMembershipStore } from "@stipend/membership/store/membership-store";
import { internalAuth } from "@stipend/platform/auth/internal";
import { systemClock } from "@stipend/platform/clock/clock";
import { HttpServer } from "@stipend/platform/http/server";
import { silentLog } from "@stipend/platform/log/log";
import { Database } from "@stipend/platform/mysql/database";
import { v7 as uuidv7 } from "uuid";

const [creditsUrl = "", membershipUrl = "", jwksFile = ""] = process.argv.slice(2);
const log = silentLog();
const creditsDb = new Database({ url: creditsUrl, log, poolSize: 2 });
const membershipDb = new Database({ url: membershipUrl, log, poolSize: 2 });

const credits = doorOf("credits");
const ledger = mysqlLedger(creditsDb, () => undefined);
creditsRoutes(credits.app, { ledger } as unknown as Parameters<typeof creditsRoutes>[1]);
const membership = doorOf("membership");
const store = new MysqlMembershipStore(membershipDb);
membershipRoutes(
  membership.app,
  { store, timeZone: "UTC", newId: () => uuidv7(), committed: () => undefined },
  systemClock,
);
await credits.start();
await membership.start();
console.log(JSON.stringify({ credits: credits.url, membership: membership.url }));

for await (const _ of createInterface({ input: process.stdin })) {
  const { user, system } = process.cpuUsage();
  console.log(user + system);
}
await Promise.all([credits.stop(), membership.stop(), creditsDb.stop(), membershipDb.stop()]);

function doorOf(audience: string): HttpServer {
  const server = new HttpServer({ host: "127.0.0.1", port: 0, log });
  server.app.use(internalAuth({ jwksFile, audience }));
  return server;
}
