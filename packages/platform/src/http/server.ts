import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, type Socket, Server as TcpServer } from "node:net";
import type { Duplex } from "node:stream";
import express, { type Express } from "express";
import { codeOf } from "../errors/coded.ts";
import type { Part } from "../lifecycle/lifecycle.ts";
import type { Log } from "../log/log.ts";
import { counter, gauge } from "../telemetry/metrics.ts";
import { boundBody } from "./body-time.ts";
import type { ProblemTable } from "./contract.ts";
import { Readiness, type ReadinessChecks, sendHealth } from "./health.ts";
import { describeProblem, Problem, problemHandler, sendProblem } from "./problem.ts";
import { pathOf, requestIdOf } from "./request.ts";
import { refuseOtherMethods } from "./routes.ts";
import { CHECK_RESPONSES } from "./serve.ts";

export interface HttpServerOptions {
  readonly name?: string;
  readonly host: string;
  /** 0: any free one, see `port` after start. */
  readonly port: number;
  readonly log: Log;
  /** Tables of codes besides the platform's. */
  readonly problems?: readonly ProblemTable[];
  readonly readiness?: ReadinessChecks;
  /** Requests worked on at once; more are refused with 503 `overloaded`. Default 2,000. */
  readonly maxInFlight?: number;
  /** Long-lived answers (server-sent events) that do not count as load and are not waited for when draining. */
  readonly isStream?: (req: IncomingMessage) => boolean;
  /** Tried before express for hot routes; returns false to leave the request to express. */
  readonly fast?: (req: IncomingMessage, res: ServerResponse, requestId: string) => boolean;
  /** Compares every answer with its contract and fails with 500 where they differ; for tests and development. */
  readonly checkResponses?: boolean;
  /** Keeps accepting this long after /readyz says 503, so that balancers notice first. Default 0 ms. */
  readonly drainDelayMs?: number;
  /** How long running requests may take to finish. Default 8,000 ms. */
  readonly drainTimeoutMs?: number;
  /** How long a client may take to send its headers. Default 10,000 ms. */
  readonly headersTimeoutMs?: number;
  /** The same for the body, from the headers' end; a handler may take that over (body-time.ts). Default 30,000 ms. */
  readonly bodyTimeoutMs?: number;
  /** How long a client may take nothing of an answer that is complete. Default 60,000 ms. */
  readonly readerTimeoutMs?: number;
}

/** How often slow clients are looked for; by Node's own 30 s they would stay for that much longer. */
const LOOK_FOR_SLOW_MS = 1_000;

/** Idle kept-alive connections stay open this long while draining: a request may be on its way on one of them. */
const DRAIN_GRACE_MS = 250;

const refused = counter("http_refused", "Requests refused before any work was done");

/**
 * The door of a service: an express app (`app`: mount middleware and routes on it before start) behind request ids,
 * /healthz, /readyz, a bound on concurrent requests and a drain that loses none of them.
 */
export class HttpServer implements Part {
  readonly name: string;
  readonly app: Express;
  /** Aborted when draining begins: ends streams. */
  readonly draining: AbortSignal;
  readonly #options: HttpServerOptions;
  readonly #tables: readonly ProblemTable[];
  readonly #server: Server;
  readonly #readiness: Readiness;
  readonly #drain = new AbortController();
  readonly #maxInFlight: number;
  readonly #idle = new Set<() => void>();
  readonly #endGauge: () => void;
  /** Requests of a connection that are not answered yet: more than one when a client sends ahead. */
  readonly #pending = new WeakMap<Socket, number>();
  #inFlight = 0;
  #started = false;

  constructor(options: HttpServerOptions) {
    this.name = options.name ?? "http";
    this.#options = options;
    this.#tables = options.problems ?? [];
    this.#maxInFlight = options.maxInFlight ?? 2_000;
    this.#readiness = new Readiness(options.readiness ?? {});
    this.draining = this.#drain.signal;
    this.app = express();
    this.app.disable("x-powered-by");
    this.app.disable("etag");
    this.app.set("query parser", "simple");
    this.app.set("case sensitive routing", true);
    this.app.set(CHECK_RESPONSES, options.checkResponses === true);
    const timeouts = {
      headersTimeout: options.headersTimeoutMs ?? 10_000,
      // One for all requests; bodies have a bound each.
      requestTimeout: 0,
      connectionsCheckingInterval: LOOK_FOR_SLOW_MS,
    };
    // Node's own refusal of a missing Host has no body; #handle gives one.
    const limits = { maxHeaderSize: 16_384, keepAlive: true, requireHostHeader: false };
    this.#server = createServer({ ...limits, ...timeouts }, (req, res) => this.#handle(req, res));
    this.#server.keepAliveTimeout = 30_000;
    this.#server.on("clientError", (error, socket) => this.#clientError(error, socket));
    this.#endGauge = gauge("http_in_flight", "Requests being worked on", () => this.#inFlight);
  }

  /** The port it listens on; 0 before start. */
  get port(): number {
    const address = this.#server.address() as AddressInfo | null;
    return address?.port ?? 0;
  }

  get url(): string {
    const { host } = this.#options;
    return `http://${host.includes(":") ? `[${host}]` : host}:${this.port}`;
  }

