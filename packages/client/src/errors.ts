import type { DetailsByCode } from "../gen/details.ts";
import type { Schemas } from "./types.ts";

/** Every code of the API, as this version of it knows them. */
export type ProblemCode = Schemas["Problem"]["code"];

/** Whatever ends a call without its answer. */
export abstract class StipendError extends Error {
  /** Stable; decide by it, never by the message. */
  abstract readonly code: string;
  /** Idempotency-Key of the request: send it again with this one, and nothing happens twice. */
  readonly key: string | undefined;

  constructor(message: string, options: ErrorOptions & { readonly key?: string | undefined } = {}) {
    super(message, options);
    this.name = new.target.name;
    this.key = options.key;
  }
}

const STANDARD = new Set(["type", "title", "status", "code", "detail", "action", "requestId"]);

/** The API said no: RFC 9457 problem details. */
export class ApiProblem extends StipendError {
  /** A newer server may know codes that are not in ProblemCode: a default branch belongs to every switch. */
  readonly code: ProblemCode;
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  /** What to do about it, for people. */
  readonly action: string;
  readonly requestId: string | undefined;
  /** From Retry-After. */
  readonly retryAfterSeconds: number | undefined;
  /** What this code tells besides: `shortfall` of insufficient_credits, `errors` of validation_failed … */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    problem: Schemas["Problem"],
    options: { readonly key: string | undefined; readonly retryAfterSeconds: number | undefined },
  ) {
    super(`${problem.code}: ${problem.detail}`, options);
    this.code = problem.code;
    this.status = problem.status;
    this.title = problem.title;
    this.detail = problem.detail;
    this.action = problem.action;
    this.requestId = problem.requestId;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.details = Object.fromEntries(Object.entries(problem).filter(([name]) => !STANDARD.has(name)));
  }

  /** Whether it is this one; then `details` has the members that the code promises. */
  is<C extends ProblemCode>(code: C): this is ProblemOf<C> {
    return this.code === code;
  }
}

export type ProblemOf<C extends ProblemCode> = ApiProblem & {
  readonly code: C;
  readonly details: C extends keyof DetailsByCode ? DetailsByCode[C] : unknown;
};

/** There was no answer, or it broke off: what was asked for may have been done. */
export class NoAnswer extends StipendError {
  readonly code = "no_answer";
}

/** Something answered that is not this API: a proxy's error page, a wrong address. */
export class UnexpectedAnswer extends StipendError {
  readonly code = "unexpected_answer";
  readonly status: number;

  constructor(message: string, options: ErrorOptions & { readonly status: number; readonly key: string | undefined }) {
    super(message, options);
    this.status = options.status;
  }
}

/** The caller's own signal ended the call. What was asked for may have been done. */
export class Cancelled extends StipendError {
  readonly code = "cancelled";
}
