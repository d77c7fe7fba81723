import { asError, CreditsError, signedOut, unreadable } from "./errors.ts";
import { isRecord } from "./read.ts";
import { aborted, after, pause } from "./time.ts";
import type { Environment, RequestOptions, Session } from "./types.ts";

const PATIENCE_MS = 30_000;
/** Waits between the tries of a spend whose answer was lost. */
const TRIES_MS = [300, 1_000, 3_000];
/** Codes and statuses after which it is not known whether it was done, or it may be done now. */
const PASSING = /^(network_failed|answer_unreadable|request_in_progress|429|50[234])$/;
/** Nobody who spends waits longer for a server that says when to come again. */
const MAX_RETRY_AFTER_S = 5;

/** Somebody's session, until `signal` aborts. */
export interface Caller extends Session {
  readonly signal: AbortSignal;
}

export interface Answer {
  readonly body: unknown;
  readonly headers: Headers;
}

/** Calls of the API as one user. The token goes in a header, never in a URL, and nowhere else than to the API. */
export class Api {
  readonly #env: Environment;
  readonly #baseUrl: string;

  constructor(env: Environment, baseUrl: string) {
    this.#env = env;
    this.#baseUrl = baseUrl.replace(/\/+$/, "");
  }

  /** Body and head of a good answer. @throws CreditsError */
  async call(caller: Caller, path: string, options: RequestOptions = {}): Promise<Answer> {
    const signal = after(this.#env, PATIENCE_MS, caller.signal, options.signal ?? caller.signal);
    try {
      const response = await this.open(caller, path, { ...options, signal });
      const answer = { body: await bodyOf(response), headers: response.headers };
      caller.signal.throwIfAborted();
      return answer;
    } catch (error) {
      throw caller.signal.aborted ? signedOut() : asError(error);
    }
  }

  /** Repeats with the same key while it is not known whether the server did it. @throws CreditsError */
  async spend(caller: Caller, path: string, options: RequestOptions): Promise<unknown> {
    for (const wait of [...TRIES_MS, undefined]) {
      try {
        return (await this.call(caller, path, options)).body;
      } catch (error) {
        const { code, status, retryAfterSeconds } = error as CreditsError;
        const asked = retryAfterSeconds ?? 0;
        if (!wait || !(PASSING.test(code) || PASSING.test(`${status}`)) || asked > MAX_RETRY_AFTER_S) throw error;
        await pause(this.#env, Math.max(wait, asked * 1_000), caller.signal);
      }
    }
    throw signedOut();
  }

  /** A good answer whose body was not read. A token that was refused is asked for anew, once. @throws CreditsError */
  async open(caller: Caller, path: string, options: RequestOptions & { signal: AbortSignal }): Promise<Response> {
    if (!/^\/(?![/\\])/.test(path)) throw new CreditsError("path_refused", path);
    let response = await this.#fetch(caller, path, options, false);
    if (response.status === 401) response = await this.#fetch(caller, path, options, true);
    if (!response.ok) throw await problemOf(response);
    return response;
  }

  async #fetch(
    caller: Caller,
    path: string,
    { method, body, idempotencyKey, headers, signal }: RequestOptions & { signal: AbortSignal },
    refresh: boolean,
  ): Promise<Response> {
    const token = await Promise.race([tokenOf(caller, refresh), aborted(signal)]);
    signal.throwIfAborted();
    // Called as a function: browsers refuse a fetch with another `this`.
    const { fetch } = this.#env;
    return await fetch(this.#baseUrl + path, {
      method: method ?? (body === undefined ? "GET" : "POST"),
      headers: {
        accept: "application/json",
        ...headers,
        ...(body === undefined ? null : { "content-type": "application/json" }),
        ...(idempotencyKey && { "idempotency-key": idempotencyKey }),
        authorization: `Bearer ${token}`,
      },
      body: JSON.stringify(body) ?? null,
      cache: "no-store",
      // A redirect would carry the request, and a spend with it, to another place.
      redirect: "error",
      signal,
    });
  }
}

async function tokenOf({ getToken }: Session, refresh: boolean): Promise<string> {
  let reason: unknown = "There is no token";
  try {
    const token = await getToken({ refresh });
    if (token) return token;
  } catch (error) {
    reason = error;
  }
  throw new CreditsError("token_unavailable", String(reason), { status: 401 });
}

async function bodyOf(response: Response): Promise<unknown> {
  const text = await response.text();
  if (!/json/.test(response.headers.get("content-type") ?? "")) return text || undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw unreadable();
  }
}

async function problemOf(response: Response): Promise<CreditsError> {
  const { status, headers } = response;
  const body = await bodyOf(response).catch(() => null);
  const problem = isRecord(body) ? body : null;
  const say = (name: string): string | null => (typeof problem?.[name] === "string" ? problem[name] : null);
  const after = Number.parseInt(headers.get("retry-after") ?? "", 10);
  return new CreditsError(say("code") ?? `http_${status}`, say("detail") ?? say("title") ?? `HTTP ${status}`, {
    status,
    action: say("action"),
    retryAfterSeconds: after >= 0 ? after : null,
    problem,
  });
}
