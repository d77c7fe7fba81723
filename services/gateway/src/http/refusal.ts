import { CodedError, type CodedErrorOptions } from "@stipend/platform/errors/coded";

export interface RefusalOptions extends CodedErrorOptions {
  /** Headers of the answer beside the problem's own: WWW-Authenticate, Allow, RateLimit … */
  readonly headers?: Readonly<Record<string, string>>;
}

/** The gateway says no, or can't. The status stands in the table of problems. */
export class Refusal extends CodedError {
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: string, options: RefusalOptions = {}) {
    super(code, options);
    this.headers = options.headers ?? {};
  }
}
