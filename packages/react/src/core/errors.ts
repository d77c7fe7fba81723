import type { CreditsErrorLike } from "./types.ts";

interface Facts {
  readonly status?: number;
  readonly action?: string | null;
  readonly retryAfterSeconds?: number | null;
  readonly idempotencyKey?: string | null;
  readonly problem?: Readonly<Record<string, unknown>> | null;
}

/** Every failure of the store. `code` is stable: the API's own, or one of this package (see CreditsErrorLike). */
export class CreditsError extends Error implements CreditsErrorLike {
  override readonly name = "CreditsError";
  readonly code: string;
  readonly status: number;
  readonly action: string | null;
  readonly retryAfterSeconds: number | null;
  readonly idempotencyKey: string | null;
  readonly problem: Readonly<Record<string, unknown>> | null;

  constructor(code: string, message: string, facts: Facts = {}) {
    super(message);
    this.code = code;
    this.status = facts.status ?? 0;
    this.action = facts.action ?? null;
    this.retryAfterSeconds = facts.retryAfterSeconds ?? null;
    this.idempotencyKey = facts.idempotencyKey ?? null;
    this.problem = facts.problem ?? null;
  }

  withKey(idempotencyKey: string): CreditsError {
    return new CreditsError(this.code, this.message, { ...this, idempotencyKey });
  }
}

export function signedOut(): CreditsError {
  return new CreditsError("signed_out", "Nobody is signed in");
}

/** What a refused or broken call says, as an error of ours. */
export function asError(error: unknown): CreditsError {
  if (error instanceof CreditsError) return error;
  return new CreditsError("network_failed", error instanceof Error ? error.message : String(error));
}
