import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import { ExportQueue, type ExportQueueBounds } from "./export-queue.ts";
import { forwardExport, ZipkinUnavailable } from "./forward.ts";
import { Refusals } from "./refusals.ts";

const MAX_BODY_BYTES = 8 * 1024 * 1024;
const BOUNDS: ExportQueueBounds = { maxBytes: 16 * 1024 * 1024, atOnce: 2 };

interface Door {
  readonly zipkinUrl: string;
  readonly queue: ExportQueue;
  readonly refusals: Refusals;
}

/**
 * The traces door as an HTTP server that doesn't listen yet.
 *
 * An export is answered 200 when Zipkin has it; 503 when Zipkin can't take it now or the queue is full, which lets the
 * exporter try again; 400 when its body can't be read or Zipkin refuses it for good; 415 when it is no Protobuf.
 */
export function createDoor(
  zipkinUrl: string,
  log: (line: string) => void = console.error,
  bounds: ExportQueueBounds = BOUNDS,
): Server {
  const door: Door = { zipkinUrl, queue: new ExportQueue(bounds), refusals: new Refusals(log) };
  const server = createServer((req, res) => {
    if (req.method === "POST" && req.url === "/v1/traces") void takeExport(door, req, res);
    else passOn(zipkinUrl, req, res);
  });
  server.on("close", () => door.refusals.flush());
  return server;
}

async function takeExport(door: Door, req: IncomingMessage, res: ServerResponse): Promise<void> {
  if (!req.headers["content-type"]?.startsWith("application/x-protobuf")) {
    answer(res, 415, "only OTLP in application/x-protobuf is taken");
    return;
  }
  // a body of unknown length counts as the longest that is taken
  const bytes = Number(req.headers["content-length"] ?? MAX_BODY_BYTES);
  if (bytes > MAX_BODY_BYTES) {
    req.resume();
    refuse(door, res, 400, `trace export over ${MAX_BODY_BYTES} bytes`);
    return;
  }
  if (!door.queue.reserve(bytes)) {
    req.resume();
    refuse(door, res, 503, "too many exports wait for Zipkin");
    return;
  }
  try {
    const body = await readBody(req);
    await door.queue.run(() => forwardIfAwaited(door.zipkinUrl, req, res, body));
    res.writeHead(200, { "content-type": "application/x-protobuf" }).end();
  } catch (error) {
    refuse(door, res, error instanceof ZipkinUnavailable ? 503 : 400, String(error));
  } finally {
    door.queue.release(bytes);
  }
}

/** An exporter that has gone will send the same spans again, or has dropped them: forwarding would be work for nobody. */
async function forwardIfAwaited(
  zipkinUrl: string,
  req: IncomingMessage,
  res: ServerResponse,
  body: Buffer,
): Promise<void> {
  if (res.destroyed) throw new Error("the exporter did not wait");
  await forwardExport(zipkinUrl, body, req.headers["content-encoding"] === "gzip");
}

async function readBody(req: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new RangeError(`trace export over ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function refuse(door: Door, res: ServerResponse, status: number, reason: string): void {
  door.refusals.add(`${status}, ${reason}`);
  answer(res, status, reason);
}

function answer(res: ServerResponse, status: number, text: string): void {
  if (!res.destroyed) res.writeHead(status, { "content-type": "text/plain" }).end(`${text}\n`);
}

/** Passes a request on to Zipkin unchanged and streams the answer back. */
function passOn(zipkinUrl: string, req: IncomingMessage, res: ServerResponse): void {
  const upstream = request(
    new URL(req.url ?? "/", zipkinUrl),
    { method: req.method, headers: req.headers },
    (reply) => {
      res.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(res);
    },
  );
  upstream.on("error", (error) => {
    if (!res.headersSent) res.writeHead(502, { "content-type": "text/plain" });
    res.end(`Zipkin does not answer: ${error.message}\n`);
  });
  req.pipe(upstream);
}
