import { type ISocketFactory, Kafka, type LogEntry, logLevel } from "kafkajs";
import type { Log } from "../log/log.ts";
import { patchKafkajs } from "./kafkajs-patch.ts";

export interface KafkaOptions {
  /** host:port of each bootstrap broker. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly log: Log;
  /** How connections are made; tests put a way between that they can cut. */
  readonly socketFactory?: ISocketFactory;
}

/**
 * The only place where kafkajs is configured. Its own retries are short: the producer, the relay and the consumer each
 * have an outer loop with back-off that knows what may be repeated.
 */
export function createKafka(options: KafkaOptions): Kafka {
  patchKafkajs();
  const log = options.log.child({ part: "kafkajs" });
  return new Kafka({
    clientId: options.clientId,
    brokers: [...options.brokers],
    connectionTimeout: 2_000,
    authenticationTimeout: 5_000,
    requestTimeout: 10_000,
    retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 3 },
    ...(options.socketFactory === undefined ? {} : { socketFactory: options.socketFactory }),
    logLevel: logLevel.INFO,
    logCreator: () => (entry) => write(log, entry),
  });
}

/** kafkajs calls errors what our loops repair; they tell in a line when Kafka goes and comes back. Its own account is for debugging. */
function write(log: Log, { namespace, level, log: entry }: LogEntry): void {
  const { message, timestamp: _timestamp, logger: _logger, stack: _stack, ...rest } = entry;
  log[level === logLevel.ERROR || level === logLevel.WARN ? "debug" : "trace"]({ namespace, ...rest }, message);
}
