// node services/monitor/test/simulator/main.ts [--accounts 10000] [--days 30] [--each 10] [--seed 1] [--batch 500]
import { parseArgs } from "node:util";
import { PlainReporter } from "@stipend/local/report/plain";
import { silentLog } from "@stipend/platform/log/log";
import { Database } from "@stipend/platform/mysql/database";
import { startEngines } from "@stipend/testing/engines/start-engines";
import { freshDatabase } from "@stipend/testing/fresh-database";
import { readRuleBook } from "../../src/rules/all.ts";
import { simulate } from "./run.ts";
import { scoreOf, tableOf } from "./score.ts";
import { openStores } from "./stores.ts";

const { values } = parseArgs({
  options: {
    accounts: { type: "string", default: "10000" },
    days: { type: "string", default: "30" },
    each: { type: "string", default: "10" },
    seed: { type: "string", default: "1" },
    batch: { type: "string", default: "500" },
    mysql: { type: "string" },
  },
});
const accounts = Number(values.accounts);
const days = Number(values.days);

const engines =
  values.mysql === undefined
    ? await startEngines({ mysql: true }, new PlainReporter((line) => console.error(line)))
    : undefined;
const adminUrl = values.mysql ?? engines?.urls.mysqlAdminUrl;
if (adminUrl === undefined) throw new Error("no MySQL was started");
const schema = await freshDatabase(adminUrl, "monitor");
const { stores, db } = openStores(schema.url);
const owner = new Database({ url: schema.ownerUrl, log: silentLog(), poolSize: 1, acquireTimeoutMs: 15_000 });
try {
  const began = performance.now();
  const { labels, events } = await simulate(() => stores, readRuleBook(undefined).book, {
    accounts,
    days,
    seed: Number(values.seed),
    each: Number(values.each),
    batch: Number(values.batch),
    jobsEveryMinutes: 30,
    redeliverEvery: 50,
    onDay: (day, count) =>
      console.error(`day ${day}: ${count} events, ${Math.round((performance.now() - began) / 1_000)} s`),
  });
  const rows = await owner.query<{ fingerprint: string }>("SELECT DISTINCT fingerprint FROM alerts");
  const score = scoreOf(
    labels,
    rows.map((row) => row.fingerprint),
  );
  const seconds = (performance.now() - began) / 1_000;
  console.log(tableOf(score));
  console.log(
    `\n${events} events of ${accounts} accounts in ${days} days, read in ${seconds.toFixed(0)} s; ` +
      `${score.wrong.length} false alerts in ${accounts * days} account-days: ` +
      `${((score.wrong.length / (accounts * days)) * 10_000).toFixed(3)} in 10,000`,
  );
  for (const fingerprint of score.missed.slice(0, 20)) console.log(`missed: ${fingerprint}`);
  for (const fingerprint of score.wrong.slice(0, 20)) console.log(`false: ${fingerprint}`);
  if (score.missed.length > 0 || score.wrong.length * 10_000 >= accounts * days) process.exitCode = 1;
} finally {
  await db.stop();
  await owner.stop();
  await schema.drop();
  await engines?.stop();
}
