import type { IncomingMessage } from "node:http";
import { Problem } from "./problem.ts";

/** Nested deeper than any contract needs: refused before something recursive meets it. */
const MAX_DEPTH = 64;
/** A body over the limit is read and thrown away up to this size, so that the client sees the answer and not a reset. */
const MAX_DISCARDED = 4 * 1_024 * 1_024;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

/**
 * The request's JSON value; undefined when there is no body at all.
 *
 * @param limit bytes.
 * @throws Problem body_too_large, unsupported_media_type, malformed_json, malformed_request.
 */
export async function readJson(req: IncomingMessage, limit: number): Promise<unknown> {
  if (!hasBody(req)) return undefined;
  const declared = Number(req.headers["content-length"] ?? 0);
  if (declared > limit) {
    if (declared <= MAX_DISCARDED) await collect(req, 0, declared);
    throw tooLarge(limit);
  }
  requireJson(req);
  const bytes = await collect(req, limit, MAX_DISCARDED);
  if (bytes === undefined) throw tooLarge(limit);
  if (bytes.length === 0) return undefined;
  return parse(bytes);
}

export function hasBody(req: IncomingMessage): boolean {
  if (req.headers["transfer-encoding"] !== undefined) return true;
  const length = req.headers["content-length"];
  return length !== undefined && Number(length) > 0;
}

function requireJson(req: IncomingMessage): void {
  const encoding = req.headers["content-encoding"];
  if (encoding !== undefined && encoding.toLowerCase() !== "identity") {
    throw new Problem("unsupported_media_type", { message: "compressed bodies are not taken" });
  }
  const type = req.headers["content-type"] ?? "";
  const match = /^application\/(?:[\w.+-]+\+)?json\s*(?:;\s*charset\s*=\s*"?([\w-]+)"?\s*)?;?\s*$/i.exec(type);
  const charset = match?.[1]?.toLowerCase() ?? "utf-8";
  if (match === null || (charset !== "utf-8" && charset !== "utf8")) {
    throw new Problem("unsupported_media_type", { message: "Content-Type has to be application/json in UTF-8" });
  }
}

/** undefined when the body is longer than keep; what is over is read and dropped up to discard bytes. */
function collect(req: IncomingMessage, keep: number, discard: number): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const finish = (action: () => void) => {
      req.off("data", onData);
      req.off("end", onEnd);
      req.off("error", onBroken);
      req.off("close", onBroken);
      action();
    };
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      if (size <= keep) chunks.push(chunk);
      else chunks.length = 0;
      if (size > discard) finish(() => resolve(undefined));
    };
    const onEnd = () => finish(() => resolve(size > keep ? undefined : Buffer.concat(chunks)));
    // The client has gone; whatever is answered reaches nobody, but the handler must not hang.
    const onBroken = () =>
      finish(() => reject(new Problem("malformed_request", { message: "the body ended before its time" })));
    req.on("data", onData);
    req.on("end", onEnd);
    req.on("error", onBroken);
    req.on("close", onBroken);
  });
}

function parse(bytes: Buffer): unknown {
  try {
    const text = decoder.decode(bytes);
    refuseDepth(text);
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem("malformed_json", { message: "the body is not valid JSON in UTF-8", cause: error });
  }
}

/** Brackets inside strings count as well; no honest body has 64 opening ones more than closing ones. */
function refuseDepth(text: string): void {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x5b || code === 0x7b) depth += 1;
    else if (code === 0x5d || code === 0x7d) depth -= 1;
    if (depth > MAX_DEPTH) throw new Problem("malformed_json", { message: `nested deeper than ${MAX_DEPTH} levels` });
  }
}

function tooLarge(limit: number): Problem {
  return new Problem("body_too_large", { message: `the body is larger than ${limit} bytes`, details: { limit } });
}
