import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { decodeTraceExport } from "./otlp.ts";
import { toZipkin } from "./zipkin.ts";

const MAX_INFLATED_BYTES = 32 * 1024 * 1024;
const ZIPKIN_TIMEOUT_MS = 10_000;
const TOO_MANY_REQUESTS = 429;

const inflate = promisify(gunzip);

/** Zipkin is away, slow or overloaded: the same export may be taken later. */
export class ZipkinUnavailable extends Error {
  override readonly name = "ZipkinUnavailable";
}

/**
 * Hands the spans of one export to Zipkin.
 *
 * @throws ZipkinUnavailable when Zipkin can't be reached, doesn't answer in 10 s, or answers 429 or 5xx.
 * @throws Error when the body can't be read (bad gzip or Protobuf, over 32 MB inflated) or Zipkin refuses it for good.
 */
export async function forwardExport(zipkinUrl: string, body: Buffer, gzipped: boolean): Promise<void> {
  const bytes = gzipped ? await inflate(body, { maxOutputLength: MAX_INFLATED_BYTES }) : body;
  const spans = toZipkin(decodeTraceExport(bytes));
  if (spans.length === 0) return;
  const answer = await post(`${zipkinUrl}/api/v2/spans`, JSON.stringify(spans));
  if (answer.ok) return;
  const text = `Zipkin answered ${answer.status}: ${answer.text.slice(0, 200)}`;
  if (answer.status >= 500 || answer.status === TOO_MANY_REQUESTS) throw new ZipkinUnavailable(text);
  throw new Error(text);
}

async function post(url: string, body: string): Promise<{ ok: boolean; status: number; text: string }> {
  try {
    const answer = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
      signal: AbortSignal.timeout(ZIPKIN_TIMEOUT_MS),
    });
    return { ok: answer.ok, status: answer.status, text: await answer.text() };
  } catch (cause) {
    throw new ZipkinUnavailable(`Zipkin does not answer: ${String(cause)}`, { cause });
  }
}