  async start(): Promise<void> {
    if (this.#started) return;
    this.#started = true;
    refuseOtherMethods(this.app);
    this.app.use((_req, _res, next) => next(new Problem("not_found")));
    this.app.use(problemHandler({ log: this.#options.log, tables: this.#tables }));
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen({ host: this.#options.host, port: this.#options.port, backlog: 1_024 }, () => {
        this.#server.off("error", reject);
        resolve();
      });
    });
    this.#options.log.info({ url: this.url }, "listening");
  }

  /** /readyz says 503, no new connection is taken, running requests finish, idle connections close. */
  async drain(): Promise<void> {
    if (this.#drain.signal.aborted) return;
    this.#drain.abort();
    await pause(this.#options.drainDelayMs ?? 0);
    if (!this.#server.listening) return;
    // http's own close() cuts idle connections at once, and with them requests that have just been sent.
    TcpServer.prototype.close.call(this.#server);
    await pause(DRAIN_GRACE_MS);
    this.#server.closeIdleConnections();
    await this.#finished(this.#options.drainTimeoutMs ?? 8_000);
    this.#server.closeIdleConnections();
  }

  async stop(): Promise<void> {
    this.#endGauge();
    this.#drain.abort();
    if (this.#server.listening) this.#server.close();
    this.#server.closeAllConnections();
    await Promise.resolve();
  }

  #handle(req: IncomingMessage, res: ServerResponse): void {
    const requestId = requestIdOf(req);
    (req as IncomingMessage & { requestId: string }).requestId = requestId;
    res.setHeader("X-Request-Id", requestId);
    boundBody(req, this.#options.bodyTimeoutMs ?? 30_000, () => this.#bodyLate(req, res, requestId));
    if (this.#drain.signal.aborted) res.setHeader("Connection", "close");
    // RFC 9112 §3.2: a request of HTTP/1.1 names its host, once.
    if (req.httpVersion === "1.1" && req.headersDistinct["host"]?.length !== 1) {
      const message = "the request has no Host header, or several";
      sendProblem(res, new Problem("malformed_request", { message }), this.#tables, requestId);
      return;
    }
    const path = pathOf(req);
    if (path === "/healthz" || path === "/readyz") {
      this.#health(path, req, res);
      return;
    }
    if (this.#options.isStream?.(req) !== true) {
      if (this.#inFlight >= this.#maxInFlight) {
        refused.add(1, { code: "overloaded" });
        sendProblem(res, new Problem("overloaded", { retryAfterSeconds: 1 }), this.#tables, requestId);
        return;
      }
      this.#inFlight += 1;
      res.once("close", () => this.#done());
      this.#hurryReader(req.socket, res);
    }
    if (this.#options.fast?.(req, res, requestId) === true) return;
    this.app(req, res);
  }

  /** An answer that nobody reads would keep its place, and its bytes, for as long as the connection stands. */
  #hurryReader(socket: Socket, res: ServerResponse): void {
    this.#pending.set(socket, (this.#pending.get(socket) ?? 0) + 1);
    // All of it has been handed to the socket; from here on only the reader can be late. Progress sets the time back.
    res.once("prefinish", () => {
      res.setTimeout(this.#options.readerTimeoutMs ?? 60_000, () => res.destroy());
    });
    res.once("close", () => {
      const left = (this.#pending.get(socket) ?? 1) - 1;
      this.#pending.set(socket, left);
      // The time was this answer's, not that of a request which came behind it in the same connection.
      if (left > 0) socket.setTimeout(0);
    });
  }

  #bodyLate(req: IncomingMessage, res: ServerResponse, requestId: string): void {
    refused.add(1, { code: "request_timeout" });
    if (res.headersSent || res.destroyed) {
      req.destroy();
      return;
    }
    res.once("close", () => req.destroy());
    res.setHeader("Connection", "close");
    sendProblem(res, new Problem("request_timeout"), this.#tables, requestId);
  }

  #health(path: string, req: IncomingMessage, res: ServerResponse): void {
    if (req.method !== "GET" && req.method !== "HEAD") {
      res.setHeader("Allow", "GET, HEAD");
      sendProblem(res, new Problem("method_not_allowed"), this.#tables);
    } else if (path === "/healthz") {
      sendHealth(res, 200, { status: "alive" });
    } else {
      void this.#readyz(res);
    }
  }

  async #readyz(res: ServerResponse): Promise<void> {
    const { ready, parts } = await this.#readiness.report();
    const draining = this.#drain.signal.aborted;
    const status = draining ? "draining" : ready ? "ready" : "not_ready";
    sendHealth(res, status === "ready" ? 200 : 503, { status, parts });
  }

  #done(): void {
    this.#inFlight -= 1;
    if (this.#inFlight > 0) return;
    for (const resolve of this.#idle) resolve();
    this.#idle.clear();
  }

  async #finished(timeoutMs: number): Promise<void> {
    if (this.#inFlight === 0) return;
    const idle = new Promise<boolean>((resolve) => this.#idle.add(() => resolve(true)));
    const inTime = await Promise.race([idle, pause(timeoutMs).then(() => false)]);
    if (!inTime) this.#options.log.error({ requests: this.#inFlight }, "requests still running, giving them up");
  }

  /** Requests that node's parser refuses never reach express. */
  #clientError(error: Error, socket: Duplex): void {
    const code = codeOf(error);
    if (code === "ECONNRESET" || !socket.writable || (socket as Socket).bytesWritten > 0) {
      socket.destroy();
      return;
    }
    const problem = new Problem(
      code === "HPE_HEADER_OVERFLOW"
        ? "headers_too_large"
        : code === "ERR_HTTP_REQUEST_TIMEOUT"
          ? "request_timeout"
          : "malformed_request",
    );
    refused.add(1, { code: problem.code });
    const { body } = describeProblem(problem, this.#tables);
    const text = JSON.stringify(body);
    socket.end(
      `HTTP/1.1 ${body.status} ${body.title}\r\nContent-Type: application/problem+json; charset=utf-8\r\n` +
        `Content-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`,
    );
  }
}

function pause(ms: number): Promise<void> {
  return ms <= 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, ms));
}
