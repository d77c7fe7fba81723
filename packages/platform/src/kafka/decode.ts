import { type DescMessage, fromBinary } from "@bufbuild/protobuf";
import type { IHeaders, KafkaMessage } from "kafkajs";
import { HEADERS, type IncomingEvent } from "./events.ts";

/** A Kafka message after reading its headers and value. */
export type Decoded =
  | { readonly kind: "event"; readonly raw: KafkaMessage; readonly event: IncomingEvent }
  /** A type this consumer does not handle: counted and passed over. */
  | { readonly kind: "unknown"; readonly raw: KafkaMessage; readonly type: string }
  /** Cannot be read: to the dead letters. */
  | { readonly kind: "undecodable"; readonly raw: KafkaMessage; readonly reason: string };

export function headerText(headers: IHeaders | undefined, name: string): string | undefined {
  const value = headers?.[name];
  const first = Array.isArray(value) ? value[0] : value;
  return first === undefined ? undefined : first.toString();
}

/** Reads messages into events of the given types. */
export class Decoder {
  readonly #types: ReadonlyMap<string, DescMessage>;

  constructor(types: readonly DescMessage[]) {
    this.#types = new Map(types.map((desc) => [desc.typeName, desc]));
  }

  decode(topic: string, partition: number, raw: KafkaMessage): Decoded {
    const header = (name: string) => headerText(raw.headers, name);
    const type = header(HEADERS.type);
    if (type === undefined) return undecodable(raw, "there is no ce_type header");
    const desc = this.#types.get(type);
    if (desc === undefined) return { kind: "unknown", raw, type };
    const id = header(HEADERS.id);
    if (id === undefined || !/^[\x21-\x7e]{1,64}$/.test(id)) {
      return undecodable(raw, "ce_id is missing or not 1 to 64 printable ASCII characters");
    }
    const contentType = header(HEADERS.contentType);
    if (contentType !== undefined && contentType !== "application/protobuf") {
      return undecodable(raw, `content-type is ${contentType.slice(0, 80)}, not application/protobuf`);
    }
    const time = new Date(header(HEADERS.time) ?? Number(raw.timestamp));
    if (Number.isNaN(time.getTime())) return undecodable(raw, "ce_time is not a time");
    if (raw.value === null) return undecodable(raw, "there is no value");
    const traceparent = header(HEADERS.traceparent);
    try {
      const event: IncomingEvent = {
        id,
        type,
        source: header(HEADERS.source) ?? "",
        subject: header(HEADERS.subject) ?? raw.key?.toString() ?? "",
        time,
        ...(traceparent === undefined ? {} : { traceparent }),
        topic,
        partition,
        offset: raw.offset,
        message: fromBinary(desc, raw.value),
        data: raw.value,
      };
      return { kind: "event", raw, event };
    } catch (error) {
      return undecodable(raw, `the value is no ${type}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

function undecodable(raw: KafkaMessage, reason: string): Decoded {
  return { kind: "undecodable", raw, reason };
}
