/**
 * The traces door of a local system: takes OTLP/HTTP (POST /v1/traces, Protobuf, gzip or not), hands the spans to
 * Zipkin, and passes every other path on to Zipkin, so that one address serves both the exporter and the trace UI.
 *
 * Why it exists: Zipkin's own OTLP module (zipkin-module-otel) can't be resolved as a Maven artifact; docs/operating.md tells more.
 * Environment: PORT (where to listen), ZIPKIN_URL (base URL of the Zipkin server), HOST (default 127.0.0.1).
 */
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { decodeTraceExport } from "./otlp.ts";
import { toZipkin } from "./zipkin.ts";

const MAX_BODY_BYTES = 8 * 1024 * 1024;
const MAX_INFLATED_BYTES = 32 * 1024 * 1024;
const ZIPKIN_TIMEOUT_MS = 10_000;

const inflate = promisify(gunzip);

async function readBody(req: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new RangeError(`trace export over ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks);
  return req.headers["content-encoding"] === "gzip"
    ? await inflate(body, { maxOutputLength: MAX_INFLATED_BYTES })
    : body;
}

async function forwardSpans(zipkinUrl: string, body: Buffer): Promise<void> {
  const spans = toZipkin(decodeTraceExport(body));
  if (spans.length === 0) return;
  const answer = await fetch(`${zipkinUrl}/api/v2/spans`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(spans),
    signal: AbortSignal.timeout(ZIPKIN_TIMEOUT_MS),
  });
  if (!answer.ok) throw new Error(`Zipkin answered ${answer.status}: ${(await answer.text()).slice(0, 200)}`);
}

async function takeExport(zipkinUrl: string, req: IncomingMessage, res: ServerResponse): Promise<void> {
  if (!req.headers["content-type"]?.startsWith("application/x-protobuf")) {
    res.writeHead(415, { "content-type": "text/plain" }).end("only OTLP in application/x-protobuf is taken\n");
    return;
  }
  try {
    await forwardSpans(zipkinUrl, await readBody(req));
    res.writeHead(200, { "content-type": "application/x-protobuf" }).end();
  } catch (error) {
    console.error(`an export was refused: ${String(error)}`);
    // 503 makes the exporter try again; a body that can't be read will not become readable
    const retryable = error instanceof TypeError || (error instanceof Error && error.name === "TimeoutError");
    res.writeHead(retryable ? 503 : 400, { "content-type": "text/plain" }).end(`${String(error)}\n`);
  }
}

/** Passes a request on to Zipkin unchanged and streams the answer back. */
function passOn(zipkinUrl: string, req: IncomingMessage, res: ServerResponse): void {
  const upstream = request(
    new URL(req.url ?? "/", zipkinUrl),
    { method: req.method, headers: req.headers },
    (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(res);
    },
  );
  upstream.on("error", (error) => {
    if (!res.headersSent) res.writeHead(502, { "content-type": "text/plain" });
    res.end(`Zipkin does not answer: ${error.message}\n`);
  });
  req.pipe(upstream);
}

function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

const zipkinUrl = required("ZIPKIN_URL");
const server = createServer((req, res) => {
  if (req.method === "POST" && req.url === "/v1/traces") void takeExport(zipkinUrl, req, res);
  else passOn(zipkinUrl, req, res);
});
server.listen(Number(required("PORT")), process.env.HOST ?? "127.0.0.1", () => {
  console.log(`taking OTLP/HTTP on port ${process.env.PORT}, Zipkin at ${zipkinUrl}`);
});
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.on(signal, () => {
    server.close(() => process.exit(0));
    server.closeAllConnections();
  });
}
