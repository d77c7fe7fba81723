import { createFinalURL, createQuerySerializer, defaultPathSerializer } from "openapi-fetch";
import { TAKES_KEY } from "../gen/keyed.ts";
import { readData } from "./answers.ts";
import {
  type EventOptions,
  type OpenStream,
  readEvents,
  type StaffEvent,
  type StipendEvent,
  type StreamOptions,
  staffEvent,
  stipendEvent,
} from "./events.ts";
import { DEFAULT_RETRIES, type RetryPolicy } from "./retries.ts";
import { type Outgoing, type TokenSource, Transport } from "./transport.ts";
import type { Answer, CallArguments, CallOptions, Data, Item, ListPath, Operation, PathOf, Verb } from "./types.ts";

export interface ClientOptions {
  /** Of the gateway: "https://credits.example.com". In a browser "" is the page's own origin. */
  readonly baseUrl: string;
  /** Left out: calls are made without a token. */
  readonly token?: TokenSource;
  /** For one attempt. Default 30,000 ms. */
  readonly timeoutMs?: number;
  readonly retries?: Partial<RetryPolicy>;
  /** Sent with every call. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Ends every call, besides the call's own: a program that is asked to stop. */
  readonly signal?: AbortSignal;
  /** Default: the global one. */
  readonly fetch?: typeof fetch;
}

/** What a metered feature answered, and what it cost. */
export interface FeatureAnswer extends Answer<unknown> {
  /** Credits; undefined when the answer was streamed (they come as trailers, which fetch does not show). */
  readonly charged: number | undefined;
  readonly remaining: number | undefined;
}

export interface FeatureCall extends CallOptions {
  /** Sent as JSON. */
  readonly body?: unknown;
}

interface AnyCall extends CallOptions {
  readonly path?: Readonly<Record<string, unknown>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

/** Each item of these carries a key of its own, so sending them again is as safe as for a single operation. */
const KEYED_INSIDE: ReadonlySet<string> = new Set([
  "POST /api/credits/batch",
  "POST /api/admin/credits/openings",
  "POST /api/admin/users/batch",
]);

const serializeQuery = createQuerySerializer<Record<string, unknown>>();

/**
 * The API of Stipend, typed by its OpenAPI document. A call resolves with a good answer and throws a StipendError for
 * everything else. Reads, and writes with an Idempotency-Key, are sent again when the connection broke or the API said
 * that it will pass; other writes only when the API said that it had not begun.
 */
export class StipendClient {
  readonly #baseUrl: string;
  readonly #transport: Transport;
  readonly #signal: AbortSignal | undefined;

