import type { DescMessage, Message, MessageShape } from "@bufbuild/protobuf";

/** An event on its way to Kafka: CloudEvents 1.0 in binary mode. */
export interface OutgoingEvent {
  /** At most 64 ASCII characters; what consumers recognise a second delivery by. */
  readonly id: string;
  /** Full name of the Protobuf message. */
  readonly type: string;
  /** Which service says so, e.g. "/stipend/credits". */
  readonly source: string;
  /** User id: Kafka key, so what order is kept for. */
  readonly subject: string;
  readonly time: Date;
  /** Full topic name. */
  readonly topic: string;
  /** The message in Protobuf. */
  readonly data: Uint8Array;
  /** Of the change that this event tells of. */
  readonly traceparent?: string | undefined;
}

export interface IncomingEvent {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly subject: string;
  readonly time: Date;
  readonly traceparent?: string;
  readonly topic: string;
  readonly partition: number;
  /** As a decimal string: offsets are 64 bits wide. */
  readonly offset: string;
  readonly message: Message;
  readonly data: Uint8Array;
}

/** The event's message as the given type, undefined when it is another. */
export function messageOf<D extends DescMessage>(event: IncomingEvent, desc: D): MessageShape<D> | undefined {
  return event.type === desc.typeName ? (event.message as MessageShape<D>) : undefined;
}

/** A handler throws this for one event of its batch that can never be applied: it goes to the dead letters at once. */
export class PoisonEvent extends Error {
  readonly code = "poison_event";
  readonly eventId: string;
  readonly reason: string;

  constructor(eventId: string, reason: string, options?: ErrorOptions) {
    super(`event ${eventId} can never be applied: ${reason}`, options);
    this.name = "PoisonEvent";
    this.eventId = eventId;
    this.reason = reason;
  }
}

export const HEADERS = {
  specversion: "ce_specversion",
  id: "ce_id",
  type: "ce_type",
  source: "ce_source",
  subject: "ce_subject",
  time: "ce_time",
  contentType: "content-type",
  traceparent: "traceparent",
} as const;

export function headersOf(event: OutgoingEvent, traceparent: string | undefined): Record<string, string> {
  return {
    [HEADERS.specversion]: "1.0",
    [HEADERS.id]: event.id,
    [HEADERS.type]: event.type,
    [HEADERS.source]: event.source,
    [HEADERS.subject]: event.subject,
    [HEADERS.time]: event.time.toISOString(),
    [HEADERS.contentType]: "application/protobuf",
    ...(traceparent === undefined ? {} : { [HEADERS.traceparent]: traceparent }),
  };
}
