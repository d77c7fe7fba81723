import type { Consumer, EachBatchPayload, Kafka, KafkaMessage } from "kafkajs";
import type { Clock } from "../clock/clock.ts";
import type { Part } from "../lifecycle/lifecycle.ts";
import type { Log } from "../log/log.ts";
import { counter, gauge } from "../telemetry/metrics.ts";
import { DeadLetterQueue } from "./dead-letter.ts";
import { type EventHandler, Pipeline, TryLater } from "./pipeline.ts";
import type { EventProducer } from "./producer.ts";

export interface EventConsumerOptions {
  readonly kafka: Kafka;
  readonly groupId: string;
  /** Full names. */
  readonly topics: readonly string[];
  readonly handler: EventHandler;
  /** For dead letters. Without it, what cannot be applied is counted, logged and passed over. */
  readonly producer?: EventProducer;
  readonly log: Log;
  /** Not read: event times are compared with the real clock. Kept for handlers' convenience. */
  readonly clock?: Clock;
  readonly name?: string;
  /** See topicEnsurer. */
  readonly ensureTopics?: () => Promise<void>;
  /** Where a group that is new begins. Default true. */
  readonly fromBeginning?: boolean;
  /** Most events in one call of the handler, 1..500. Default 200. */
  readonly maxBatch?: number;
  /** Partitions worked on at once. Default 2. */
  readonly concurrency?: number;
  readonly handlerTimeoutMs?: number;
  /**
   * Called whenever it has joined and found its places in the log: what is published from now on is handed over. With
   * `fromBeginning: false` what was published while it was away may never be.
   */
  readonly onPlaced?: () => void;
  /** A member that is silent this long loses its partitions. Default 10,000 ms. */
  readonly sessionTimeoutMs?: number;
}

const HEARTBEAT_MS = 2_000;
const LEAVE_MS = 8_000;
const LEAVE_UNJOINED_MS = 2_000;
const FETCH_WAIT_MS = 500;
const MIN_RESTART_MS = 500;
const MAX_RESTART_MS = 10_000;
const MAX_PAUSE_MS = 5_000;
const SUPERVISE_MS = 1_000;
/** A consumer that lived this long had worked. */
const STEADY_MS = 30_000;

const restarts = counter("consumer_restarts", "Times a consumer was started anew after a crash or silence");

/**
 * One member of a consumer group. An offset is committed only after the handler's transaction for it; so each event is
 * applied at least once, and the inbox makes that once. While the database is away the partition is paused: heartbeats
 * go on, nothing is lost and nothing is set aside. A crashed or silent kafkajs consumer is replaced by a new one.
 */
export class EventConsumer implements Part {
  readonly name: string;
  readonly #options: EventConsumerOptions;
  readonly #log: Log;
  readonly #pipeline: Pipeline;
  readonly #timers = new Set<NodeJS.Timeout>();
  /** Consecutive failures of the surroundings by partition, for the length of its pause. */
  readonly #failures = new Map<string, number>();
  readonly #endGauge: () => void;
  readonly #stopSignal = Promise.withResolvers<void>();
  #stopping = false;
  #joined = false;
  #lastSign = 0;
  /** What handlers have in hand: it outlives the kafkajs consumer where that one rejoins or crashes. */
  readonly #inHand = new Set<Promise<void>>();
  #loop: Promise<void> | undefined;

