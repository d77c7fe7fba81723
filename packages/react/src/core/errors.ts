import type { CreditsErrorLike } from "./types.ts";

type Facts = Partial<Omit<CreditsErrorLike, keyof Error | "code">>;

/** Every failure of the store. `code` is stable: the API's own, or one of this package (see CreditsErrorLike). */
export class CreditsError extends Error implements CreditsErrorLike {
  override readonly name = "CreditsError";
  readonly code: string;
  readonly status: number = 0;
  readonly action: string | null = null;
  readonly retryAfterSeconds: number | null = null;
  readonly idempotencyKey: string | null = null;
  readonly problem: Readonly<Record<string, unknown>> | null = null;

  constructor(code: string, message: string, facts?: Facts) {
    super(message);
    this.code = code;
    Object.assign(this, facts);
  }
}

export function signedOut(): CreditsError {
  return new CreditsError("signed_out", "Nobody is signed in");
}

/** An answer that is not what its route promises. */
export function unreadable(idempotencyKey: string | null = null): CreditsError {
  return new CreditsError("answer_unreadable", "The answer can't be read", { idempotencyKey });
}

/** What a refused or broken call says, as an error of ours. */
export function asError(error: unknown): CreditsError {
  return error instanceof CreditsError ? error : new CreditsError("network_failed", String(error));
}
