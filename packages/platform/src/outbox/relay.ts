import type { Registry } from "@bufbuild/protobuf";
import type { Clock } from "../clock/clock.ts";
import type { PartState } from "../http/health.ts";
import type { OutgoingEvent } from "../kafka/events.ts";
import { type EventProducer, EventsUnavailable } from "../kafka/producer.ts";
import type { Part } from "../lifecycle/lifecycle.ts";
import type { Log } from "../log/log.ts";
import type { Database } from "../mysql/database.ts";
import type { DedicatedConnection } from "../mysql/dedicated.ts";
import { counter, gauge, latency } from "../telemetry/metrics.ts";
import { type EncodeOptions, type FailedEvent, type OutboxEvent, sortOut } from "./encode.ts";
import { ParkedEvents } from "./parked.ts";
import { type OutboxState, readOutboxState } from "./state.ts";

export interface OutboxRelayOptions {
  readonly db: Database;
  readonly producer: EventProducer;
  /** Every message type that the schema's procedures write: createRegistry(file_stipend_…). */
  readonly registry: Registry;
  /** ce_source, e.g. "/stipend/credits". */
  readonly source: string;
  readonly topicPrefix: string;
  readonly log: Log;
  readonly clock: Clock;
  /** How often an idle outbox is looked at. Default 250 ms; nudge() makes a commit's events go at once. */
  readonly pollMs?: number;
  /** Events in memory at once, 1..500, and what the last row tells beyond. Default 500. */
  readonly batchSize?: number;
  /** How long published rows stay, for people to look at. Default 24 h. */
  readonly retentionMs?: number;
  /** How often the figures are read, and what waits behind an event that was given up is let go. Default 5 s. */
  readonly statsMs?: number;
}

type Outcome = "more" | "empty" | "kafka_away";

/** How long a standby waits for the lock in the server, which gives it to whoever stands there the moment it is free. */
const STANDBY_S = 1;
const STANDBY_MS = 100;
const MIN_BACKOFF_MS = 200;
const MAX_BACKOFF_MS = 5_000;
const STATS_MS = 5_000;
const PURGE_MS = 60_000;
const PURGE_LIMIT = 2_000;

const relayed = counter("outbox_published", "Events published from the outbox");
const failures = counter("outbox_failures", "Events set aside because they cannot be encoded");
const lagSeconds = latency("outbox_lag_seconds", "From an event's time to its publication");

/**
 * Publishes the outbox of one schema. Of all relays of a schema one is active: the one that holds the schema's user lock,
 * on a connection of its own over which it also claims and marks. When that connection is lost, so is the lock, and
 * nothing more is published until it has been taken again.
 *
 * Rows go in the order of their ids and are marked only after Kafka has them: a crash in between publishes them again,
 * and consumers drop what they have had. An event that cannot be encoded is parked, and so are the later events of its
 * topic and subject, since order is promised for a subject; all others go on, of the same row too. What is parked is
 * noted in the transaction that marks the row: each of its events is then with Kafka or parked.
 */
export class OutboxRelay implements Part {
  readonly name: string;
  readonly #options: OutboxRelayOptions;
  readonly #encode: EncodeOptions;
  readonly #log: Log;
  readonly #endGauges: (() => void)[];
  #loop: Promise<void> | undefined;
  #stopping = false;
  #active = false;
  #nudged = false;
  #wake: (() => void) | undefined;
  #stats: OutboxState | undefined;
  #kafkaAway = false;
  /** Why this relay neither publishes nor stands by; undefined when it does. */
  #problem: string | undefined = "starting";

