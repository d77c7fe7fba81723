import type { IncomingMessage, ServerResponse } from "node:http";
import { type Readable, Transform } from "node:stream";
import { takeOverBody } from "@stipend/platform/http/body-time";
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

/** What an upload must keep up with: fewer bytes than that in a window, and it is taken for dead. */
export interface UploadPace {
  readonly windowMs: number;
  readonly leastBytes: number;
}

export const UPLOAD_PACE: UploadPace = { windowMs: 10_000, leastBytes: 1_024 };

/**
 * The body as a stream, of any length in time as long as it keeps coming. It fails with body_too_large as soon as it has
 * more than `limit` bytes, and with request_timeout when the client falls behind the pace; while the upstream takes
 * nothing, nobody is behind.
 */
export function limitedBody(req: IncomingMessage, limit: number, pace: UploadPace): Readable | undefined {
  if (!hasBody(req)) return undefined;
  checkAnnouncedLength(req, limit);
  takeOverBody(req);
  let bytes = 0;
  let inWindow = 0;
  let full = false;
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      inWindow += chunk.length;
      if (bytes > limit) done(bodyTooLarge(limit));
      else done(null, chunk);
    },
  });
  const watch = setInterval(() => {
    const excused = full || counter.writableNeedDrain;
    full = counter.writableNeedDrain;
    if (!excused && inWindow < pace.leastBytes && !req.complete) counter.destroy(stalled(pace));
    inWindow = 0;
  }, pace.windowMs);
  counter.once("close", () => clearInterval(watch));
  req.once("error", (error) => counter.destroy(error));
  req.once("aborted", () => counter.destroy(new Error("the client broke off")));
  return req.pipe(counter);
}

function stalled({ leastBytes, windowMs }: UploadPace): Refusal {
  return new Refusal("request_timeout", {
    message: `The body stopped coming: fewer than ${leastBytes} bytes in ${windowMs / 1_000} s`,
  });
}

/** An upstream may answer before it has read everything: nobody reads the rest, so its connection ends with the answer. */
export function endUpload(req: IncomingMessage, res: ServerResponse): void {
  if (req.complete || !hasBody(req)) return;
  if (res.writableFinished) req.destroy();
  else res.once("close", () => req.destroy());
}
