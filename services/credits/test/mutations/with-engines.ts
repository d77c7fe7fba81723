/**
 * npm run mutation:engines -- --mutate FILE[,FILE…]: Stryker, with the integration tests besides the unit tests, against engines that are started here
 * (or given: STIPEND_TEST_MYSQL_URL …). A mutant takes some four seconds, one that nobody notices up to a minute.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { PlainReporter } from "@stipend/local/report/plain";
import { startEngines } from "@stipend/testing/engines/start-engines";

const engines = await startEngines(
  { mysql: true, redis: true, kafka: true },
  new PlainReporter((line) => process.stderr.write(`${line}\n`)),
);
// Whoever interrupts means Stryker, which ends by itself; the engines are to end after it.
process.on("SIGINT", () => undefined);
try {
  const { mysqlAdminUrl, redisUrl, kafkaBrokers } = engines.urls;
  const stryker = spawn("stryker", ["run", "stryker.engines.config.mjs", ...process.argv.slice(2)], {
    stdio: "inherit",
    env: {
      ...process.env,
      STIPEND_TEST_MYSQL_URL: mysqlAdminUrl,
      STIPEND_TEST_REDIS_URL: redisUrl,
      STIPEND_TEST_KAFKA_BROKERS: kafkaBrokers,
    },
  });
  const [code] = (await once(stryker, "exit")) as [number | null];
  process.exitCode = code ?? 1;
} finally {
  await engines.stop();
}
