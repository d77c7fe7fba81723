import type { z } from "zod";

/** The answer of one call: the body parsed when it is JSON, the text otherwise. */
export interface Answer {
  readonly call: string;
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

export interface CallOptions {
  readonly body?: unknown;
  /** Sent as it is instead of `body`. */
  readonly rawBody?: string | Uint8Array;
  /** Idempotency-Key. */
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export type Method = "GET" | "POST" | "PUT" | "DELETE";

/** Nobody waits longer than this for any answer of the system. */
const PATIENCE_MS = 30_000;

/** Calls the gateway as one person. Never repeats a call by itself. */
export class Client {
  readonly #baseUrl: string;
  readonly #token: string | undefined;

  constructor(baseUrl: string, token?: string) {
    this.#baseUrl = baseUrl;
    this.#token = token;
  }

  get(path: string, options: CallOptions = {}): Promise<Answer> {
    return this.call("GET", path, options);
  }

  post(path: string, body: unknown, options: CallOptions = {}): Promise<Answer> {
    return this.call("POST", path, { ...options, body });
  }

  put(path: string, body: unknown, options: CallOptions = {}): Promise<Answer> {
    return this.call("PUT", path, { ...options, body });
  }

  delete(path: string, body: unknown, options: CallOptions = {}): Promise<Answer> {
    return this.call("DELETE", path, { ...options, body });
  }

  async call(method: Method, path: string, options: CallOptions = {}): Promise<Answer> {
    const timeout = AbortSignal.timeout(PATIENCE_MS);
    const response = await fetch(`${this.#baseUrl}${path}`, {
      method,
      headers: this.#headers(options),
      body: bodyOf(options),
      signal: options.signal === undefined ? timeout : AbortSignal.any([options.signal, timeout]),
    });
    const text = await response.text();
    return {
      call: `${method} ${path}`,
      status: response.status,
      headers: response.headers,
      body: /json/.test(response.headers.get("content-type") ?? "") ? parse(text) : text,
    };
  }

  #headers(options: CallOptions): Record<string, string> {
    const hasBody = options.body !== undefined || options.rawBody !== undefined;
    return {
      ...(hasBody ? { "content-type": "application/json" } : {}),
      ...(this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` }),
      ...(options.key === undefined ? {} : { "idempotency-key": options.key }),
      ...options.headers,
    };
  }
}

function bodyOf(options: CallOptions): string | Uint8Array<ArrayBuffer> | null {
  if (typeof options.rawBody === "string") return options.rawBody;
  if (options.rawBody !== undefined) return new Uint8Array(options.rawBody);
  return options.body === undefined ? null : JSON.stringify(options.body);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The body of an answer that has to have this status and shape. */
export function expectBody<T extends z.ZodType>(answer: Answer, schema: T, status = 200): z.output<T> {
  if (answer.status !== status) {
    throw new Error(`${answer.call} answered ${answer.status} instead of ${status}: ${JSON.stringify(answer.body)}`);
  }
  const parsed = schema.safeParse(answer.body);
  if (!parsed.success) {
    throw new Error(`${answer.call} answered another shape: ${parsed.error.message} in ${JSON.stringify(answer.body)}`);
  }
  return parsed.data;
}
