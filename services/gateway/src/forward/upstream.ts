import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { codeOf } from "@stipend/platform/errors/coded";
import type { Log } from "@stipend/platform/log/log";
import { type Dispatcher, Pool } from "undici";
import { Refusal } from "../http/refusal.ts";
import { Circuit } from "./circuit.ts";
import type { HeaderMap } from "./headers.ts";

export interface UpstreamOptions {
  readonly name: string;
  /** Scheme, host and port; a path is an error of the caller. */
  readonly origin: string;
  readonly log: Log;
  /** Default 64. */
  readonly connections?: number;
  /** Calls under way at once; more are refused, never queued without end. Default 1,000. */
  readonly maxInFlight?: number;
  /** Faults in a row that open the circuit. Default 5. */
  readonly circuitFailures?: number;
  /** How long the circuit stays open. Default 1,000 ms. */
  readonly circuitOpenMs?: number;
}

export interface UpstreamCall {
  readonly method: string;
  /** Path and query as they go on the wire. */
  readonly path: string;
  readonly headers: HeaderMap;
  readonly body?: Buffer | Readable | undefined;
  /** Aborted when the client went away. */
  readonly signal?: AbortSignal;
  /** Until the answer's head has arrived, retries included. */
  readonly headTimeoutMs: number;
  /** Longest silence within the answer's body. Default 30,000 ms. */
  readonly idleTimeoutMs?: number;
  /** May be sent again when the connection broke before an answer: reads, and writes with an Idempotency-Key. */
  readonly repeatable: boolean;
}

export interface UpstreamAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly trailers: Readonly<Record<string, string>>;
  /** Must be read to its end or destroyed. */
  readonly body: Readable;
}

const RETRY_AFTER_MS = [25, 150];

/** One address behind the gateway: a pool of kept-alive connections, a bound on calls under way, a circuit. */
export class Upstream {
  readonly name: string;
  readonly #log: Log;
  readonly #pool: Pool;
  readonly #circuit: Circuit;
  readonly #maxInFlight: number;
  #inFlight = 0;

  constructor(options: UpstreamOptions) {
    this.name = options.name;
    this.#log = options.log;
    this.#maxInFlight = options.maxInFlight ?? 1_000;
    this.#circuit = new Circuit({
      failures: options.circuitFailures ?? 5,
      openMs: options.circuitOpenMs ?? 1_000,
    });
    this.#pool = new Pool(options.origin, {
      connections: options.connections ?? 64,
      pipelining: 1,
      connect: { timeout: 1_000 },
      // Shorter than the services keep an idle connection, so that no request is written into one that is closing.
      keepAliveTimeout: 3_000,
      keepAliveMaxTimeout: 30_000,
      maxHeaderSize: 32_768,
    });
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get circuitOpen(): boolean {
    return this.#circuit.open;
  }

  /**
   * @throws Refusal upstream_unavailable (down, or its circuit is open), upstream_timeout, upstream_failed (broke
   *   off or spoke no HTTP), overloaded; whatever the signal or the request's body failed with.
   */
  async call(call: UpstreamCall): Promise<UpstreamAnswer> {
    if (this.#inFlight >= this.#maxInFlight) {
      throw new Refusal("overloaded", { details: { part: this.name }, retryAfterSeconds: 1 });
    }
    if (!this.#circuit.enter()) throw this.#unavailable(undefined);
    this.#inFlight += 1;
    let answer: UpstreamAnswer;
    try {
      answer = await this.#inTime(call);
      this.#circuit.succeeded();
    } catch (error) {
      this.#inFlight -= 1;
      throw this.#judge(error, call);
    }
    // Whoever reads the body sees its error; when nobody reads it any more, it must not end the process.
    answer.body.on("error", () => undefined);
    // 'close' follows the end, an error and a destroy alike.
    answer.body.once("close", () => {
      this.#inFlight -= 1;
    });
    return answer;
  }

  async stop(): Promise<void> {
    await this.#pool.destroy();
  }

  async #inTime(call: UpstreamCall): Promise<UpstreamAnswer> {
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(new HeadTimeout()), call.headTimeoutMs);
    const signal = call.signal === undefined ? timeout.signal : AbortSignal.any([call.signal, timeout.signal]);
    try {
      return await this.#withRetries(call, signal);
    } finally {
      clearTimeout(timer);
    }
  }

  async #withRetries(call: UpstreamCall, signal: AbortSignal): Promise<UpstreamAnswer> {
    for (const waitMs of call.repeatable ? RETRY_AFTER_MS : []) {
      try {
        return await this.#once(call, signal);
      } catch (error) {
        if (signal.aborted || !connectionBroke(error)) throw error;
        await delay(waitMs * (0.5 + Math.random()), undefined, { signal });
      }
    }
    return await this.#once(call, signal);
  }

  async #once(call: UpstreamCall, signal: AbortSignal): Promise<UpstreamAnswer> {
    const { statusCode, headers, trailers, body } = await this.#pool.request({
      method: call.method as Dispatcher.HttpMethod,
      path: call.path,
      headers: call.headers,
      body: call.body ?? null,
      signal,
      headersTimeout: 0,
      bodyTimeout: call.idleTimeoutMs ?? 30_000,
    });
    return { status: statusCode, headers, trailers, body };
  }

  #judge(error: unknown, call: UpstreamCall): unknown {
    if (call.signal?.aborted === true || error instanceof Refusal) {
      this.#circuit.unknown();
      return error;
    }
    if (error instanceof HeadTimeout) {
      this.#circuit.failed();
      return new Refusal("upstream_timeout", { details: { part: this.name }, cause: error });
    }
    this.#circuit.failed();
    this.#log.warn({ err: error, upstream: this.name, path: call.path }, "upstream call failed");
    if (neverArrived(error)) return this.#unavailable(error);
    return new Refusal(connectionBroke(error) ? "upstream_unavailable" : "upstream_failed", {
      details: { part: this.name },
      cause: error,
    });
  }

  #unavailable(cause: unknown): Refusal {
    return new Refusal("upstream_unavailable", {
      message: `${this.name} cannot be reached`,
      details: { part: this.name },
      retryAfterSeconds: 1,
      cause,
    });
  }
}

class HeadTimeout extends Error {}

const NO_CONNECTION = new Set([
  "ECONNREFUSED",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ETIMEDOUT",
  "UND_ERR_CONNECT_TIMEOUT",
]);

/** The request can't have been seen by the upstream. */
function neverArrived(error: unknown): boolean {
  const code = codeOf(error) ?? codeOf(error instanceof AggregateError ? error.errors[0] : undefined);
  return code !== undefined && NO_CONNECTION.has(code);
}

/** No answer, and maybe it was seen. */
function connectionBroke(error: unknown): boolean {
  if (neverArrived(error)) return true;
  const code = codeOf(error);
  return code === "ECONNRESET" || code === "EPIPE" || code === "UND_ERR_SOCKET" || code === "UND_ERR_DESTROYED";
}
