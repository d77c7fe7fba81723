import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { extname, join, normalize } from "node:path";

export interface Seen {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** The token's bearer, by its claims. */
  readonly user: string;
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
};

/**
 * A product's own web server: serves its page, hands /api on to the gateway, and writes down what was asked. Each one is an
 * origin of its own. Its network can be cut.
 */
export class Site {
  readonly seen: Seen[] = [];
  readonly #server: Server;
  readonly #folder: string;
  readonly #gateway: URL;
  readonly #sockets = new Set<Socket>();
  #cut = false;
  /** Paths that are answered 503. */
  #refused: readonly string[] = [];

  private constructor(folder: string, gateway: string) {
    this.#folder = folder;
    this.#gateway = new URL(gateway);
    this.#server = createServer((req, res) => void this.#serve(req, res));
    this.#server.on("connection", (socket) => {
      if (this.#cut) return void socket.destroy();
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
  }

  static async start(folder: string, gateway: string): Promise<Site> {
    const site = new Site(folder, gateway);
    await new Promise<void>((resolve) => site.#server.listen(0, "127.0.0.1", resolve));
    return site;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  count(path: string, user: string): number {
    return this.seen.filter((call) => call.user === user && call.path.split("?")[0] === path).length;
  }

  refuse(...paths: readonly string[]): void {
    this.#refused = paths;
  }

  /** As at the beginning. */
  reset(): void {
    this.#cut = false;
    this.#refused = [];
    this.seen.length = 0;
  }

  /** Every connection breaks, and no new one holds. */
  cut(): void {
    this.#cut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  restore(): void {
    this.#cut = false;
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const path = req.url ?? "/";
    if (path.startsWith("/api/")) return this.#handOn(req, res, path);
    const file = normalize(path.split("?")[0] === "/" ? "/index.html" : (path.split("?")[0] ?? ""));
    const body = await readFile(join(this.#folder, file)).catch(() => undefined);
    res.statusCode = body === undefined ? 404 : 200;
    res.setHeader("content-type", TYPES[extname(file)] ?? "application/octet-stream");
    res.end(body);
  }

  #handOn(req: IncomingMessage, res: ServerResponse, path: string): void {
    this.seen.push({ method: req.method ?? "", path, user: bearerOf(req.headers.authorization) });
    if (this.#refused.includes(path)) return void res.writeHead(503).end();
    const { hostname, port } = this.#gateway;
    const onward = request({ hostname, port, path, method: req.method, headers: req.headers }, (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.headers);
      res.flushHeaders();
      answer.pipe(res);
      answer.once("error", () => res.destroy());
    });
    onward.once("error", () => (res.headersSent ? res.destroy() : res.writeHead(502).end()));
    res.once("close", () => onward.destroy());
    req.pipe(onward);
  }
}

/** "" without a token that can be read. */
function bearerOf(authorization: string | undefined): string {
  const claims = authorization?.split(".")[1];
  if (claims === undefined) return "";
  const { sub } = JSON.parse(Buffer.from(claims, "base64url").toString("utf8")) as { sub?: unknown };
  return typeof sub === "string" ? sub : "";
}
