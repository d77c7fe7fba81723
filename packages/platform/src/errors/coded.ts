/** Fields of an error that are safe to show to the caller. */
export type ErrorDetails = Readonly<Record<string, unknown>>;

export interface CodedErrorOptions {
  /** What went wrong this time, for a person; never a secret, never SQL. */
  readonly message?: string;
  readonly details?: ErrorDetails;
  readonly cause?: unknown;
  /** When trying again makes sense: answered as Retry-After. Whole seconds, at least 1. */
  readonly retryAfterSeconds?: number;
}

/**
 * An error with a stable snake_case code. It knows nothing of HTTP: the status of a code stands in one table at
 * the edge (http/problems.ts for the platform's codes, the services' own table for the domain's).
 */
export class CodedError extends Error {
  readonly code: string;
  readonly details: ErrorDetails;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: string, options: CodedErrorOptions = {}) {
    super(options.message ?? code, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.details = options.details ?? {};
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

/** Something this process needs is away; the same call may succeed later. */
export class ServiceUnavailable extends CodedError {
  constructor(code: string, options: CodedErrorOptions = {}) {
    super(code, { retryAfterSeconds: 1, ...options });
  }
}

/** The code of anything thrown, or undefined when it carries none. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