  constructor(options: ClientOptions) {
    this.#baseUrl = options.baseUrl.replace(/\/+$/, "");
    this.#signal = options.signal;
    this.#transport = new Transport({
      fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
      token: options.token,
      headers: options.headers ?? {},
      timeoutMs: options.timeoutMs ?? 30_000,
      retries: { ...DEFAULT_RETRIES, ...options.retries },
    });
  }

  /** @throws ApiProblem, NoAnswer, UnexpectedAnswer, Cancelled; likewise the other methods. */
  get<P extends PathOf<"get">>(path: P, ...[call]: CallArguments<Operation<P, "get">>) {
    return this.#call("get", path, call) as Promise<Answer<Data<Operation<P, "get">>>>;
  }

  post<P extends PathOf<"post">>(path: P, ...[call]: CallArguments<Operation<P, "post">>) {
    return this.#call("post", path, call) as Promise<Answer<Data<Operation<P, "post">>>>;
  }

  put<P extends PathOf<"put">>(path: P, ...[call]: CallArguments<Operation<P, "put">>) {
    return this.#call("put", path, call) as Promise<Answer<Data<Operation<P, "put">>>>;
  }

  delete<P extends PathOf<"delete">>(path: P, ...[call]: CallArguments<Operation<P, "delete">>) {
    return this.#call("delete", path, call) as Promise<Answer<Data<Operation<P, "delete">>>>;
  }

  /** Every item of a list, page by page, newest first. Pages are fetched as the items are asked for. */
  async *each<P extends ListPath>(path: P, ...[call]: CallArguments<Operation<P, "get">>): AsyncGenerator<Item<P>> {
    const { query, ...rest }: AnyCall = call ?? {};
    for (let cursor: string | undefined; ; ) {
      const { data } = await this.#call("get", path, { ...rest, query: { ...query, ...(cursor ? { cursor } : {}) } });
      const page = data as { data: Item<P>[]; nextCursor: string | null };
      yield* page.data;
      if (page.nextCursor === null) return;
      cursor = page.nextCursor;
    }
  }

  /** The answer's body as it comes, for exports that are too large to hold: get "/api/credits/transactions.csv". */
  async stream<P extends PathOf<"get">>(
    path: P,
    ...[call]: CallArguments<Operation<P, "get">>
  ): Promise<Answer<ReadableStream<Uint8Array>>> {
    const { response, key } = await this.#transport.open(this.#outgoing("get", path, call));
    return answerOf(response, key, response.body ?? new ReadableStream());
  }

  /**
   * Calls a metered feature of deploy/features.yaml. With the key that is always sent, a call is never charged twice;
   * one whose answer was lost on the way back throws ApiProblem `already_served` when it is sent again.
   */
  async feature(verb: Verb, path: string, call: FeatureCall = {}): Promise<FeatureAnswer> {
    const outgoing = this.#outgoing(verb, path, { key: crypto.randomUUID(), ...call });
    const answer = await this.#transport.send({ ...outgoing, again: "safe" }, readAnswer);
    return {
      ...answer,
      charged: credits(answer.headers.get("stipend-credits-charged")),
      remaining: credits(answer.headers.get("stipend-credits-remaining")),
    };
  }

  /**
   * The caller's changes as they happen: first the present state, then every change, each with its whole state and a
   * version that only rises. Comes back by itself when the connection breaks, and goes on where it was. Ends when the
   * signal says so; throws ApiProblem when the API refuses for good.
   */
  events(options: EventOptions = {}): AsyncGenerator<StipendEvent> {
    return readEvents(this.#streamOf("/api/events"), stipendEvent, this.#bound(options));
  }

  /**
   * For consoles of support and admins: first every open alert, then what is raised, what is over and what admins do. After
   * a break it begins with the open alerts again, so none is missed. Ends and throws as `events` does.
   */
  staffEvents(options: StreamOptions = {}): AsyncGenerator<StaffEvent> {
    const open = this.#streamOf("/api/admin/events");
    return readEvents<StaffEvent & { readonly id?: never }>(open, staffEvent, this.#bound(options));
  }

  /** Ends with the client's own signal as well. */
  #bound<Options extends StreamOptions>(options: Options): Options {
    return { ...options, ...signalOf(this.#signal, options.signal) };
  }

  #streamOf(path: string): OpenStream {
    const target = { verb: "get", url: this.#baseUrl + path, again: "never", key: undefined } as const;
    return (headers, signal) => this.#transport.open({ ...target, headers, signal });
  }

  #call(verb: Verb, path: string, call: AnyCall = {}): Promise<Answer<unknown>> {
    return this.#transport.send(this.#outgoing(verb, path, call), readAnswer);
  }

  #outgoing(verb: Verb, path: string, call: AnyCall = {}): Outgoing {
    const operation = `${verb.toUpperCase()} ${path}`;
    const key = call.key ?? (TAKES_KEY.has(operation) ? crypto.randomUUID() : undefined);
    return {
      verb,
      url: createFinalURL(path, {
        baseUrl: this.#baseUrl,
        params: { path: { ...call.path }, query: { ...call.query } },
        querySerializer: serializeQuery,
        pathSerializer: defaultPathSerializer,
      }),
      headers: {
        ...(call.ifMatch === undefined ? {} : { "if-match": `"${call.ifMatch}"` }),
        ...call.headers,
      },
      key,
      again: verb === "get" || key !== undefined || KEYED_INSIDE.has(operation) ? "safe" : "not_begun",
      ...(call.body === undefined ? {} : { json: JSON.stringify(call.body) }),
      ...signalOf(this.#signal, call.signal),
      ...(call.timeoutMs === undefined ? {} : { timeoutMs: call.timeoutMs }),
    };
  }
}

async function readAnswer(response: Response, key: string | undefined): Promise<Answer<unknown>> {
  return answerOf(response, key, await readData(response, key));
}

function answerOf<T>(response: Response, key: string | undefined, data: T): Answer<T> {
  const replayed = response.headers.get("idempotent-replayed") === "true";
  return { status: response.status, headers: response.headers, data, key, replayed };
}

function signalOf(...signals: readonly (AbortSignal | undefined)[]): { readonly signal?: AbortSignal } {
  const given = signals.filter((signal) => signal !== undefined);
  if (given.length === 0) return {};
  return { signal: given.length === 1 && given[0] !== undefined ? given[0] : AbortSignal.any(given) };
}

function credits(text: string | null): number | undefined {
  return text === null || !/^\d{1,15}$/.test(text) ? undefined : Number(text);
}
