import { fromJson, type JsonValue, type Registry, toBinary } from "@bufbuild/protobuf";
import type { OutgoingEvent } from "../kafka/events.ts";
import { MAX_MESSAGE_BYTES } from "../kafka/producer.ts";
import { topicName } from "../kafka/topics.ts";
import { parseJson } from "../mysql/values.ts";

/** A row of OutboxClaim. */
export interface OutboxRow {
  readonly id: number | string;
  readonly event_id: string;
  readonly topic: string;
  readonly type: string;
  readonly subject: string;
  readonly occurred_at: Date;
  readonly payload: unknown;
  readonly traceparent: string | null;
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
export function encodeRow(row: OutboxRow, { registry, source, topicPrefix }: EncodeOptions): OutgoingEvent {
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
