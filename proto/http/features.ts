import { defineRoute, type Role, type RouteContract } from "@stipend/platform/http/contract";

export interface FeatureAddress {
  readonly id: string;
  readonly method: RouteContract["method"];
  readonly path: string;
  readonly roles: readonly Role[];
  readonly summary: string;
  /** Bytes. */
  readonly requestLimit: number;
  /** For people: "1 credit", "up to 5 credits". */
  readonly costText: string;
}

/** Codes any metered feature may answer, beside what its upstream itself says. */
const FEATURE_ERRORS = [
  "idempotency_key_invalid",
  "insufficient_credits",
  "account_frozen",
  "already_served",
  "request_in_progress",
  "too_many_attempts",
  "idempotency_key_reused",
  "body_too_large",
  "feature_failed",
  "feature_timed_out",
  "charge_failed",
  "upstream_unavailable",
] as const;

/** The contract of a metered feature. Its bodies are the upstream's own and are not looked into. */
export function featureRoute(feature: FeatureAddress): RouteContract {
  return defineRoute({
    id: `feature.${feature.id}`,
    method: feature.method,
    path: feature.path,
    roles: feature.roles,
    summary: `${feature.summary} (${feature.costText})`,
    tags: ["metered features"],
    bodyLimit: feature.requestLimit,
    idempotencyKey: "optional",
    responses: {
      200: {
        description:
          "The upstream's answer. Stipend-Credits-Charged and Stipend-Credits-Remaining say what it cost; a streamed answer has them as trailers.",
        contentType: "*/*",
      },
    },
    errors: FEATURE_ERRORS,
  });
}
