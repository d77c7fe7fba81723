import { hash, randomUUID } from "node:crypto";

/** Attempts that one Idempotency-Key of a client may have. */
export const MAX_ATTEMPTS = 32;

/**
 * The key of the hold for one attempt at a call. The client's key names the call; an attempt that failed has used up
 * its hold, so the next attempt needs a hold, and a key, of its own. Made of a hash, so that whatever the client
 * sends fits, and no two features or users can meet.
 *
 * @param attempt from 1.
 */
export function holdKey(featureId: string, userId: string, clientKey: string, attempt: number): string {
  const digest = hash("sha256", JSON.stringify([featureId, userId, clientKey]), "base64url");
  return `feature/${digest}/${attempt}`;
}

/** Without a client's key each call is its own. */
export function freshHoldKey(): string {
  return `feature/${randomUUID()}`;
}
