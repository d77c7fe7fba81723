import { defineProblems } from "./contract.ts";

/** Codes that any service may answer. Codes of the domain stand in proto/http/problems.ts. */
export const platformProblems = defineProblems({
  malformed_json: {
    status: 400,
    title: "The body is not valid JSON",
    action: "Send one JSON object in UTF-8.",
  },
  validation_failed: {
    status: 400,
    title: "The request does not fit the contract",
    action: "Correct the fields listed in errors; fields that the contract does not name are refused.",
  },
  invalid_cursor: {
    status: 400,
    title: "The cursor is not one of ours",
    action: "Send nextCursor of the previous page unchanged, with the same filters, or leave cursor out to begin anew.",
  },
  malformed_request: {
    status: 400,
    title: "The request cannot be read",
    action: "Check the request's path, headers and body.",
  },
  idempotency_key_required: {
    status: 400,
    title: "This call needs an Idempotency-Key header",
    action:
      "Send Idempotency-Key with a value of your own that is new for each operation and the same for each retry of it.",
  },
  idempotency_key_invalid: {
    status: 400,
    title: "The Idempotency-Key header cannot be used",
    action: "Send exactly one Idempotency-Key header of 1 to 255 printable ASCII characters.",
  },
  internal_token_required: {
    status: 401,
    title: "Only other services of this system may call this address",
    action: "Call through the gateway.",
  },
  token_invalid: {
    status: 401,
    title: "The token is missing or not valid",
    action: "Send Authorization: Bearer with a token that is current and meant for this system.",
  },
  role_required: {
    status: 403,
    title: "The caller may not do this",
    action: "Use a token that carries one of the roles in details.",
  },
  forbidden: {
    status: 403,
    title: "The caller may not do this",
    action: "Act on your own account, or use a token with the needed role.",
  },
  not_found: {
    status: 404,
    title: "There is nothing at this address",
    action: "Check the path; /api/docs lists every call.",
  },
  method_not_allowed: {
    status: 405,
    title: "This address does not take this method",
    action: "Use one of the methods in the Allow header.",
  },
  request_timeout: {
    status: 408,
    title: "The request did not arrive in time",
    action: "Send the whole request at once, and try again.",
  },
  conflict: {
    status: 409,
    title: "The request does not fit the present state",
    action: "Read the state anew and decide again.",
  },
  precondition_failed: {
    status: 412,
    title: "The state has changed since it was read",
    action: "Read it anew and send the If-Match of what you read.",
  },
  body_too_large: {
    status: 413,
    title: "The body is too large",
    action: "Send less at once; the limit in bytes stands in limit.",
  },
  unsupported_media_type: {
    status: 415,
    title: "The body is of a kind this call does not take",
    action: "Send Content-Type: application/json in UTF-8, not compressed.",
  },
  headers_too_large: {
    status: 431,
    title: "The headers are too large",
    action: "Send smaller headers.",
  },
  rate_limited: {
    status: 429,
    title: "Too many requests",
    action: "Wait as long as Retry-After says.",
  },
  internal_error: {
    status: 500,
    title: "Something went wrong on our side",
    action: "Try again with the same Idempotency-Key; if it stays, report the requestId.",
  },
  upstream_failed: {
    status: 502,
    title: "A service behind this one failed",
    action: "Try again with the same Idempotency-Key.",
  },
  database_unavailable: {
    status: 503,
    title: "The database is away",
    action: "Try again after Retry-After with the same Idempotency-Key; nothing was changed.",
  },
  outcome_unknown: {
    status: 503,
    title: "The connection to the database broke while the change was being committed",
    action:
      "Send the same request with the same Idempotency-Key again: it answers what happened if the change was made, and makes it if not.",
  },
  database_busy: {
    status: 503,
    title: "Too many requests want the same rows",
    action: "Try again after Retry-After with the same Idempotency-Key; nothing was changed.",
  },
  events_unavailable: {
    status: 503,
    title: "The event log is away",
    action: "Try again after Retry-After.",
  },
  upstream_unavailable: {
    status: 503,
    title: "A service behind this one is away",
    action: "Try again after Retry-After with the same Idempotency-Key.",
  },
  overloaded: {
    status: 503,
    title: "Too many requests at once",
    action: "Try again after Retry-After.",
  },
  shutting_down: {
    status: 503,
    title: "This instance is stopping",
    action: "Try again; another instance will answer.",
  },
  upstream_timeout: {
    status: 504,
    title: "A service behind this one did not answer in time",
    action: "Try again with the same Idempotency-Key.",
  },
});
