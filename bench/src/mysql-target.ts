import { PlainReporter } from "@stipend/local/report/plain";
import { startEngines } from "@stipend/testing/engines/start-engines";

export interface MysqlTarget {
  readonly adminUrl: string;
  /** Ends the engine if it was started here. */
  stop(): Promise<void>;
}

/** The MySQL to measure: by URL, by STIPEND_TEST_MYSQL_URL, or an engine of its own. */
export async function mysqlTarget(given: string | undefined): Promise<MysqlTarget> {
  const url = given ?? process.env["STIPEND_TEST_MYSQL_URL"];
  if (url !== undefined) return { adminUrl: url, stop: () => Promise.resolve() };
  const engines = await startEngines({ mysql: true }, new PlainReporter((line) => console.error(line)));
  if (engines.urls.mysqlAdminUrl === undefined) throw new Error("no MySQL was started");
  return { adminUrl: engines.urls.mysqlAdminUrl, stop: () => engines.stop() };
}
