/**
 * Reads an OTLP trace export (protobuf or JSON) into plain objects.
 *
 * Only the fields that a trace view shows are read; unknown fields are skipped, as Protobuf asks.
 * Source of the field numbers: opentelemetry-proto, trace/v1/trace.proto and common/v1/common.proto.
 */
import { BinaryReader, type WireType } from "@bufbuild/protobuf/wire";

export type AttributeValue = string | number | boolean | null | AttributeValue[] | { [key: string]: AttributeValue };
export type Attributes = Record<string, AttributeValue>;

export interface OtlpEvent {
  timeUnixNano: bigint;
  name: string;
  attributes: Attributes;
}

export interface OtlpLink {
  traceId: string;
  spanId: string;
}

export interface OtlpSpan {
  /** 32 hex digits */
  traceId: string;
  /** 16 hex digits */
  spanId: string;
  /** 16 hex digits, or empty for a root span */
  parentSpanId: string;
  name: string;
  /** 0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer */
  kind: number;
  startUnixNano: bigint;
  endUnixNano: bigint;
  attributes: Attributes;
  events: OtlpEvent[];
  links: OtlpLink[];
  /** 0 unset, 1 ok, 2 error */
  statusCode: number;
  statusMessage: string;
}

export interface OtlpScopeSpans {
  resource: Attributes;
  scope: string;
  spans: OtlpSpan[];
}

type FieldReader = (reader: BinaryReader, wireType: WireType) => void;

/** Walks one message: calls the reader of each known field and skips the others. */
function readMessage(bytes: Uint8Array, fields: Record<number, FieldReader>): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    const read = fields[field];
    if (read) read(reader, wireType);
    else reader.skip(wireType, field);
  }
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

function readAnyValue(bytes: Uint8Array): AttributeValue {
  let value: AttributeValue = null;
  readMessage(bytes, {
    1: (r) => {
      value = r.string();
    },
    2: (r) => {
      value = r.bool();
    },
    3: (r) => {
      value = Number(r.int64());
    },
    4: (r) => {
      value = r.double();
    },
    5: (r) => {
      value = readArray(r.bytes());
    },
    6: (r) => {
      value = readKeyValueList(r.bytes());
    },
    7: (r) => {
      value = Buffer.from(r.bytes()).toString("base64");
    },
  });
  return value;
}

function readArray(bytes: Uint8Array): AttributeValue[] {
  const values: AttributeValue[] = [];
  readMessage(bytes, { 1: (r) => values.push(readAnyValue(r.bytes())) });
  return values;
}

function readKeyValueList(bytes: Uint8Array): Attributes {
  const attributes: Attributes = {};
  readMessage(bytes, { 1: (r) => readKeyValue(r.bytes(), attributes) });
  return attributes;
}

function readKeyValue(bytes: Uint8Array, into: Attributes): void {
  let key = "";
  let value: AttributeValue = null;
  readMessage(bytes, {
    1: (r) => {
      key = r.string();
    },
    2: (r) => {
      value = readAnyValue(r.bytes());
    },
  });
  into[key] = value;
}

function readEvent(bytes: Uint8Array): OtlpEvent {
  const event: OtlpEvent = { timeUnixNano: 0n, name: "", attributes: {} };
  readMessage(bytes, {
    1: (r) => {
      event.timeUnixNano = BigInt(r.fixed64());
    },
    2: (r) => {
      event.name = r.string();
    },
    3: (r) => readKeyValue(r.bytes(), event.attributes),
  });
  return event;
}

function readLink(bytes: Uint8Array): OtlpLink {
  const link: OtlpLink = { traceId: "", spanId: "" };
  readMessage(bytes, {
    1: (r) => {
      link.traceId = hex(r.bytes());
    },
    2: (r) => {
      link.spanId = hex(r.bytes());
    },
  });
  return link;
}

function emptySpan(): OtlpSpan {
  return {
    traceId: "",
    spanId: "",
    parentSpanId: "",
    name: "",
    kind: 0,
    startUnixNano: 0n,
    endUnixNano: 0n,
    attributes: {},
    events: [],
    links: [],
    statusCode: 0,
    statusMessage: "",
  };
}

function readStatus(bytes: Uint8Array, span: OtlpSpan): void {
  readMessage(bytes, {
    2: (r) => {
      span.statusMessage = r.string();
    },
    3: (r) => {
      span.statusCode = r.int32();
    },
  });
}

function readSpan(bytes: Uint8Array): OtlpSpan {
  const span = emptySpan();
  readMessage(bytes, {
    1: (r) => {
      span.traceId = hex(r.bytes());
    },
    2: (r) => {
      span.spanId = hex(r.bytes());
    },
    4: (r) => {
      span.parentSpanId = hex(r.bytes());
    },
    5: (r) => {
      span.name = r.string();
    },
    6: (r) => {
      span.kind = r.int32();
    },
    7: (r) => {
      span.startUnixNano = BigInt(r.fixed64());
    },
    8: (r) => {
      span.endUnixNano = BigInt(r.fixed64());
    },
    9: (r) => readKeyValue(r.bytes(), span.attributes),
    11: (r) => span.events.push(readEvent(r.bytes())),
    13: (r) => span.links.push(readLink(r.bytes())),
    15: (r) => readStatus(r.bytes(), span),
  });
  return span;
}

function readScopeSpans(bytes: Uint8Array): { scope: string; spans: OtlpSpan[] } {
  const result = { scope: "", spans: [] as OtlpSpan[] };
  readMessage(bytes, {
    1: (r) =>
      readMessage(r.bytes(), {
        1: (s) => {
          result.scope = s.string();
        },
      }),
    2: (r) => result.spans.push(readSpan(r.bytes())),
  });
  return result;
}

function readResourceSpans(bytes: Uint8Array): OtlpScopeSpans[] {
  const resource: Attributes = {};
  const groups: { scope: string; spans: OtlpSpan[] }[] = [];
  readMessage(bytes, {
    1: (r) => readMessage(r.bytes(), { 1: (s) => readKeyValue(s.bytes(), resource) }),
    2: (r) => groups.push(readScopeSpans(r.bytes())),
  });
  return groups.map((group) => ({ resource, ...group }));
}

/** Decodes an ExportTraceServiceRequest. Throws when the bytes are no valid Protobuf. */
export function decodeTraceExport(bytes: Uint8Array): OtlpScopeSpans[] {
  const all: OtlpScopeSpans[] = [];
  readMessage(bytes, { 1: (r) => all.push(...readResourceSpans(r.bytes())) });
  return all;
}
