import type { Log } from "../log/log.ts";

/**
 * What becomes of errors that nobody caught. They are logged as JSON like everything else; then the process ends in
 * order and with status 1, as nothing is known about its state. One exception: kafkajs loses promises of requests that a
 * broken connection will never answer; its consumers and producers are watched and replaced by ours anyway.
 *
 * @returns the function that takes the handlers away.
 */
export function handleCrashes(log: Log, end: () => Promise<void>): () => void {
  let ending = false;
  const crash = (err: unknown, kind: string) => {
    log.fatal({ err, kind }, "an error that nobody caught");
    if (ending) return;
    ending = true;
    process.exitCode = 1;
    void end().finally(() => {
      log.flush?.();
      setTimeout(() => process.exit(1), 200).unref();
    });
  };
  const onException = (error: unknown) => crash(error, "uncaughtException");
  const onRejection = (error: unknown) => {
    if (error instanceof Error && error.name.startsWith("KafkaJS")) {
      log.warn({ err: error }, "kafkajs lost an error");
    } else {
      crash(error, "unhandledRejection");
    }
  };
  process.on("uncaughtException", onException);
  process.on("unhandledRejection", onRejection);
  return () => {
    process.off("uncaughtException", onException);
    process.off("unhandledRejection", onRejection);
  };
}
