import { hash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Refusal } from "./refusal.ts";

const ASSETS = new URL("../../assets/", import.meta.url);

/** A file that the gateway serves itself, held in memory. */
export interface Page {
  readonly type: string;
  readonly body: Buffer;
  readonly etag: string;
}

export function page(type: string, body: Buffer): Page {
  return { type, body, etag: `"${hash("sha256", body, "base64url")}"` };
}

/** @param name of a file in services/gateway/assets. */
export function asset(name: string, type: string): Page {
  return page(type, readFileSync(new URL(name, ASSETS)));
}

export function sendPage(req: IncomingMessage, res: ServerResponse, { type, body, etag }: Page): void {
  res.setHeader("etag", etag);
  res.setHeader("cache-control", "no-cache");
  if (req.headers["if-none-match"] === etag) {
    res.statusCode = 304;
    res.end();
    return;
  }
  res.setHeader("content-type", type);
  res.setHeader("content-length", body.length);
  res.end(req.method === "HEAD" ? undefined : body);
}

/** @throws Refusal not_found. */
export function sendFile(
  req: IncomingMessage,
  res: ServerResponse,
  files: Readonly<Record<string, Page>>,
  name: string,
): void {
  const file = Object.hasOwn(files, name) ? files[name] : undefined;
  if (file === undefined) throw new Refusal("not_found");
  sendPage(req, res, file);
}
