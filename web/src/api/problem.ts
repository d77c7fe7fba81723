/** A refusal of the API (RFC 9457). Decide by `code`; words are for people and may change. */
export class ApiProblem extends Error {
  readonly code: string;
  /** 0: no answer came. */
  readonly status: number;
  readonly requestId: string | undefined;
  /** Everything the problem says: shortfall, errors, options … */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(status: number, body: Readonly<Record<string, unknown>>) {
    const text = (name: string): string | undefined => {
      const value = body[name];
      return typeof value === "string" ? value : undefined;
    };
    super(text("detail") ?? text("title") ?? `status ${status}`);
    this.name = "ApiProblem";
    this.status = status;
    this.code = text("code") ?? (status === 0 ? "network_failed" : "internal_error");
    this.requestId = text("requestId");
    this.details = body;
  }
}

/** What went wrong, whatever was thrown: a broken connection becomes the code `network_failed`. */
export function problemOf(error: unknown): ApiProblem {
  if (error instanceof ApiProblem) return error;
  if (isCreditsError(error))
    return new ApiProblem(error.status, { detail: error.message, ...error.problem, code: error.code });
  return new ApiProblem(0, { detail: error instanceof Error ? error.message : String(error) });
}

/** What @stipend/react throws: the same facts in fields of their own. */
function isCreditsError(error: unknown): error is Error & {
  readonly code: string;
  readonly status: number;
  readonly problem: Readonly<Record<string, unknown>> | null;
} {
  return error instanceof Error && "code" in error && "status" in error && "problem" in error;
}
