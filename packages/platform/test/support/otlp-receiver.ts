import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { BinaryReader } from "@bufbuild/protobuf/wire";

export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string;
  readonly name: string;
  readonly kind: number;
}

type Visit = (field: number, reader: BinaryReader, wireType: number) => boolean;

function walk(bytes: Uint8Array, visit: Visit): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (!visit(field, reader, wireType)) reader.skip(wireType);
  }
}

/** Collects the spans of OTLP/HTTP requests in Protobuf: ExportTraceServiceRequest → 1 → 2 → 2 is a span. */
export class OtlpReceiver {
  readonly spans: ReceivedSpan[] = [];
  readonly #server: Server;

  constructor() {
    this.#server = createServer((req, res) => {
      const chunks: Buffer[] = [];
      req.on("data", (chunk: Buffer) => chunks.push(chunk));
      req.on("end", () => {
        if (req.url === "/v1/traces") this.#read(Buffer.concat(chunks));
        res.writeHead(200, { "content-type": "application/x-protobuf" }).end();
      });
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", () => resolve()));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #read(bytes: Uint8Array): void {
    const nested = (depth: number, data: Uint8Array): void => {
      const field = depth === 0 ? 1 : 2;
      walk(data, (number, reader) => {
        if (number !== field) return false;
        const inner = reader.bytes();
        if (depth === 2) this.spans.push(readSpan(inner));
        else nested(depth + 1, inner);
        return true;
      });
    };
    nested(0, bytes);
  }
}

function readSpan(bytes: Uint8Array): ReceivedSpan {
  const span = { traceId: "", spanId: "", parentId: "", name: "", kind: 0 };
  walk(bytes, (field, reader) => {
    if (field === 1) span.traceId = Buffer.from(reader.bytes()).toString("hex");
    else if (field === 2) span.spanId = Buffer.from(reader.bytes()).toString("hex");
    else if (field === 4) span.parentId = Buffer.from(reader.bytes()).toString("hex");
    else if (field === 5) span.name = reader.string();
    else if (field === 6) span.kind = reader.int32();
    else return false;
    return true;
  });
  return span;
}
