import type { IHeaders, KafkaMessage } from "kafkajs";
import { headerText } from "./decode.ts";
import { HEADERS } from "./events.ts";

/** Headers of a dead letter beside the message's own, and of the mark that it was sent again. */
export const DLQ = {
  reason: "dlq_reason",
  error: "dlq_error",
  topic: "dlq_topic",
  partition: "dlq_partition",
  offset: "dlq_offset",
  attempts: "dlq_attempts",
  group: "dlq_group",
  time: "dlq_time",
  replayedOffset: "dlq_replayed_offset",
  replayedTime: "dlq_replayed_time",
  replayedBy: "dlq_replayed_by",
} as const;

const OURS: ReadonlySet<string> = new Set(Object.values(DLQ));

export interface Replayed {
  readonly time: Date;
  readonly by: string;
}

/** One message that a consumer group set aside. */
export interface Letter {
  /** Topic of dead letters, and the letter's place there. */
  readonly dlq: string;
  readonly partition: number;
  readonly offset: string;
  /** Full name of the topic it came from, and its place there. */
  readonly topic: string;
  readonly origin: { readonly partition: number; readonly offset: string };
  readonly time: Date;
  readonly reason: string;
  readonly error: string;
  readonly attempts: number;
  readonly group: string;
  /** ce_type and ce_id, when the message has them. */
  readonly type: string | undefined;
  readonly eventId: string | undefined;
  /** The message as it was. */
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: IHeaders;
  /** undefined: it is still open. */
  readonly replayed?: Replayed;
}

/** The letter in a message of a topic of dead letters; undefined when it is none (a mark, or something foreign). */
export function letterOf(dlq: string, partition: number, raw: KafkaMessage): Letter | undefined {
  const text = (name: string) => headerText(raw.headers, name);
  const topic = text(DLQ.topic);
  const offset = text(DLQ.offset) ?? "";
  const from = Number(text(DLQ.partition));
  // What names another topic than its own was not put here by a consumer of ours, and is sent nowhere.
  if (topic === undefined || `${topic}.dlq` !== dlq || !/^\d{1,19}$/.test(offset) || !Number.isInteger(from)) {
    return undefined;
  }
  return {
    dlq,
    partition,
    offset: raw.offset,
    topic,
    origin: { partition: from, offset },
    time: timeOf(text(DLQ.time), raw),
    reason: text(DLQ.reason) ?? "",
    error: text(DLQ.error) ?? "",
    attempts: Number(text(DLQ.attempts) ?? 0),
    group: text(DLQ.group) ?? "",
    type: text(HEADERS.type),
    eventId: text(HEADERS.id),
    key: raw.key,
    value: raw.value,
    headers: Object.fromEntries(Object.entries(raw.headers ?? {}).filter(([name]) => !OURS.has(name))),
  };
}

/** `[[place of the letter, when and by whom it was sent again]]`; empty when the message is no such mark. */
export function replayMarkOf(partition: number, raw: KafkaMessage): [place: string, replayed: Replayed][] {
  const offset = headerText(raw.headers, DLQ.replayedOffset);
  if (offset === undefined) return [];
  const time = timeOf(headerText(raw.headers, DLQ.replayedTime), raw);
  return [[`${partition}/${offset}`, { time, by: headerText(raw.headers, DLQ.replayedBy) ?? "" }]];
}

function timeOf(text: string | undefined, raw: KafkaMessage): Date {
  const time = new Date(text ?? Number.NaN);
  return Number.isNaN(time.getTime()) ? new Date(Number(raw.timestamp)) : time;
}
