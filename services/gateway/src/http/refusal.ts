import { CodedError, type CodedErrorOptions } from "@stipend/platform/errors/coded";
import type { platformProblems } from "@stipend/platform/http/problems";
import type { gatewayProblems } from "@stipend/proto/http/gateway-problems";

/** Codes the gateway may answer: each stands in a table with its status. */
export type RefusalCode = keyof typeof platformProblems | keyof typeof gatewayProblems;

export interface RefusalOptions extends CodedErrorOptions {
  /** Headers of the answer beside the problem's own: WWW-Authenticate, Allow, RateLimit … */
  readonly headers?: Readonly<Record<string, string>>;
}

/** The gateway says no, or can't. The status stands in the table of problems. */
export class Refusal extends CodedError {
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: RefusalCode, options: RefusalOptions = {}) {
    super(code, options);
    this.headers = options.headers ?? {};
  }
}
