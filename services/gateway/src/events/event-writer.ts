import type { IncomingMessage, ServerResponse } from "node:http";

/** A reader this far behind is cut off; it comes again and gets the whole state. */
const MAX_BUFFERED_BYTES = 262_144;
const HEARTBEAT = ":\n\n";
const HEAD = {
  "content-type": "text/event-stream",
  "cache-control": "no-store",
  "x-accel-buffering": "no",
} as const;

/** Writes one stream of server-sent events. There are thousands for hours, so it keeps next to nothing. */
export class EventWriter {
  readonly #res: ServerResponse;

  constructor(res: ServerResponse) {
    this.#res = res;
  }

  /** @param reconnectMs after which a reader comes again when the stream breaks. */
  begin(reconnectMs: number): void {
    this.#res.writeHead(200, HEAD);
    // On its own: sent together with a text, the head would be kept as the hundred pieces that it was made of.
    this.#res.flushHeaders();
    forgetHeaders(this.#res.req);
    this.#write(`retry: ${reconnectMs}\n\n`);
  }

  send(kind: string, data: unknown, id?: string): void {
    // JSON has no line breaks of its own, so the data is one line.
    this.#write(`event: ${kind}\n${id === undefined ? "" : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`);
  }

  beat(): void {
    this.#write(HEARTBEAT);
  }

  end(): void {
    // Before its head it has nothing to end: an empty answer would look like a stream that was open.
    if (this.#res.headersSent) this.#res.end();
    else this.#res.destroy();
  }

  #write(text: string): void {
    if (this.#res.destroyed || this.#res.writableEnded) return;
    if (this.#res.writableLength > MAX_BUFFERED_BYTES) this.#res.destroy();
    else this.#res.write(text);
  }
}

/** The request has been understood; its headers, the token among them, would be kept as long as the stream is open. */
function forgetHeaders(req: IncomingMessage): void {
  req.headers = {};
  req.rawHeaders = [];
}