  constructor(options: EventConsumerOptions) {
    const { groupId, handler, log, producer, handlerTimeoutMs } = options;
    this.name = options.name ?? `kafka-consumer:${groupId}`;
    this.#options = options;
    this.#log = log.child({ group: groupId });
    const deadLetters = new DeadLetterQueue({ producer, groupId, log: this.#log });
    this.#pipeline = new Pipeline({
      groupId,
      handler,
      deadLetters,
      log: this.#log,
      ...(handlerTimeoutMs === undefined ? {} : { handlerTimeoutMs }),
    });
    this.#endGauge = gauge(
      "consumer_ready",
      "1 while the consumer takes part in its group",
      () => (this.ready() ? 1 : 0),
      {
        group: groupId,
      },
    );
  }

  /** Begins to connect and returns: Kafka may be away at boot. */
  async start(): Promise<void> {
    this.#loop ??= this.#run();
    await Promise.resolve();
  }

  /** False while not a member of the group, or without a sign of life from the broker. */
  ready(): boolean {
    return this.#joined && (this.#inHand.size > 0 || performance.now() - this.#lastSign < this.#silenceMs());
  }

  /** Finishes the batches in hand, commits them and leaves the group. */
  async drain(): Promise<void> {
    this.#stopping = true;
    this.#stopSignal.resolve();
    await this.#loop;
  }

  async stop(): Promise<void> {
    this.#endGauge();
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    await this.drain();
  }

  #silenceMs(): number {
    return 2 * (this.#options.sessionTimeoutMs ?? 10_000);
  }

  /** One kafkajs consumer after the other, until stopped. */
  async #run(): Promise<void> {
    let pauseMs = MIN_RESTART_MS;
    let failures = 0;
    while (!this.#stopping) {
      const began = performance.now();
      try {
        await this.#oneLife();
      } catch (error) {
        failures = performance.now() - began > STEADY_MS ? 1 : failures + 1;
        // The first failure mends itself as a rule (a broker that restarts); the second is worth a line, the rest are not.
        this.#log[failures === 2 ? "warn" : "debug"]({ err: error, failures }, "consumer down, starting anew");
      }
      this.#joined = false;
      if (this.#stopping) return;
      restarts.add(1, { group: this.#options.groupId });
      pauseMs = performance.now() - began > STEADY_MS ? MIN_RESTART_MS : Math.min(MAX_RESTART_MS, pauseMs * 2);
      await Promise.race([this.#stopSignal.promise, pause(pauseMs * (0.5 + Math.random() / 2))]);
    }
  }

  /** Resolves when stopped, throws when this consumer is of no use any more. */
  async #oneLife(): Promise<void> {
    const { kafka, groupId } = this.#options;
    await this.#options.ensureTopics?.();
    const consumer = kafka.consumer({
      groupId,
      sessionTimeout: this.#options.sessionTimeoutMs ?? 10_000,
      rebalanceTimeout: 20_000,
      heartbeatInterval: HEARTBEAT_MS,
      maxWaitTimeInMs: FETCH_WAIT_MS,
      allowAutoTopicCreation: false,
      // A crash is ours to repair: kafkajs' own restart reuses what just failed, and for some errors never comes.
      // A fresh broker takes some seconds to have a group coordinator.
      retry: { retries: 6, initialRetryTime: 100, maxRetryTime: 1_000, restartOnFailure: () => Promise.resolve(false) },
    });
    const crashed = this.#watch(consumer);
    const silence = this.#silence();
    try {
      // Joining takes as long as the group's slowest member; whoever is told to stop does not wait for that.
      await Promise.race([this.#stopSignal.promise, crashed, this.#join(consumer)]);
      await Promise.race([this.#stopSignal.promise, crashed, silence.promise]);
    } finally {
      silence.end();
      const done = [consumer.disconnect(), ...this.#inHand];
      await Promise.race([Promise.allSettled(done), pause(this.#leaveWithinMs())]);
    }
  }

  async #join(consumer: Consumer): Promise<void> {
    const { topics, fromBeginning, concurrency } = this.#options;
    await consumer.connect();
    await consumer.subscribe({ topics: [...topics], fromBeginning: fromBeginning ?? true });
    // Nobody waits for this any more, and who joined now would hold partitions without reading them.
    if (this.#stopping) return await consumer.disconnect();
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: concurrency ?? 2,
      eachBatch: (payload) => this.#hold(this.#eachBatch(payload)),
    });
  }

  /**
   * Bounded: kafkajs waits for requests that a vanished broker will never answer. Who is not in its group leaves nothing
   * undone, and needs no longer than the broker to hear of it.
   */
  #leaveWithinMs(): number {
    return this.#stopping && !this.#joined && this.#inHand.size === 0 ? LEAVE_UNJOINED_MS : LEAVE_MS;
  }

  #watch(consumer: Consumer): Promise<never> {
    const { events } = consumer;
    const sign = () => {
      this.#lastSign = performance.now();
    };
    const asking = new Set<number>();
    let isPlaced = true;
    consumer.on(events.HEARTBEAT, sign);
    consumer.on(events.FETCH_START, ({ payload }) => void asking.add(payload.nodeId));
    consumer.on(events.FETCH, ({ payload }) => {
      sign();
      // Places are settled by the first fetch that began after the joining; one from before may end after it.
      if (isPlaced || !asking.has(payload.nodeId)) return;
      isPlaced = true;
      this.#options.onPlaced?.();
    });
    consumer.on(events.REBALANCING, () => {
      this.#joined = false;
    });
    consumer.on(events.GROUP_JOIN, ({ payload }) => {
      sign();
      this.#joined = true;
      isPlaced = false;
      asking.clear();
      this.#log.info({ assignment: payload.memberAssignment }, "joined the group");
    });
    const crash = new Promise<never>((_resolve, reject) => {
      consumer.on(events.CRASH, ({ payload }) => reject(payload.error));
    });
    // It may come while connect or run is still being awaited.
    crash.catch(() => undefined);
    return crash;
  }

  /** Rejects when the broker has given no sign for too long: kafkajs can stop without saying so. */
  #silence(): { promise: Promise<never>; end: () => void } {
    this.#lastSign = performance.now();
    const { promise, reject } = Promise.withResolvers<never>();
    promise.catch(() => undefined);
    const timer = setInterval(() => {
      const silentMs = performance.now() - this.#lastSign;
      if (this.#inHand.size === 0 && silentMs > this.#silenceMs()) reject(new Error("no sign of life from Kafka"));
    }, SUPERVISE_MS);
    return { promise, end: () => clearInterval(timer) };
  }

  #hold(batch: Promise<void>): Promise<void> {
    this.#inHand.add(batch);
    return batch.finally(() => {
      this.#inHand.delete(batch);
      this.#lastSign = performance.now();
    });
  }

  async #eachBatch(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload;
    const beat = keepAlive(payload.heartbeat);
    try {
      for (const messages of chunks(batch.messages, this.#options.maxBatch ?? 200)) {
        // After a rebalance or a seek these messages are somebody else's, or come again.
        if (this.#stopping || !payload.isRunning() || payload.isStale()) return;
        const later = await this.#chunk(payload, messages);
        beat.check();
        if (later) return;
      }
    } finally {
      beat.end();
    }
  }

  /** True when the rest has to wait. */
  async #chunk(payload: EachBatchPayload, messages: readonly KafkaMessage[]): Promise<boolean> {
    const { topic, partition } = payload.batch;
    const key = `${topic}/${partition}`;
    let waiting: TryLater | undefined;
    let advanced = false;
    try {
      await this.#pipeline.process(topic, partition, messages, (offset) => {
        payload.resolveOffset(offset);
        advanced = true;
      });
      this.#failures.delete(key);
    } catch (error) {
      if (!(error instanceof TryLater)) throw error;
      waiting = error;
    }
    if (advanced) await payload.commitOffsetsIfNecessary(payload.uncommittedOffsets());
    if (waiting !== undefined) this.#pausePartition(key, payload, waiting);
    return waiting !== undefined;
  }

  /** The partition rests while the consumer goes on with the others and keeps its place in the group. */
  #pausePartition(key: string, payload: EachBatchPayload, reason: TryLater): void {
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    const ms = Math.min(MAX_PAUSE_MS, 100 * 2 ** Math.min(failures, 10)) * (0.5 + Math.random() / 2);
    if (failures === 1) this.#log.warn({ err: reason.cause, partition: key }, "events wait until this works again");
    const resume = payload.pause();
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      resume();
    }, ms);
    this.#timers.add(timer);
  }
}

/** Heartbeats while a handler works; what the broker says (a rebalance) is thrown at the next check. */
function keepAlive(heartbeat: () => Promise<void>): { check(): void; end(): void } {
  let failure: unknown;
  const timer = setInterval(() => {
    heartbeat().catch((error: unknown) => {
      failure ??= error;
    });
  }, HEARTBEAT_MS);
  return {
    check: () => {
      if (failure !== undefined) throw failure;
    },
    end: () => clearInterval(timer),
  };
}

function* chunks<T>(items: readonly T[], size: number): Iterable<T[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
