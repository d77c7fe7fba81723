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
  let stop = (): Promise<void> => Promise.resolve();
  // listens before the engine starts: one that is just starting is killed by the exit itself
  const forget = stopWhenInterrupted(() => stop());
  const engines = await startEngines({ mysql: true }, new PlainReporter((line) => console.error(line)));
  stop = () => engines.stop();
  if (engines.urls.mysqlAdminUrl === undefined) throw new Error("no MySQL was started");
  return {
    adminUrl: engines.urls.mysqlAdminUrl,
    stop: async () => {
      await engines.stop();
      forget();
    },
  };
}

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/** An interrupted bench ends its engine and then itself, at once: its schema goes with the engine. */
function stopWhenInterrupted(stop: () => Promise<void>): () => void {
  const end = (signal: "SIGINT" | "SIGTERM"): void => {
    forget();
    // What is under way loses its server; that is no news, and must not end this process before the engine has ended.
    process.on("uncaughtException", () => undefined);
    void stop().finally(() => process.exit(EXIT_CODES[signal]));
  };
  const forget = (): void => {
    process.off("SIGINT", end);
    process.off("SIGTERM", end);
  };
  process.on("SIGINT", end);
  process.on("SIGTERM", end);
  return forget;
}
