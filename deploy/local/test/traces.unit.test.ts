import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { expect, test } from "vitest";
import { decodeTraceExport } from "../src/traces/otlp.ts";
import { toZipkin } from "../src/traces/zipkin.ts";

type Fields = (writer: BinaryWriter) => void;

function message(fields: Fields): Uint8Array {
  const writer = new BinaryWriter();
  fields(writer);
  return writer.finish();
}

const LENGTH_DELIMITED = 2;
const FIXED64 = 1;
const VARINT = 0;

function nested(writer: BinaryWriter, field: number, fields: Fields): void {
  writer.tag(field, LENGTH_DELIMITED).bytes(message(fields));
}

function stringAttribute(writer: BinaryWriter, field: number, key: string, value: string): void {
  nested(writer, field, (kv) => {
    kv.tag(1, LENGTH_DELIMITED).string(key);
    nested(kv, 2, (any) => any.tag(1, LENGTH_DELIMITED).string(value));
  });
}

const TRACE_ID = "0102030405060708090a0b0c0d0e0f10";
const SPAN_ID = "1112131415161718";

function exportOfOneSpan(): Uint8Array {
  return message((request) =>
    nested(request, 1, (resourceSpans) => {
      nested(resourceSpans, 1, (resource) => stringAttribute(resource, 1, "service.name", "credits"));
      nested(resourceSpans, 2, (scopeSpans) => {
        nested(scopeSpans, 1, (scope) => scope.tag(1, LENGTH_DELIMITED).string("kafka"));
        nested(scopeSpans, 2, (span) => {
          span.tag(1, LENGTH_DELIMITED).bytes(Buffer.from(TRACE_ID, "hex"));
          span.tag(2, LENGTH_DELIMITED).bytes(Buffer.from(SPAN_ID, "hex"));
          span.tag(5, LENGTH_DELIMITED).string("apply membership.v1");
          span.tag(6, VARINT).int32(5);
          span.tag(7, FIXED64).fixed64(1_700_000_000_000_000_000n);
          span.tag(8, FIXED64).fixed64(1_700_000_000_001_500_000n);
          stringAttribute(span, 9, "messaging.system", "kafka");
          nested(span, 11, (event) => {
            event.tag(1, FIXED64).fixed64(1_700_000_000_001_000_000n);
            event.tag(2, LENGTH_DELIMITED).string("retried");
          });
          nested(span, 15, (status) => {
            status.tag(2, LENGTH_DELIMITED).string("too late");
            status.tag(3, VARINT).int32(2);
          });
          // a field that this reader does not know
          span.tag(99, LENGTH_DELIMITED).string("ignored");
        });
      });
    }),
  );
}

test("an OTLP export becomes Zipkin's spans", () => {
  expect(toZipkin(decodeTraceExport(exportOfOneSpan()))).toEqual([
    {
      traceId: TRACE_ID,
      id: SPAN_ID,
      name: "apply membership.v1",
      kind: "CONSUMER",
      timestamp: 1_700_000_000_000_000,
      duration: 1_500,
      localEndpoint: { serviceName: "credits" },
      remoteEndpoint: { serviceName: "kafka" },
      annotations: [{ timestamp: 1_700_000_000_001_000, value: "retried" }],
      tags: { "messaging.system": "kafka", "otel.scope.name": "kafka", error: "too late" },
    },
  ]);
});

test("an empty export has no spans; bytes that are no Protobuf are refused", () => {
  expect(decodeTraceExport(new Uint8Array())).toEqual([]);
  expect(() => decodeTraceExport(Buffer.from("{}"))).toThrow();
});
