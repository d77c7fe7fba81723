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
import { type EncodeOptions, encodeRow, type OutboxRow } from "./encode.ts";

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
  /** Rows in memory at once, 1..500. Default 500. */
  readonly batchSize?: number;
  /** How long published rows stay, for people to look at. Default 24 h. */
  readonly retentionMs?: number;
}

const STANDBY_MS = 1_000;
const MIN_BACKOFF_MS = 200;
const MAX_BACKOFF_MS = 5_000;
const STATS_MS = 5_000;
const PURGE_MS = 60_000;
const PURGE_LIMIT = 2_000;

const relayed = counter("outbox_published", "Outbox rows published");
const failures = counter("outbox_failures", "Outbox rows set aside because they cannot be encoded");
const lagSeconds = latency("outbox_lag_seconds", "From an event's time to its publication");

/**
 * Publishes the outbox of one schema. Of all relays of a schema one is active: the one that holds the schema's user lock,
 * on a connection of its own over which it also claims and marks. When that connection is lost, so is the lock, and
 * nothing more is published until it has been taken again.
 *
 * Rows go in the order of their ids and are marked only after Kafka has them: a crash in between publishes them again,
 * and consumers drop what they have had. A row that cannot be encoded is set aside and holds back the later rows of its
 * own topic and subject, since order is promised for a subject; all others go on.
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
  #stats: { pending: number; failed: number; oldestAt: Date | null } | undefined;
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
    const stat = (read: (stats: { pending: number; failed: number }) => number) => () =>
      this.#active && this.#stats !== undefined ? read(this.#stats) : undefined;
    this.#endGauges = [
      gauge(
        "outbox_pending",
        "Rows not published yet",
        stat((s) => s.pending),
        attributes,
      ),
      gauge(
        "outbox_failed",
        "Rows set aside",
        stat((s) => s.failed),
        attributes,
      ),
      gauge(
        "outbox_oldest_seconds",
        "Age of the oldest row not published",
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

  /** For readiness: failed rows and an absent Kafka are told, but never take the service out of rotation. */
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
      "SELECT GET_LOCK(CONCAT('stipend:outbox:', LEFT(SHA2(DATABASE(), 256), 40)), 0) AS got",
    );
    return Number(rows[0]?.got) === 1;
  }

  /** While the lock is held. Throws when the connection is lost. */
  async #lead(connection: DedicatedConnection): Promise<void> {
    this.#active = true;
    this.#log.info({ relay: this.name }, "relay is active");
    // A newer program may know types that the last one did not.
    await connection.call("OutboxRetry");
    let backoff = MIN_BACKOFF_MS;
    let statsAt = 0;
    let purgeAt = performance.now() + PURGE_MS;
    for (let last = false; !last; ) {
      // One round after the stop: what was committed before it still goes out.
      last = this.#stopping;
      this.#nudged = false;
      const outcome = await this.#publishNext(connection);
      const now = performance.now();
      if (now >= statsAt) {
        await this.#readStats(connection);
        statsAt = now + STATS_MS;
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

  /** One batch: claim, encode, publish, mark. */
  async #publishNext(connection: DedicatedConnection): Promise<"more" | "empty" | "kafka_away"> {
    const limit = this.#options.batchSize ?? 500;
    const rows = await connection.call<OutboxRow>("OutboxClaim", limit);
    if (rows.length === 0) return "empty";
    const { events, ids, failed } = this.#encodeAll(rows);
    for (const { row, error } of failed) await this.#setAside(connection, row, error);
    if (events.length > 0) {
      // The claim took time; without the lock another relay may be publishing these rows.
      if (connection.closed) throw new Error("the relay's connection was lost");
      try {
        await this.#options.producer.publish(events);
      } catch (error) {
        if (!(error instanceof EventsUnavailable)) throw error;
        if (!this.#kafkaAway) this.#log.warn({ err: error, relay: this.name }, "Kafka is away, the outbox waits");
        this.#kafkaAway = true;
        return "kafka_away";
      }
      this.#kafkaAway = false;
      await connection.call("OutboxPublished", ids, this.#options.clock.now());
      this.#count(events);
    }
    return rows.length >= limit || failed.length > 0 ? "more" : "empty";
  }

  /** Rows behind a failed one of the same topic and subject are left for later, so that they cannot overtake it. */
  #encodeAll(rows: readonly OutboxRow[]) {
    const events: OutgoingEvent[] = [];
    const ids: (number | string)[] = [];
    const failed: { row: OutboxRow; error: unknown }[] = [];
    const held = new Set<string>();
    for (const row of rows) {
      const order = `${row.topic} ${row.subject}`;
      if (held.has(order)) continue;
      try {
        events.push(encodeRow(row, this.#encode));
        ids.push(row.id);
      } catch (error) {
        held.add(order);
        failed.push({ row, error });
      }
    }
    return { events, ids, failed };
  }

  async #setAside(connection: DedicatedConnection, row: OutboxRow, error: unknown): Promise<void> {
    const reason = error instanceof Error ? error.message : String(error);
    const { id, event_id: eventId, type, topic } = row;
    this.#log.error({ relay: this.name, id, eventId, type, topic, reason }, "outbox row cannot be encoded, set aside");
    failures.add(1, { database: this.#options.db.name, type });
    await connection.transaction((tx) => tx.call("OutboxFailed", id, reason, this.#options.clock.now()));
  }

  #count(events: readonly OutgoingEvent[]): void {
    const attributes = { database: this.#options.db.name };
    relayed.add(events.length, attributes);
    const now = this.#options.clock.now().getTime();
    for (const event of events) lagSeconds.record(Math.max(0, now - event.time.getTime()) / 1_000, attributes);
  }

  async #readStats(connection: DedicatedConnection): Promise<void> {
    const [row] = await connection.call<{ pending: number; failed: number; oldest_at: Date | null }>("OutboxStats");
    if (row !== undefined) this.#stats = { pending: row.pending, failed: row.failed, oldestAt: row.oldest_at };
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
