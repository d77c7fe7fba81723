import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

export interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

export type Reply = (res: ServerResponse, seen: Seen) => void;

/** A server that gives each request the next of its replies, the last one for ever, and tells what it saw. */
export async function serverWith(...replies: readonly Reply[]): Promise<{ url: string; seen: readonly Seen[] }> {
  const seen: Seen[] = [];
  const server = createServer(async (req, res) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req as AsyncIterable<Buffer>) chunks.push(chunk);
    const one = { method: req.method, url: req.url, headers: req.headers, body: Buffer.concat(chunks).toString() };
    seen.push(one);
    replies[Math.min(seen.length, replies.length) - 1]?.(res, one);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

export function json(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Reply {
  return (res) => {
    const type = status < 400 ? "application/json" : "application/problem+json";
    res.writeHead(status, { "content-type": type, ...headers }).end(JSON.stringify(body));
  };
}

/** A refusal as the API words it. */
export function problem(status: number, code: string, more: object = {}, headers = {}): Reply {
  const standard = { type: `urn:stipend:problem:${code}`, title: "No", status, code, detail: "why", action: "what" };
  return json(status, { ...standard, requestId: "r-1", ...more }, headers);
}

export const breakOff: Reply = (res) => res.socket?.destroy();
export const silence: Reply = () => undefined;
