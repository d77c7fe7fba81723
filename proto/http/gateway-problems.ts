import { defineProblems } from "@stipend/platform/http/contract";

const AGAIN_SAME_KEY = "Try again with the same Idempotency-Key.";
const NEW_TOKEN = "Get a new token from your identity provider and send it as Authorization: Bearer.";

/** Codes that only the public door answers. */
export const gatewayProblems = defineProblems({
  token_missing: {
    status: 401,
    title: "This call needs a token",
    action: "Send Authorization: Bearer with a token of your identity provider.",
  },
  token_malformed: { status: 401, title: "The token cannot be read", action: NEW_TOKEN },
  token_algorithm_refused: { status: 401, title: "The token's algorithm is not accepted here", action: NEW_TOKEN },
  token_key_unknown: { status: 401, title: "The token's key is not one of the issuer's", action: NEW_TOKEN },
  token_signature_invalid: { status: 401, title: "The token's signature does not fit", action: NEW_TOKEN },
  token_expired: { status: 401, title: "The token has expired", action: NEW_TOKEN },
  token_not_yet_valid: {
    status: 401,
    title: "The token is not valid yet",
    action: "Wait until the token's nbf, or check the clocks of issuer and gateway.",
  },
  token_issuer_wrong: { status: 401, title: "The token comes from another issuer", action: NEW_TOKEN },
  token_audience_wrong: {
    status: 401,
    title: "The token is meant for another audience",
    action: "Ask your identity provider for a token with this system's audience.",
  },
  token_claim_missing: { status: 401, title: "The token lacks a claim that is needed", action: NEW_TOKEN },
  token_subject_invalid: { status: 401, title: "The token's subject cannot be a user id", action: NEW_TOKEN },
  token_revoked: { status: 401, title: "The token has been revoked", action: NEW_TOKEN },
  revocations_unknown: {
    status: 503,
    title: "It cannot be told yet which tokens are revoked",
    action: "Try again after Retry-After.",
  },
  already_served: {
    status: 409,
    title: "This call was served and paid for already",
    action: "Use a new Idempotency-Key for a new call.",
  },
  request_in_progress: {
    status: 409,
    title: "A call with this Idempotency-Key is still running",
    action: "Wait as long as Retry-After says, then try again with the same key.",
  },
  too_many_attempts: {
    status: 409,
    title: "This Idempotency-Key has failed too often",
    action: "Use a new Idempotency-Key.",
  },
  feature_failed: {
    status: 502,
    title: "The feature failed; nothing was charged",
    action: AGAIN_SAME_KEY,
  },
  feature_timed_out: {
    status: 504,
    title: "The feature did not answer in time; nothing was charged",
    action: AGAIN_SAME_KEY,
  },
  charge_failed: {
    status: 503,
    title: "The feature answered but could not be charged, so its answer is withheld",
    action: "Try again after Retry-After; use the same Idempotency-Key.",
  },
  identity_provider_unavailable: {
    status: 503,
    title: "The identity provider's keys cannot be read",
    action: "Try again after Retry-After.",
  },
  too_many_streams: {
    status: 429,
    title: "Too many open event streams",
    action: "Close a stream; one is enough for all windows of a user.",
  },
  sign_in_from_elsewhere: {
    status: 403,
    title: "The development sign-in answers only pages of its own origin",
    action: "Open the sign-in at the gateway's own address, by localhost, an address or a name without a dot.",
  },
  demo_user_unknown: {
    status: 404,
    title: "There is no such demo user",
    action: "Choose one of GET /api/dev/users.",
  },
  clock_not_everywhere: {
    status: 503,
    title: "Not every service could move its clock",
    action: "Try the same call again once every service is up; it is safe to repeat.",
  },
});
