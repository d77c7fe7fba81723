import type { IncomingMessage } from "node:http";
import { type Readable, Transform } from "node:stream";
import { Refusal } from "../http/refusal.ts";

export function bodyTooLarge(limit: number): Refusal {
  return new Refusal("body_too_large", { message: `The body may have ${limit} bytes`, details: { limit } });
}

/** True when the request announces a body at all (RFC 9112 §6.3). */
export function hasBody(req: IncomingMessage): boolean {
  return req.headers["transfer-encoding"] !== undefined || Number(req.headers["content-length"] ?? 0) > 0;
}

/** @throws Refusal body_too_large by what the Content-Length says, before a byte is read. */
export function checkAnnouncedLength(req: IncomingMessage, limit: number): void {
  const length = req.headers["content-length"];
  if (length !== undefined && Number(length) > limit) throw bodyTooLarge(limit);
}

/**
 * Reads a small body whole, so that a slow client never holds a connection to a service and a lost answer can be
 * asked for again.
 *
 * @throws Refusal body_too_large, malformed_request when the client broke off.
 */
export async function readBody(req: IncomingMessage, limit: number): Promise<Buffer | undefined> {
  if (!hasBody(req)) return undefined;
  checkAnnouncedLength(req, limit);
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of req as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > limit) throw bodyTooLarge(limit);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal("malformed_request", { message: "The body ended before it was complete", cause: error });
  }
  return Buffer.concat(chunks, bytes);
}

/** The body as a stream that fails with body_too_large as soon as it has more than `limit` bytes. */
export function limitedBody(req: IncomingMessage, limit: number): Readable | undefined {
  if (!hasBody(req)) return undefined;
  checkAnnouncedLength(req, limit);
  let bytes = 0;
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > limit) done(bodyTooLarge(limit));
      else done(null, chunk);
    },
  });
  req.once("error", (error) => counter.destroy(error));
  req.once("aborted", () => counter.destroy(new Error("the client broke off")));
  return req.pipe(counter);
}
