/**
 * npm run schema:snapshot [-- service …]: writes what the SQL of each service makes on an empty MariaDB to its
 * schema.snapshot.sql.
 */
import { writeFile } from "node:fs/promises";
import { PlainReporter } from "@stipend/local/report/plain";
import { startEngines } from "@stipend/testing/engines/start-engines";
import { dumpFresh, isFromMariaDb, SERVICES, snapshotFile } from "./snapshots.ts";

const named = process.argv.slice(2);
const chosen = named.length === 0 ? SERVICES : SERVICES.filter((service) => named.includes(service));
const engines = await startEngines({ mysql: true }, new PlainReporter((line) => console.error(line)));
try {
  const url = engines.urls.mysqlAdminUrl ?? "";
  for (const service of chosen) {
    const dump = await dumpFresh(url, service);
    if (!isFromMariaDb(dump)) throw new Error("Snapshots are kept of MariaDB; this server is MySQL.");
    await writeFile(snapshotFile(service), dump);
    console.log(`services/${service}/sql/schema.snapshot.sql is current`);
  }
} finally {
  await engines.stop();
}
