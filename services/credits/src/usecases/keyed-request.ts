import type { Keyed } from "../domain/ledger/operation.ts";
import { requestHash } from "../domain/request-hash.ts";

/**
 * What makes a request the same one when it comes again: its key, and a hash over all it asks for. The same fields must
 * go in wherever the same operation comes from, so that a batch item replays a single call.
 */
export function keyedRequest(operation: string, key: string, request: Parameters<typeof requestHash>[1]): Keyed {
  return { requestKey: key, requestHash: requestHash(operation, request) };
}

/** A gift has no payment; its reference is made of the user and the request's key, so that a repeat is the same gift. */
export function giftReference(userId: string, key: string): string {
  return `gift:${requestHash("gift", { userId, key })}`;
}
