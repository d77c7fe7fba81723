import type { Session } from "../session/session.ts";
import { ApiProblem } from "./problem.ts";

export type Query = Readonly<Record<string, string | number | undefined>>;

export interface WriteOptions {
  /** Idempotency-Key: one for each operation, the same for each retry of it. */
  readonly key?: string;
  /** The version that was read: refused with version_conflict or precondition_failed when it is no longer the newest. */
  readonly ifMatch?: number;
}

export interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

/** Nobody looks at a spinner longer than this. */
const TIMEOUT_MS = 30_000;

/** Calls the gateway that served this page. Every refusal and every broken connection is an ApiProblem. */
export class Api {
  readonly #getToken: Session["getToken"];

  constructor({ getToken }: Pick<Session, "getToken">) {
    this.#getToken = getToken;
  }

  async get<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
    return (await this.call<T>("GET", withQuery(path, query), undefined, {}, signal)).body;
  }

  post<T>(path: string, body: unknown, options: WriteOptions = {}): Promise<Answer<T>> {
    return this.call<T>("POST", path, body, options);
  }

  put<T>(path: string, body: unknown, options: WriteOptions = {}): Promise<Answer<T>> {
    return this.call<T>("PUT", path, body, options);
  }

  delete<T>(path: string, body: unknown, options: WriteOptions = {}): Promise<Answer<T>> {
    return this.call<T>("DELETE", path, body, options);
  }

  /** A file, with the token in a header as always: a link can't carry one. */
  async download(path: string, query: Query, name: string): Promise<void> {
    const response = await this.#send("GET", withQuery(path, query), undefined, {});
    const url = URL.createObjectURL(await response.blob());
    const link = document.createElement("a");
    link.href = url;
    link.download = name;
    link.click();
    URL.revokeObjectURL(url);
  }

  async call<T>(
    method: string,
    path: string,
    body: unknown,
    options: WriteOptions,
    signal?: AbortSignal,
  ): Promise<Answer<T>> {
    const response = await this.#send(method, path, body, options, signal);
    const text = await response.text().catch(() => "");
    return { status: response.status, headers: response.headers, body: (text === "" ? null : parse(text)) as T };
  }

  /** A refused token is asked for anew, once. */
  async #send(...call: Call): Promise<Response> {
    const first = await this.#fetch(await this.#getToken(), ...call);
    if (first.status !== 401) return await accepted(first);
    const token = await this.#getToken({ refresh: true });
    return await accepted(token === undefined ? first : await this.#fetch(token, ...call));
  }

  async #fetch(token: string | undefined, ...[method, path, body, options, signal]: Call): Promise<Response> {
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    const request: RequestInit = {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(options.key === undefined ? {} : { "idempotency-key": options.key }),
        ...(options.ifMatch === undefined ? {} : { "if-match": `"${options.ifMatch}"` }),
      },
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    };
    return await fetch(path, request).catch((error: unknown) => {
      if (signal?.aborted === true) throw error;
      throw new ApiProblem(0, { detail: error instanceof Error ? error.message : String(error) });
    });
  }
}

type Call = [method: string, path: string, body: unknown, options: WriteOptions, signal?: AbortSignal];

/** @throws ApiProblem for a refusal. */
async function accepted(response: Response): Promise<Response> {
  if (response.ok) return response;
  const problem = parse(await response.text().catch(() => ""));
  throw new ApiProblem(response.status, isRecord(problem) ? problem : {});
}

export function newKey(): string {
  return `web-${crypto.randomUUID()}`;
}

function withQuery(path: string, query: Query): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return text === "" ? path : `${path}?${text}`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
