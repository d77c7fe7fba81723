import { readError } from "./answers.ts";
import { ApiProblem, Cancelled, NoAnswer, StipendError, UnexpectedAnswer } from "./errors.ts";
import { pause } from "./pause.ts";
import { didNothing, pauseBeforeRetry, type RetryPolicy } from "./retries.ts";
import type { Verb } from "./types.ts";

/** A token, or where to get one. The reason is "expired" when the one before was refused for its age. */
export type TokenSource = string | ((reason: "first" | "expired") => string | Promise<string>);

export interface TransportOptions {
  readonly fetch: typeof fetch;
  readonly token: TokenSource | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly retries: RetryPolicy;
}

/** A request as it can be sent any number of times. */
export interface Outgoing {
  readonly verb: Verb;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly json?: string;
  readonly key: string | undefined;
  /**
   * When it may be sent again. "safe": doing it twice is doing it once; "not_begun": only where the API says that it did
   * nothing; "never": the caller goes on by itself.
   */
  readonly again: "safe" | "not_begun" | "never";
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

export interface Opened {
  readonly response: Response;
  readonly key: string | undefined;
}

/** Sends requests: token, Idempotency-Key, timeout, and again where that is safe. */
export class Transport {
  readonly #options: TransportOptions;
  #token: string | undefined;

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  /**
   * @param read the good answer; an answer that breaks off counts as none, so the request may be sent again.
   * @throws StipendError.
   */
  send<T>(request: Outgoing, read: (response: Response, key: string | undefined) => Promise<T>): Promise<T> {
    return this.#repeat(request, (signal) => this.#withToken(request, signal, read));
  }

  /** The answer's head; its body is the caller's to read, without a timeout. @throws StipendError. */
  open(request: Outgoing): Promise<Opened> {
    return this.#repeat(request, async (signal, headArrived) => {
      const opened = await this.#withToken(request, signal, (response, key) => Promise.resolve({ response, key }));
      headArrived();
      return opened;
    });
  }

  async #repeat<T>(
    request: Outgoing,
    attempt: (signal: AbortSignal, headArrived: () => void) => Promise<T>,
  ): Promise<T> {
    const began = performance.now();
    for (let failed = 1; ; failed += 1) {
      const clock = new AttemptClock(request.timeoutMs ?? this.#options.timeoutMs, request.signal);
      let error: StipendError;
      try {
        return await attempt(clock.signal, () => clock.stop());
      } catch (cause) {
        error = this.#nameOf(cause, request, clock);
      } finally {
        clock.stop();
      }
      const again = request.again === "safe" || (request.again === "not_begun" && didNothing(error));
      const spentMs = performance.now() - began;
      const ms = again ? pauseBeforeRetry(error, failed, this.#options.retries, Math.random(), spentMs) : undefined;
      if (ms === undefined) throw error;
      await pause(ms, request.signal);
    }
  }

  #nameOf(cause: unknown, { verb, url, key, signal }: Outgoing, clock: AttemptClock): StipendError {
    if (cause instanceof StipendError) return cause;
    const what = `${verb.toUpperCase()} ${url}`;
    if (signal?.aborted === true) return new Cancelled(`${what} was cancelled`, { key, cause });
    const why = clock.timedOut ? "took too long" : "got no answer";
    return new NoAnswer(`${what} ${why}`, { key, cause });
  }

  /** A token that has run out since it was fetched is replaced once; the refused request did nothing. */
  async #withToken<T>(
    request: Outgoing,
    signal: AbortSignal,
    read: (response: Response, key: string | undefined) => Promise<T>,
  ): Promise<T> {
    try {
      return await this.#once(request, signal, read, "first");
    } catch (error) {
      const expired = error instanceof ApiProblem && error.code === "token_expired";
      if (!expired || typeof this.#options.token !== "function") throw error;
      return await this.#once(request, signal, read, "expired");
    }
  }

  async #once<T>(
    request: Outgoing,
    signal: AbortSignal,
    read: (response: Response, key: string | undefined) => Promise<T>,
    reason: "first" | "expired",
  ): Promise<T> {
    const { verb, url, json, key } = request;
    const token = await this.#tokenFor(reason);
    const response = await this.#options.fetch(url, {
      method: verb.toUpperCase(),
      headers: {
        accept: "application/json, */*;q=0.5",
        ...this.#options.headers,
        ...(json === undefined ? {} : { "content-type": "application/json" }),
        ...(key === undefined ? {} : { "idempotency-key": key }),
        ...request.headers,
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(json === undefined ? {} : { body: json }),
      signal,
      // A redirect would carry the token to another place; this API never answers one.
      redirect: "manual",
    });
    if (isRedirect(response)) {
      const message = `${url} redirects elsewhere, where the token must not go: is the address right?`;
      throw new UnexpectedAnswer(message, { status: response.status, key });
    }
    if (!response.ok) throw await readError(response, key);
    return await read(response, key);
  }

  async #tokenFor(reason: "first" | "expired"): Promise<string | undefined> {
    const { token } = this.#options;
    if (typeof token !== "function") return token;
    if (reason === "expired" || this.#token === undefined) this.#token = await token(reason);
    return this.#token;
  }
}

/** A browser tells of a redirect no more than that there is one, with status 0. */
function isRedirect({ type, status }: Response): boolean {
  return type === "opaqueredirect" || (status >= 300 && status < 400 && status !== 304);
}

/** Ends an attempt when its time is over or the caller says so. */
class AttemptClock {
  readonly signal: AbortSignal;
  readonly #timer: ReturnType<typeof setTimeout>;
  #timedOut = false;

  constructor(timeoutMs: number, callers: AbortSignal | undefined) {
    const timeout = new AbortController();
    this.#timer = setTimeout(() => {
      this.#timedOut = true;
      timeout.abort();
    }, timeoutMs);
    this.signal = callers === undefined ? timeout.signal : AbortSignal.any([callers, timeout.signal]);
  }

  get timedOut(): boolean {
    return this.#timedOut;
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
