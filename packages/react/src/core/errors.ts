import type { CreditsErrorLike } from "./types.ts";

type Facts = Partial<Omit<CreditsErrorLike, keyof Error | "code">>;

const NO_FACTS: Required<Facts> = {
  status: 0,
  action: null,
  retryAfterSeconds: null,
  idempotencyKey: null,
  problem: null,
};

/** Every failure of the store. `code` is stable: the API's own, or one of this package (see CreditsErrorLike). */
export class CreditsError extends Error implements CreditsErrorLike {
  override readonly name = "CreditsError";
  readonly code: string;
  declare readonly status: number;
  declare readonly action: string | null;
  declare readonly retryAfterSeconds: number | null;
  declare readonly idempotencyKey: string | null;
  declare readonly problem: Readonly<Record<string, unknown>> | null;

  constructor(code: string, message: string, facts?: Facts) {
    super(message);
    this.code = code;
    Object.assign(this, NO_FACTS, facts);
  }
}

export function signedOut(): CreditsError {
  return new CreditsError("signed_out", "Nobody is signed in");
}

/** An answer that is not what its route promises. */
export function unreadable(): CreditsError {
  return new CreditsError("answer_unreadable", "The answer can't be read");
}

/** What could be read. @throws CreditsError answer_unreadable for undefined */
export function readable<T>(value: T | undefined): T {
  if (value === undefined) throw unreadable();
  return value;
}

/** What a refused or broken call says, as an error of ours. */
export function asError(error: unknown): CreditsError {
  return error instanceof CreditsError ? error : new CreditsError("network_failed", String(error));
}
