import { fromJson, type JsonValue, type Registry, toBinary } from "@bufbuild/protobuf";
import type { OutgoingEvent } from "../kafka/events.ts";
import { MAX_MESSAGE_BYTES } from "../kafka/producer.ts";
import { topicName } from "../kafka/topics.ts";
import { parseJson } from "../mysql/values.ts";

/** An event as OutboxNext and OutboxParked tell it: a row of the outbox may tell several, which share its id. */
export interface OutboxEvent {
  readonly id: number | string;
  /** Which event of its row, from 1. */
  readonly place: number;
  readonly event_id: string;
  readonly topic: string;
  readonly type: string;
  readonly subject: string;
  readonly occurred_at: Date;
  readonly payload: unknown;
  readonly traceparent: string | null;
  /** 1: an earlier event of its topic and subject is parked. */
  readonly parked?: number;
  /** Of one that is parked itself: why it could not be encoded; null: it only waits. */
  readonly error?: string | null;
}

export interface EncodeOptions {
  readonly registry: Registry;
  readonly source: string;
  readonly topicPrefix: string;
}

/**
 * The Protobuf event of a row: its payload is proto3 JSON, its type the message's full name.
 *
 * @throws Error when the type is unknown, the JSON does not fit it, or the message is too large for Kafka.
 */
function encode(row: OutboxEvent, { registry, source, topicPrefix }: EncodeOptions): OutgoingEvent {
  const desc = registry.getMessage(row.type);
  if (desc === undefined) throw new Error(`the type ${row.type} is not known`);
  const data = toBinary(desc, fromJson(desc, parseJson(row.payload) as JsonValue, { registry }));
  if (data.length > MAX_MESSAGE_BYTES) throw new Error(`the event has ${data.length} bytes, too many for Kafka`);
  return {
    id: row.event_id,
    type: row.type,
    source,
    subject: row.subject,
    time: row.occurred_at,
    topic: topicName(topicPrefix, row.topic),
    data,
    ...(row.traceparent === null ? {} : { traceparent: row.traceparent }),
  };
}

/** What order is promised for. */
export const orderOf = ({ topic, subject }: OutboxEvent) => `${topic} ${subject}`;

export interface FailedEvent {
  readonly row: OutboxEvent;
  readonly error: string;
}

/** Every event is in exactly one of the three. */
export interface SortedEvents {
  readonly ready: readonly { readonly row: OutboxEvent; readonly event: OutgoingEvent }[];
  readonly failed: readonly FailedEvent[];
  /** Behind a failed one of the same topic and subject: must not overtake it. Not tried. */
  readonly waiting: readonly OutboxEvent[];
}

/** `held`: the orders of which nothing may go. */
export function sortOut(
  rows: readonly OutboxEvent[],
  options: EncodeOptions,
  held: ReadonlySet<string> = new Set(),
): SortedEvents {
  const ready: { row: OutboxEvent; event: OutgoingEvent }[] = [];
  const failed: FailedEvent[] = [];
  const waiting: OutboxEvent[] = [];
  const heldHere = new Set<string>();
  for (const row of rows) {
    const order = orderOf(row);
    if (row.parked === 1 || held.has(order) || heldHere.has(order)) {
      waiting.push(row);
      continue;
    }
    try {
      ready.push({ row, event: encode(row, options) });
    } catch (error) {
      heldHere.add(order);
      failed.push({ row, error: reasonOf(error) });
    }
  }
  return { ready, failed, waiting };
}

/** As outbox_parked takes it: 500 characters, and no half of one, which would be no JSON. */
function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 500).toWellFormed();
}