  constructor(options: OutboxRelayOptions) {
    this.#options = options;
    this.#encode = { registry: options.registry, source: options.source, topicPrefix: options.topicPrefix };
    this.#log = options.log;
    this.name = `outbox:${options.db.name}`;
    const attributes = { database: options.db.name };
    // A relay on standby knows nothing: only the active one reports.
    const stat = (read: (stats: OutboxState) => number) => () =>
      this.#active && this.#stats !== undefined ? read(this.#stats) : undefined;
    this.#endGauges = [
      gauge(
        "outbox_pending",
        "Events not published yet",
        stat((s) => s.pending),
        attributes,
      ),
      gauge(
        "outbox_failed",
        "Events that cannot be encoded",
        stat((s) => s.failed),
        attributes,
      ),
      gauge(
        "outbox_waiting",
        "Events that wait behind a failed one of their topic and subject",
        stat((s) => s.waiting),
        attributes,
      ),
      gauge(
        "outbox_oldest_seconds",
        "Age of the oldest event not published",
        stat(() => this.#oldestSeconds()),
        attributes,
      ),
      gauge("outbox_active", "1 in the process that publishes", () => (this.#active ? 1 : 0), attributes),
    ];
  }

  async start(): Promise<void> {
    this.#loop ??= this.#run();
    await Promise.resolve();
  }

  /** Call after a commit that wrote events: they are published at once instead of at the next poll. Costs nothing. */
  nudge(): void {
    this.#nudged = true;
    // Not while backing off: Kafka is away, and every commit would make another attempt.
    if (!this.#kafkaAway) this.#wake?.();
  }

  /** For readiness: failed events and an absent Kafka are told, but never take the service out of rotation. */
  state(): Exclude<PartState, boolean> {
    const failed = this.#stats?.failed ?? 0;
    return {
      ok: failed === 0 && !this.#kafkaAway && this.#problem === undefined,
      required: false,
      ...(this.#problem === undefined ? {} : { problem: this.#problem }),
      active: this.#active,
      pending: this.#stats?.pending ?? 0,
      failed,
      oldestSeconds: this.#oldestSeconds(),
    };
  }

  /** Publishes what is committed already, within a bound; the rest waits for the next start. */
  async drain(): Promise<void> {
    this.#stopping = true;
    this.#wake?.();
    await this.#loop;
  }

  async stop(): Promise<void> {
    for (const end of this.#endGauges) end();
    await this.drain();
  }

  #oldestSeconds(): number {
    const at = this.#stats?.oldestAt;
    return at === null || at === undefined
      ? 0
      : Math.max(0, (this.#options.clock.now().getTime() - at.getTime()) / 1_000);
  }

  async #run(): Promise<void> {
    let backoff = MIN_BACKOFF_MS;
    while (!this.#stopping) {
      let connection: DedicatedConnection | undefined;
      try {
        connection = await this.#options.db.dedicated();
        const leading = await this.#takeLock(connection);
        this.#problem = undefined;
        if (leading) {
          backoff = MIN_BACKOFF_MS;
          await this.#lead(connection);
        } else {
          await this.#wait(STANDBY_MS);
        }
      } catch (error) {
        this.#problem = error instanceof Error ? error.message : String(error);
        this.#log.warn({ err: error, relay: this.name }, "relay interrupted, taking the lock anew");
        // Whoever stands by may do better, as when this is a program whose procedures a newer one has replaced.
        connection?.close();
        await this.#wait(backoff * (0.5 + Math.random() / 2));
        backoff = Math.min(MAX_BACKOFF_MS, backoff * 2);
      } finally {
        this.#active = false;
        // Ends the lock as well.
        connection?.close();
      }
    }
  }

  async #takeLock(connection: DedicatedConnection): Promise<boolean> {
    const rows = await connection.query<{ got: unknown }>(
      // MySQL 9.7 has neither MD5() nor SHA1(); a lock's name has at most 64 characters.
      "SELECT GET_LOCK(CONCAT('stipend:outbox:', LEFT(SHA2(DATABASE(), 256), 40)), ?) AS got",
      [STANDBY_S],
      STANDBY_S * 1_000,
    );
    return Number(rows[0]?.got) === 1;
  }

  /** While the lock is held. Throws when the connection is lost. */
  async #lead(connection: DedicatedConnection): Promise<void> {
    this.#active = true;
    this.#log.info({ relay: this.name }, "relay is active");
    const parked = new ParkedEvents(connection, this.#limit);
    let backoff = MIN_BACKOFF_MS;
    let statsAt = 0;
    let purgeAt = performance.now() + PURGE_MS;
    for (let last = false; !last; ) {
      // One round after the stop: what was committed before it still goes out.
      last = this.#stopping;
      this.#nudged = false;
      const retried = await this.#retryNext(connection, parked);
      const published = retried === "kafka_away" ? retried : await this.#publishNext(connection);
      const outcome = published === "empty" ? retried : published;
      const now = performance.now();
      if (now >= statsAt) {
        this.#stats = await readOutboxState(connection);
        if (this.#stats.givenUp > 0) parked.lookForFreed();
        statsAt = now + (this.#options.statsMs ?? STATS_MS);
      }
      if (outcome === "kafka_away") {
        if (last) return;
        await this.#wait(backoff * (0.5 + Math.random() / 2));
        backoff = Math.min(MAX_BACKOFF_MS, backoff * 2);
        continue;
      }
      backoff = MIN_BACKOFF_MS;
      if (outcome === "more") continue;
      if (now >= purgeAt) purgeAt = performance.now() + (await this.#purge(connection));
      if (!this.#nudged && !last) await this.#wait(this.#options.pollMs ?? 250);
    }
  }

  get #limit(): number {
    return this.#options.batchSize ?? 500;
  }

  /** One batch: read, encode, publish, mark. */
  async #publishNext(connection: DedicatedConnection): Promise<Outcome> {
    const rows = await connection.call<OutboxEvent>("OutboxNext", this.#limit);
    if (rows.length === 0) return "empty";
    const { ready, failed, waiting } = sortOut(rows, this.#encode);
    const events = ready.map(({ event }) => event);
    if (!(await this.#publish(connection, events))) return "kafka_away";
    const now = this.#options.clock.now();
    const ids = [...new Set(rows.map(({ id }) => id))];
    const toPark = [...failed, ...waiting.map((row) => ({ row, error: undefined }))].map(({ row, error }) => {
      const { id, place, topic, subject } = row;
      return { id, place, topic, subject, error };
    });
    if (toPark.length === 0) await connection.call("OutboxPublished", ids, now);
    else {
      await connection.transaction(async (tx) => {
        await tx.call("OutboxPark", toPark, now);
        await tx.call("OutboxPublished", ids, now);
      });
    }
    this.#tell(failed);
    this.#count(events);
    return rows.length >= this.#limit ? "more" : "empty";
  }

  /** One page of what is parked, if it is to be tried again. */
  async #retryNext(connection: DedicatedConnection, parked: ParkedEvents): Promise<Outcome> {
    const rows = await parked.next();
    if (rows.length === 0) return "empty";
    const sorted = sortOut(rows, this.#encode, parked.held);
    const events = sorted.ready.map(({ event }) => event);
    if (!(await this.#publish(connection, events))) return "kafka_away";
    await parked.settle(rows, sorted);
    this.#tell(sorted.failed);
    this.#count(events);
    return "more";
  }

  /** False while Kafka is away. */
  async #publish(connection: DedicatedConnection, events: OutgoingEvent[]): Promise<boolean> {
    if (events.length === 0) return true;
    // Reading took time; without the lock another relay may be publishing these events.
    if (connection.closed) throw new Error("the relay's connection was lost");
    try {
      await this.#options.producer.publish(events);
    } catch (error) {
      if (!(error instanceof EventsUnavailable)) throw error;
      if (!this.#kafkaAway) this.#log.warn({ err: error, relay: this.name }, "Kafka is away, the outbox waits");
      this.#kafkaAway = true;
      return false;
    }
    this.#kafkaAway = false;
    return true;
  }

  #tell(failed: readonly FailedEvent[]): void {
    for (const { row, error: reason } of failed) {
      const { id, place, event_id: eventId, type, topic } = row;
      const told = { relay: this.name, id, place, eventId, type, topic, reason };
      this.#log.error(told, "event of the outbox cannot be encoded, set aside");
      failures.add(1, { database: this.#options.db.name, type });
    }
  }

  #count(events: readonly OutgoingEvent[]): void {
    const attributes = { database: this.#options.db.name };
    relayed.add(events.length, attributes);
    const now = this.#options.clock.now().getTime();
    for (const event of events) lagSeconds.record(Math.max(0, now - event.time.getTime()) / 1_000, attributes);
  }

  /** Milliseconds until the next purge: soon when there is more. */
  async #purge(connection: DedicatedConnection): Promise<number> {
    const before = new Date(this.#options.clock.now().getTime() - (this.#options.retentionMs ?? 86_400_000));
    const [row] = await connection.call<{ purged: number }>("OutboxPurge", before, PURGE_LIMIT);
    return (row?.purged ?? 0) >= PURGE_LIMIT ? 500 : PURGE_MS;
  }

  #wait(ms: number): Promise<void> {
    if (this.#stopping) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#wake = done;
    });
  }
}
