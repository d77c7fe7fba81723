import { asError, CreditsError, signedOut } from "./errors.ts";
import { isRecord } from "./read.ts";
import { deadline, pause, unlessAborted } from "./time.ts";
import type { Environment, GetToken, RequestOptions } from "./types.ts";

const PATIENCE_MS = 30_000;
/** Waits between the tries of a spend whose answer was lost. */
const TRIES_MS = [300, 1_000, 3_000];
/** Nobody who spends waits longer for a server that says when to come again. */
const MAX_RETRY_AFTER_MS = 5_000;

/** Somebody's session, until `signal` aborts. */
export interface Caller {
  readonly userId: string;
  getToken: GetToken;
  readonly signal: AbortSignal;
}

/** Calls of the API as one user. The token goes in a header, never in a URL, and nowhere else than to the API. */
export class Api {
  readonly #env: Environment;
  readonly #baseUrl: string;

  constructor(env: Environment, baseUrl: string) {
    this.#env = env;
    this.#baseUrl = baseUrl.replace(/\/+$/, "");
  }

  /** The parsed body. @throws CreditsError */
  async json(caller: Caller, path: string, options: RequestOptions = {}): Promise<unknown> {
    return (await this.call(caller, path, options)).body;
  }

  /** Body and head of a good answer. @throws CreditsError */
  async call(
    caller: Caller,
    path: string,
    options: RequestOptions = {},
  ): Promise<{ readonly body: unknown; readonly headers: Headers }> {
    const limit = deadline(this.#env, PATIENCE_MS, [caller.signal, options.signal]);
    try {
      const response = await this.open(caller, path, { ...options, signal: limit.signal });
      const body = await bodyOf(response);
      if (caller.signal.aborted) throw signedOut();
      return { body, headers: response.headers };
    } catch (error) {
      throw caller.signal.aborted ? signedOut() : asError(error);
    } finally {
      limit.end();
    }
  }

  /** Repeats with the same key while it is not known whether the server did it. @throws CreditsError with the key */
  async spend(caller: Caller, path: string, options: RequestOptions & { idempotencyKey: string }): Promise<unknown> {
    for (let tried = 0; ; tried += 1) {
      try {
        return await this.json(caller, path, options);
      } catch (error) {
        const failed = asError(error);
        const wait = waitFor(failed, TRIES_MS[tried]);
        if (wait === undefined || options.signal?.aborted) throw failed.withKey(options.idempotencyKey);
        await pause(this.#env, wait, caller.signal);
      }
    }
  }

  /** A good answer whose body was not read. A token that was refused is asked for anew, once. @throws CreditsError */
  async open(caller: Caller, path: string, options: RequestOptions): Promise<Response> {
    if (!/^\/(?![/\\])/.test(path)) throw new CreditsError("path_refused", `Not a path of the API: ${path}`);
    let response = await this.#fetch(caller, path, options, false);
    if (response.status === 401) response = await this.#fetch(caller, path, options, true);
    if (!response.ok) throw await problemOf(response);
    return response;
  }

  async #fetch(caller: Caller, path: string, options: RequestOptions, refresh: boolean): Promise<Response> {
    const token = await this.#token(caller, options.signal ?? caller.signal, refresh);
    if (caller.signal.aborted) throw signedOut();
    const hasBody = options.body !== undefined;
    const { fetch } = this.#env;
    return await fetch(this.#baseUrl + path, {
      method: options.method ?? (hasBody ? "POST" : "GET"),
      headers: {
        accept: "application/json",
        ...options.headers,
        ...(hasBody ? { "content-type": "application/json" } : {}),
        ...(options.idempotencyKey === undefined ? {} : { "idempotency-key": options.idempotencyKey }),
        authorization: `Bearer ${token}`,
      },
      cache: "no-store",
      // A redirect would carry the request, and a spend with it, to another place.
      redirect: "error",
      ...(hasBody ? { body: JSON.stringify(options.body) } : {}),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
  }

  async #token(caller: Caller, signal: AbortSignal, refresh: boolean): Promise<string> {
    let reason = "There is no token";
    try {
      const token = await unlessAborted(caller.getToken({ refresh }), signal);
      if (token) return token;
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
    }
    throw new CreditsError("token_unavailable", reason, { status: 401 });
  }
}

/** Milliseconds until a repeat may help; undefined when it would not, or enough was tried. */
function waitFor(error: CreditsError, planned: number | undefined): number | undefined {
  const lost = error.code === "network_failed" || error.code === "answer_unreadable";
  const passing = [429, 502, 503, 504].includes(error.status) || error.code === "request_in_progress";
  if (planned === undefined || !(lost || passing)) return undefined;
  const asked = (error.retryAfterSeconds ?? 0) * 1_000;
  return asked > MAX_RETRY_AFTER_MS ? undefined : Math.max(planned, asked);
}

async function bodyOf(response: Response): Promise<unknown> {
  if (response.status === 204) return undefined;
  const text = await response.text();
  if (!/\bjson\b/.test(response.headers.get("content-type") ?? "")) return text;
  try {
    return JSON.parse(text);
  } catch {
    throw new CreditsError("answer_unreadable", "The answer is no JSON", { status: response.status });
  }
}

async function problemOf(response: Response): Promise<CreditsError> {
  const body = await bodyOf(response).catch(() => undefined);
  const problem = isRecord(body) ? body : null;
  const text = (name: string): string | undefined =>
    typeof problem?.[name] === "string" ? (problem[name] as string) : undefined;
  const after = Number(response.headers.get("retry-after") ?? Number.NaN);
  return new CreditsError(
    text("code") ?? `http_${response.status}`,
    text("detail") ?? text("title") ?? `The server answered ${response.status}`,
    {
      status: response.status,
      action: text("action") ?? null,
      retryAfterSeconds: Number.isFinite(after) && after >= 0 ? after : null,
      problem,
    },
  );
}
